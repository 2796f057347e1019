"""What the stages made, and the document that came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import JSON, Table, Text, bindparam, cast, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from services.library.errors import UnknownVideo
from services.library.jsonable import storable_json
from services.library.overlay import overlay
from services.library.record.costs import ADD_COST, cost_columns
from services.library.record.database import Database, breaks_foreign_key
from services.library.record.effective import amendments_of, decisions_of, tell_readers, write_around
from services.library.record.event_rows import batches
from services.library.record.tables import StageCostRow, StageResultRow, UnderstandingRow, table_of
from services.library.record.types import StageCost, StageResult
from services.library.understanding import Understanding


class Results(Database):
    """The part of `RecordPort` that stores what was understood."""

    def stage_result(self, video_id: str, stage: str, fingerprint: str) -> StageResult | None:
        """The output stored for this fingerprint, None when the stage has to run."""
        return self.stage_results(video_id, {stage: fingerprint}).get(stage)

    def stage_results(self, video_id: str, fingerprints: Mapping[str, str]) -> dict[str, StageResult]:
        """By stage, the outputs stored for these fingerprints (stage -> fingerprint), of those that are there."""
        wanted = {"video": video_id, "fingerprints": list(fingerprints.values())}
        with self._reading_singly() as connection:
            rows = connection.execute(_STAGE_RESULTS, wanted).all()
        found = (StageResult(video_id, *row) for row in rows)
        return {one.stage: one for one in found if fingerprints.get(one.stage) == one.fingerprint}

    def put_stage_result(self, result: StageResult, cost: StageCost | None = None) -> None:
        """Idempotent: the first result of a fingerprint stays. Raises `UnknownVideo`, `InvalidValue` (not JSON).

        The cost is added in any case: work that was done twice was paid for twice.
        """
        where = f"output of stage {result.stage!r}"
        values = {
            "video_id": result.video_id,
            "stage": result.stage,
            "fingerprint": result.fingerprint,
            "output": storable_json(result.output, where),
            "model": result.model,
            "seconds": storable_json(result.seconds, f"seconds of stage {result.stage!r}"),
            "created_at": self._clock(),
        }
        line = None if cost is None else cost_columns(cost, self._clock())
        if line is not None and self.engine.dialect.name == "postgresql":
            both = {**_prefixed("result", values), **_prefixed("cost", line)}
            with _known(result.video_id), self._writing_singly() as connection:
                connection.execute(_PUT_WITH_COST, both)
            return
        with _known(result.video_id), self._writing() as connection:
            connection.execute(self._insert(_results).on_conflict_do_nothing(), values)
            if line is not None:
                connection.execute(ADD_COST, line)

    def understanding(self, video_id: str) -> Understanding | None:
        """What readers see of the video: the machine's latest document with the editors' decisions laid over it."""
        with self._reading_singly() as connection:
            stored = connection.execute(_DOCUMENTS, {"videos": [video_id]}).one_or_none()
        return None if stored is None else Understanding.model_validate_json(stored[-1])

    def machine_understanding(self, video_id: str) -> Understanding | None:
        """The video's latest document as the models wrote it."""
        with self._read() as session:
            row = session.get(UnderstandingRow, video_id)
            return None if row is None else Understanding.model_validate(row.document)

    def understandings(self, video_ids: Iterable[str]) -> dict[str, Understanding]:
        """What readers see of these videos, by id; those that have no document are left out."""
        found: dict[str, Understanding] = {}
        wanted = sorted(set(video_ids))
        if not wanted:
            return found
        # What is kept must still be the latest; what is not is read without asking that first.
        kept = [one for one in wanted if one in self._parsed]
        with self._reading() as connection:
            for some in batches(kept):
                for video_id, revision, updated_at in connection.execute(_REVISIONS, {"videos": some}):
                    document = self._parsed.get(video_id, (revision, updated_at))
                    if document is not None:
                        found[video_id] = document
            missing = [one for one in wanted if one not in found]
            stored = [row for some in batches(missing) for row in connection.execute(_DOCUMENTS, {"videos": some})]
        for video_id, revision, updated_at, document in stored:
            found[video_id] = Understanding.model_validate_json(document)
            self._parsed.put(video_id, (revision, updated_at), found[video_id])
        return found

    def put_understanding(self, understanding: Understanding) -> None:
        """Replace the machine's document; the editors' decisions are laid over the new one. Raises `UnknownVideo`."""
        document = storable_json(understanding.model_dump(mode="json"), "understanding")
        machine = Understanding.model_validate(document)  # as it is read again
        video_id, now = understanding.video.id, self._clock()
        replace = _REPLACE[self.engine.dialect.name]
        with _known(video_id), self._writing() as connection:
            # The row is locked from here on, whoever wrote it first.
            row = connection.execute(replace, {"video_id": video_id, "document": document, "updated_at": now}).one()
            laid = overlay(machine, decisions_of(connection, video_id), amendments_of(connection))
            effective = laid.document.model_dump(mode="json")
            if row.effective != effective:
                changed = {"effective": effective, "revision": row.revision + 1, "updated_at": now}
                connection.execute(_REVISE, {"video": video_id, **changed})
                tell_readers(connection, video_id, now)
            write_around(connection, machine, laid, now, now)


@contextmanager
def _known(video_id: str) -> Iterator[None]:
    """Turn a missing video's violated foreign key into `UnknownVideo`: asking first would cost as much as writing."""
    try:
        yield
    except IntegrityError as error:
        if not breaks_foreign_key(error):
            raise
        raise UnknownVideo(video_id) from error


def _prefixed(prefix: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in columns.items()}


def _parameters(prefix: str, table: Table) -> dict[str, Any]:
    return {column.name: bindparam(f"{prefix}_{column.name}", type_=column.type) for column in table.c}


_results, _costs = table_of(StageResultRow), table_of(StageCostRow)
_stored = _results.c
_STAGE_RESULTS = select(_stored.stage, _stored.fingerprint, _stored.output, _stored.model, _stored.seconds).where(
    _stored.video_id == bindparam("video"), _stored.fingerprint.in_(bindparam("fingerprints", expanding=True))
)

_line = _parameters("cost", _costs)
del _line["id"]  # its own number
_kept = postgresql.insert(_results).values(_parameters("result", _results)).on_conflict_do_nothing().cte("kept")
_PUT_WITH_COST = insert(_costs).values(_line).inline().add_cte(_kept)
"""One statement, and so one round trip of the four that two take. SQLite has no such WITH, and no trips to save."""

_row = UnderstandingRow.__table__.c
_REPLACE = {
    dialect: new.on_conflict_do_update(
        index_elements=["video_id"], set_={name: new.excluded[name] for name in ("document", "updated_at")}
    ).returning(_row.effective, _row.revision)
    for dialect, new in (
        ("postgresql", postgresql.insert(table_of(UnderstandingRow))),
        ("sqlite", sqlite.insert(table_of(UnderstandingRow))),
    )
}
_REVISE = update(table_of(UnderstandingRow)).where(_row.video_id == bindparam("video"))
_REVISIONS = select(_row.video_id, _row.revision, _row.updated_at).where(
    _row.video_id.in_(bindparam("videos", expanding=True))
)
# As text: reading JSON straight into a document takes half as long as by way of objects.
_DOCUMENTS = _REVISIONS.add_columns(cast(func.coalesce(_row.effective, _row.document, type_=JSON), Text))
