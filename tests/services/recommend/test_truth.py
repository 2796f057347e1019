"""No reason states what the record does not hold: every one of hundreds is looked up again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from services.library.record.events import EditKind, Event, EventKind, ProfileEdit
from services.recommend import Ask, Context, Recommender
from services.recommend import claims as c
from services.recommend.recommend import default_sources
from services.recommend.sources.learnt import Learnt
from services.recommend.truth import Told, untruths
from services.recommend.wording import phrasings, worded
from tests.services.recommend.made_up import TAXONOMY, Made, Stage, catalogue, staged

CONTEXTS = (
    Context(),
    Context(mood="healing"),
    Context(occasion="bedtime", language="zh"),
    Context(zone="Asia/Shanghai"),
    Context(hour=19),
    Context(wish="home cooking and cats"),
    Context(scene="睡前", wish="猫"),
)


class Likeminded:
    """Stands for a trained model: it scores by id alone, and names causes that may or may not be shared."""

    def __init__(self, request) -> None:
        self.taken = [event.video_id for event in request.taste.events if event.video_id]

    def best(self, limit, *, without=()):
        return []

    def score(self, video_ids):
        return {one: int(one[:4], 16) / 65536 for one in video_ids}

    def causes(self, video):
        return [(one, 1.0) for one in self.taken[:3]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, list[Made]]]:
    videos = catalogue(36)
    with staged(tmp_path_factory.mktemp("truth")) as stage:
        stage.add(*videos)
        stage.recommender.close()
        stage.recommender = Recommender(
            stage.library,
            sources=[*default_sources(), Learnt("collaborative", Likeminded), Learnt("sequence", Likeminded)],
            clock=lambda: stage.now,
            cache_s=0.0,
        )
        chance = random.Random(5)
        for user in range(12):
            stage.store_events(history(f"viewer {user}", videos, stage, chance))
        edits = [
            ProfileEdit("w1", "viewer 1", EditKind.WISH, "topics", videos[0].topics[0], 1.0,
                        stage.now - timedelta(days=1), text="我最近喜欢这个"),
            ProfileEdit("o1", "viewer 2", EditKind.ONBOARDING, "topics", videos[1].topics[0], 1.0,
                        stage.now - timedelta(days=1)),
            ProfileEdit("b1", "nobody", EditKind.ONBOARDING, "topics", videos[2].topics[0], 1.0,
                        stage.now - timedelta(days=1)),
            ProfileEdit("m1", "viewer 3", EditKind.MUTE, "topics", videos[3].topics[0], 1.0,
                        stage.now - timedelta(days=1)),
        ]  # fmt: skip
        stage.library.record.add_profile_edits(edits)
        yield stage, videos


def history(user: str, videos: list[Made], stage: Stage, chance: random.Random) -> list[Event]:
    kinds = [EventKind.PLAY, EventKind.PLAY, EventKind.LIKE, EventKind.SKIP, EventKind.NOT_INTERESTED, EventKind.SHARE]
    tastes = chance.sample(range(6), 2)
    mine = [video for at, video in enumerate(videos) if at % 6 in tastes or chance.random() < 0.1]
    events = []
    for number, video in enumerate(chance.sample(mine, min(len(mine), chance.randint(1, 10)))):
        kind = chance.choice(kinds)
        ratio = chance.random() * 1.2 if kind is EventKind.PLAY else None
        at = stage.now - timedelta(days=chance.choice([0.005, 1, 5, 30]), seconds=number)
        events.append(Event(f"{user}-{number}", user, kind, at, video.id, watch_ratio=ratio))
    if chance.random() < 0.4:
        followed = chance.choice(mine).creator
        events.append(Event(f"{user}-f", user, EventKind.FOLLOW, stage.now - timedelta(days=2), creator=followed))
    return events


def test_every_reason_of_every_feed_is_true(world) -> None:
    stage, _ = world
    kinds: Counter[str] = Counter()
    sentences: Counter[tuple[str, str]] = Counter()
    told = 0
    for user in [*(f"viewer {number}" for number in range(12)), "nobody", "stranger"]:
        for number, context in enumerate(CONTEXTS):
            policy = ("balanced", "familiar", "curious")[number % 3]
            wish = np.eye(16, dtype=np.float32)[number % 6] if context.wish else None
            feed = stage.recommender.recommend(Ask(user, context, 6, policy, wish=wish))
            assert feed.left_out == ()
            for item in feed.items:
                assert 1 <= len(item.reasons) <= 3
                for reason in item.reasons:
                    lie = untruths(
                        Told(reason, item.video_id, user, stage.now, context), stage.library.record, TAXONOMY
                    )
                    assert not lie, f"{user} {context}: “{reason.text.en}” {lie}"
                    kinds[type(reason.claim).__name__] += 1
                    sentences[feed.request_id, reason.text.en] += 1
                    told += 1
    assert told > 500
    assert {"Series", "Alike", "Follows", "AskedFor", "MoodAsked", "SuitsOccasion", "FirstAudience"} <= set(kinds)
    assert len(sentences) / told > 0.97, "the same sentence is said to several items of a feed"


def test_a_planted_lie_is_found(world) -> None:
    stage, videos = world
    record = stage.library.record
    user = "viewer 0"
    feed = stage.recommender.recommend(Ask(user, Context(mood="healing"), 12, dry_run=True))
    item, reason = next(
        (item, reason) for item in feed.items for reason in item.reasons if isinstance(reason.claim, c.Series | c.Alike)
    )
    told = Told(reason, item.video_id, user, stage.now, Context(mood="healing"))
    assert not untruths(told, record, TAXONOMY)
    stranger = next(video for video in videos if video.id not in {e.video_id for e in record.events(user)})
    lies = [
        replace(reason, evidence=("S99",)),
        replace(reason, text=reason.text.model_copy(update={"en": "You love this."})),
        replace(reason, events=("made-up",)),
        said(c.MoodAsked(c.Named(key("moods", "exciting"), name("exciting")))),
        said(c.Follows("nobody at all")),
        said(c.SharedTaste(stranger.id, name(stranger.name), c.Verb.LIKED)),
        said(c.WentOn(stranger.id, name(stranger.name), c.Verb.LIKED)),
        said(c.Alike(stranger.id, name(stranger.name), c.Verb.WATCHED)),
        said(c.Alike(stranger.id, name(stranger.name), c.Verb.WATCHED, more=2)),
        said(c.TakenUp(((EventKind.LIKE, 10_000),), 3)),
        said(c.PublishedOn("1999-01-01", False)),
        said(c.AskedFor(c.Named(key("topics", "x"), name("x")), None, "no edit")),
        said(c.FirstAudience(0, c.Named(key("tags", "unknown"), name("unknown")), True)),
        said(c.Series((c.Named(key("tags", "unknown"), name("unknown")),), 3, c.Verb.LIKED, True)),
    ]
    for lie in lies:
        assert untruths(replace(told, reason=lie), record, TAXONOMY), lie.text.en
    elsewhere = replace(told, user="stranger")
    assert untruths(elsewhere, record, TAXONOMY)


def key(field, value):
    from services.recommend.indexed import LabelKey

    return LabelKey(field, value)


def name(text):
    from services.library.understanding import Bilingual

    return Bilingual(en=text, zh=text)


def said(claim: c.Claim):
    from services.recommend.reasons import Reason

    return Reason("labels", worded(claim), 0.1, claim=claim)


def test_other_wordings_say_the_same_in_other_words() -> None:
    claim = c.MoodAsked(c.Named(key("moods", "healing"), name("healing")))
    ways = phrasings(claim)
    assert len({way.en for way in ways}) == len({way.zh for way in ways}) == len(ways) >= 3
    assert worded(claim, 0) == worded(claim, len(ways))
