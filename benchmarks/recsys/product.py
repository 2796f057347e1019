"""The product's own recommender over made-up clips: a real record, a real index, and a clock that a benchmark moves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.recommend_catalogue import DIMS, Clip, make_clips
from benchmarks.recommend_points import write_points
from benchmarks.recsys.audience import Response, SimClip
from benchmarks.recsys.simulate import World
from services.library.index import asks
from services.library.index.port import Hit
from services.library.library import Library
from services.library.record.events import Event, EventKind
from services.library.record.store import Record
from services.library.record.tables import UnderstandingRow, VideoRow
from services.library.taxonomy import load_taxonomy
from services.library.understanding import Bilingual, Evidence, Label, Understanding, VideoFacts, VideoState
from services.recommend.answer import Ask, Recommendations
from services.recommend.indexed import IndexedVideo
from services.recommend.policies import Policy, load_policies
from services.recommend.recommend import Recommender, default_sources
from services.recommend.sources.base import Candidates, Scores, Source, SourceRequest
from services.settings import Settings

PER_SESSION = 10
"""Rounds that follow each other within minutes; then hours pass."""

LEAVES = 16
"""Topics that occur. With so few, the default catalogue has enough about each to go round for 200 rounds."""

_ROUND, _PAUSE = timedelta(minutes=2), timedelta(hours=3)
_NEW_SHARE = 0.15
_OLD = timedelta(days=60)
_QUALITY = 0.1
_PATIENCE_S = 600.0
"""Nothing is timed here: a busy machine must not change what viewers are shown."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class SimClock:
    """The time that the record and the recommender believe in."""

    now: datetime

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now


def moment(start: datetime, round_: int) -> datetime:
    """When a round takes place."""
    session, within = divmod(round_, PER_SESSION)
    return start + session * _PAUSE + within * _ROUND


def start_of(rounds: int, end: datetime) -> datetime:
    """When the first of so many rounds takes place, so that the last one ends at `end`."""
    return end - (moment(_EPOCH, rounds) - _EPOCH)


def make_world(size: int, seed: int = 0, leaves: int = LEAVES) -> tuple[World, list[Clip]]:
    """Clips as the product and as the audience see them. A share of creators is new: they came with the first round.

    Only every so many of the taxonomy's leaves occur, about `leaves` in all, so that each has enough clips to go round.
    """
    taxonomy = load_taxonomy()
    step = max(1, len(taxonomy.leaves) // leaves)
    made = make_clips(size * step, seed)
    clips = [clip for clip in made if clip.topic % step == 0]
    rng = np.random.default_rng([seed, 7])
    parents = sorted({leaf.parent for leaf in taxonomy.leaves if leaf.parent is not None})
    areas = [parents.index(leaf.parent or "") for leaf in taxonomy.leaves[::step]]
    creators = sorted({clip.creator for clip in clips})
    new = set(rng.choice(creators, round(_NEW_SHARE * len(creators)), replace=False).tolist())
    seen = {
        clip.id: SimClip(
            clip.id,
            clip.topic // step,
            areas[clip.topic // step],
            clip.moods,
            clip.creator,
            clip.creator in new,
            float(rng.normal(0.0, _QUALITY)),
        )
        for clip in clips
    }
    return World(seen, areas, [mood.slug for mood in taxonomy.moods]), clips


def write_library(folder: Path, world: World, clips: Sequence[Clip], start: datetime) -> None:
    """A data folder that holds all clips, ready: in the index with vectors and labels, in the record with evidence."""
    published = [
        replace(clip, published_at=start if world.clips[clip.id].new_creator else start - _OLD) for clip in clips
    ]
    with Library.open(Settings(data_dir=folder), DIMS) as library:
        write_points(library.index, published)
        with Session(library.record.engine) as session, session.begin():
            session.execute(insert(VideoRow), [_row(clip) for clip in published])
            session.execute(insert(UnderstandingRow), [_document(clip) for clip in published])


def _row(clip: Clip) -> dict[str, object]:
    """A video that passed all lanes when it was published."""
    return {
        "id": clip.id, "sha256": clip.sha256, "size_bytes": 1, "blob_key": f"videos/{clip.sha256}",
        "state": VideoState.READY.value, "attempts": 0, "dirty": False, "created_at": clip.published_at,
        "updated_at": clip.published_at,
    }  # fmt: skip


def _document(clip: Clip) -> dict[str, object]:
    topic = load_taxonomy().leaves[clip.topic]

    def label(text: str, of: str | None = None, chinese: str | None = None) -> Label:
        named = chinese or text
        return Label(label=text, label_zh=named, slug=of, confidence=0.7, evidence=("S1",), source="made up")

    moods = [load_taxonomy().mood(mood) for mood in clip.moods]
    occasion = load_taxonomy().occasion(clip.occasion)
    document = Understanding(
        state=VideoState.READY,
        video=VideoFacts(
            id=clip.id, source="made up", sha256=clip.sha256, title=clip.title, creator=clip.creator,
            language=clip.language, duration_s=clip.duration_s,
        ),
        evidence=(Evidence(id="S1", kind="S", start=0, end=4, text=f"{clip.title} {topic.en}"),),
        summary=Bilingual(en=clip.title, zh=clip.title),
        tags=tuple(label(tag) for tag in clip.tags),
        topics=(label(topic.en, topic.slug, topic.zh),),
        moods=tuple(label(mood.en, mood.slug, mood.zh) for mood in moods),
        occasions=(label(occasion.en, occasion.slug, occasion.zh),),
    )  # fmt: skip
    stored = document.model_dump(mode="json")
    return {"video_id": clip.id, "document": stored, "updated_at": clip.published_at}


class WithoutSession:
    """A source that is not told of the current session."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self.name, self.relative, self.in_memory = inner.name, inner.relative, getattr(inner, "in_memory", False)

    def applies(self, request: SourceRequest) -> bool:
        """As the source within."""
        return self._inner.applies(self._cut(request))

    def asks(self, request: SourceRequest) -> Sequence[asks.Ask]:
        """As the source within, for a viewer who has just come."""
        return self._inner.asks(self._cut(request))

    def candidates(self, request: SourceRequest, answers: Sequence[Sequence[Hit]]) -> Candidates:
        """As the source within, for a viewer who has just come."""
        return self._inner.candidates(self._cut(request), answers)

    def score(self, request: SourceRequest, videos: Mapping[str, IndexedVideo]) -> Scores:
        """As the source within, for a viewer who has just come."""
        return self._inner.score(self._cut(request), videos)

    @staticmethod
    def _cut(request: SourceRequest) -> SourceRequest:
        return replace(request, taste=replace(request.taste, session=None))


@dataclass(frozen=True, slots=True)
class Arm:
    """The product with something left out: fields of its policy replaced, sources without weight, no session."""

    changes: Mapping[str, Any]
    silent: tuple[str, ...] = ()
    session: bool = True

    def policy(self) -> Policy:
        """The policy of this arm."""
        policies = load_policies()
        default = policies.policies[policies.default]
        weights = {name: weight for name, weight in default.weights.items() if name not in self.silent}
        return Policy.model_validate({**default.model_dump(), "weights": weights, **self.changes})


ARMS: dict[str, Arm] = {
    "as it ships": Arm({}),
    "no exploration": Arm({"exploration_share": 0.0}, silent=("unexplored",)),
    "no calibration": Arm({"calibration": 0.0}),
    "no MMR": Arm({"relevance": 1.0}),
    "no session": Arm({}, session=False),
    "no adventure": Arm({}, silent=("adventurous",)),
    "newness fades": Arm({"newness_when_known": 0.3}),
}


class Product:
    """`simulate.Recommender` over a data folder."""

    def __init__(self, library: Library, recommender: Recommender, clock: SimClock, start: datetime, page: int) -> None:
        self.library, self.recommender = library, recommender
        self._clock, self._start, self._page = clock, start, page

    def ask(self, user: str, *, without: tuple[str, ...] = (), dry_run: bool = False) -> Recommendations:
        """The product's answer, now."""
        return self.recommender.recommend(Ask(user=user, limit=self._page, without=without, dry_run=dry_run))

    def recommend(self, user: str, round_: int) -> Sequence[str]:
        """The list that is shown."""
        self._clock.now = moment(self._start, round_)
        return [item.video_id for item in self.ask(user).items]

    def tell(self, round_: int, told: Mapping[str, Sequence[tuple[str, Response]]]) -> None:
        """Events as a client would send them: a play with its share or a skip, and a like. All must be stored."""
        events = []
        for user, responses in told.items():
            for place, (video, response) in enumerate(responses):
                at = self._clock.now + timedelta(seconds=place + 1)
                kind = EventKind.SKIP if response.skipped else EventKind.PLAY
                base = f"{user}-{round_}-{place}"
                events.append(Event(base, user, kind, at, video, watch_ratio=response.watched))
                if response.liked:
                    events.append(Event(f"{base}-like", user, EventKind.LIKE, at, video))
        self._clock.now += timedelta(seconds=max(map(len, told.values()), default=0) + 1)
        outcome = self.library.record.add_events(events)
        if outcome.dropped:
            raise RuntimeError(f"the record dropped what a viewer did: {outcome.dropped[0]}")


@contextmanager
def opened(template: Path, folder: Path, arm: Arm, start: datetime, *, page: int) -> Iterator[Product]:
    """The product over a copy of the data folder `template`, which is deleted afterwards."""
    shutil.copytree(template, folder)
    policies = folder / "policies.yaml"
    policies.write_text(yaml.safe_dump({"default": "arm", "policies": {"arm": arm.policy().model_dump()}}))
    clock = SimClock(start)
    settings = Settings(data_dir=folder, policies=policies, source_timeout_s=_PATIENCE_S)
    sources: list[Source] = list(default_sources())
    if not arm.session:
        sources = [WithoutSession(source) for source in sources]
    try:
        with Library.open(settings, DIMS) as found:
            record = Record.open(settings.resolved_database_url, clock=clock)
            recommender = Recommender(replace(found, record=record), sources=sources, clock=clock, cache_s=2.0)
            try:
                yield Product(replace(found, record=record), recommender, clock, start, page)
            finally:
                recommender.close()
                record.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
