"""What the runs of stages cost: a ledger that is only added to, and its sums."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, insert, select

from services.library.jsonable import storable_json, storable_text
from services.library.record.database import Database
from services.library.record.tables import StageCostRow, VideoRow, table_of
from services.library.record.types import CostKey, CostSum, StageCost

_KEYS = {
    CostKey.DAY: StageCostRow.day,
    CostKey.STAGE: StageCostRow.stage,
    CostKey.MODEL: func.coalesce(StageCostRow.model, ""),
    CostKey.VIDEO: StageCostRow.video_id,
}


def cost_columns(cost: StageCost, now: datetime) -> dict[str, Any]:
    """The ledger's line for a run that ended now; its day is the day in UTC. Raises `InvalidValue`."""
    seconds = [
        storable_json(round(value, 6), f"cost of stage {cost.stage!r}")
        for value in (cost.wall_seconds, cost.cpu_seconds, cost.gpu_seconds)
    ]
    return {
        "video_id": cost.video_id, "stage": cost.stage,
        "model": None if cost.model is None else storable_text(cost.model), "made": cost.made,
        "day": now.astimezone(UTC).date(), "at": now,
        "wall_seconds": seconds[0], "cpu_seconds": seconds[1], "gpu_seconds": seconds[2],
        "prompt_tokens": cost.prompt_tokens, "completion_tokens": cost.completion_tokens,
        "tokens_billed": cost.tokens_billed, "bytes_read": cost.bytes_read,
    }  # fmt: skip


ADD_COST = insert(table_of(StageCostRow)).inline()
"""Takes `cost_columns`; nobody asks for the line's number."""


class Costs(Database):
    """The part of `RecordPort` that knows what was spent."""

    def add_cost(self, cost: StageCost) -> None:
        """Remember what a run cost that made no result; one that did comes with its result."""
        line = cost_columns(cost, self._clock())
        with self._writing_singly() as connection:
            connection.execute(ADD_COST, line)

    def costs(
        self, by: CostKey, *, first: date | None = None, last: date | None = None, limit: int | None = None
    ) -> list[CostSum]:
        """Sums of the runs of these days in UTC, both included: by day in order, otherwise the longest work first.

        A stage without a model has the key "" where they are summed by model.
        """
        key = _KEYS[by]
        order = [key] if by is CostKey.DAY else [func.sum(StageCostRow.wall_seconds).desc(), key]
        query = _within(select(key.label("key"), *_sums()), first, last).group_by(key).order_by(*order).limit(limit)
        with self._read() as session:
            return [_summed(str(row["key"]), row) for row in session.execute(query).mappings()]

    def total_cost(self, *, first: date | None = None, last: date | None = None) -> CostSum:
        """The sum of all runs of these days in UTC, both included."""
        with self._read() as session:
            return _summed("", session.execute(_within(select(*_sums()), first, last)).mappings().one())

    def costs_by_stage_and_model(self) -> list[tuple[str, str, CostSum]]:
        """(stage, model, sum) since the record began; "" for a stage without a model."""
        model = _KEYS[CostKey.MODEL]
        query = select(StageCostRow.stage, model.label("model"), *_sums()).group_by(StageCostRow.stage, model)
        with self._read() as session:
            rows = session.execute(query.order_by(StageCostRow.stage, model)).mappings()
            return [(row["stage"], row["model"], _summed(row["stage"], row)) for row in rows]

    def stored_bytes(self) -> int:
        """Bytes of all video files, as they were taken in."""
        with self._read() as session:
            return int(session.scalar(select(func.coalesce(func.sum(VideoRow.size_bytes), 0))) or 0)


def _sums() -> list[ColumnElement[Any]]:
    row = StageCostRow
    added = {name: getattr(row, name) for name in _ADDED}
    billed = {
        "billed_prompt_tokens": case((row.tokens_billed, row.prompt_tokens), else_=0),
        "billed_completion_tokens": case((row.tokens_billed, row.completion_tokens), else_=0),
        "failed": case((row.made, 0), else_=1),
    }
    sums = {**added, **billed}
    return [
        func.count().label("runs"),
        *(func.coalesce(func.sum(column), 0).label(name) for name, column in sums.items()),
    ]


_ADDED = ("wall_seconds", "cpu_seconds", "gpu_seconds", "prompt_tokens", "completion_tokens", "bytes_read")


def _within(query: Select[Any], first: date | None, last: date | None) -> Select[Any]:
    if first is not None:
        query = query.where(StageCostRow.day >= first)
    return query if last is None else query.where(StageCostRow.day <= last)


def _summed(key: str, row: Any) -> CostSum:
    # PostgreSQL sums big integers as decimals.
    return CostSum(
        key=key,
        runs=int(row["runs"]),
        failed=int(row["failed"]),
        wall_seconds=float(row["wall_seconds"]),
        cpu_seconds=float(row["cpu_seconds"]),
        gpu_seconds=float(row["gpu_seconds"]),
        prompt_tokens=int(row["prompt_tokens"]),
        completion_tokens=int(row["completion_tokens"]),
        billed_prompt_tokens=int(row["billed_prompt_tokens"]),
        billed_completion_tokens=int(row["billed_completion_tokens"]),
        bytes_read=int(row["bytes_read"]),
    )
