from __future__ import annotations

from dataclasses import replace

from services.recommend import Ask
from services.recommend.behind import MOST_NAMED
from services.recommend.causes import cause_of
from services.recommend.claims import Series
from services.recommend.truth import Told, untruths
from services.recommend.wording import worded
from tests.services.recommend.made_up import TAXONOMY, Made, Stage


def test_a_long_run_is_counted_whole_and_points_at_the_latest(stage: Stage) -> None:
    cats = [Made(f"cat {n}", 0, ("cat", f"sort {n}"), ("pets",), ("healing",)) for n in range(MOST_NAMED + 12)]
    stage.add(*cats)
    stage.did("amy", "like", *(cat.name for cat in cats[: MOST_NAMED + 5]), ago_s=7200)
    feed = stage.recommender.recommend(Ask("amy", limit=7))
    runs = [item for item in feed.items if isinstance(item.reasons[0].claim, Series)]
    assert len(runs) == len(feed.items) == 7, "all have one cause, and each says it in other words"
    for item in runs:
        reason = item.reasons[0]
        assert (reason.claim.count, len(reason.interactions)) == (MOST_NAMED + 5, MOST_NAMED)
        assert cause_of(reason) in (("tag:cat",), ("topic:pets",))
        told = Told(reason, item.video_id, "amy", stage.now)
        assert not untruths(told, stage.library.record, TAXONOMY)
        more = replace(reason.claim, count=reason.claim.count + 1)
        lie = replace(told, reason=replace(reason, claim=more, text=worded(more)))
        assert "and there are 35" in " ".join(untruths(lie, stage.library.record, TAXONOMY))
