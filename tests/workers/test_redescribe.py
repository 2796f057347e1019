"""A corrected line reaches moments, vectors and sentences when an editor asks for it, and nothing is heard again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.index.port import Collection, Filter
from services.library.record.types import Lane
from services.library.understanding import Understanding
from services.review import RUNS_AGAIN
from tests.workers.conftest import Studio
from workers.lanes import LaneWorker
from workers.pipeline import STAGES, Pipeline

pytestmark = pytest.mark.models

HEARD = "Today we make green tea in the kitchen."
CORRECTED = "A panda eats bamboo in the forest."


@dataclass(frozen=True)
class Desk:
    """An editor at one video of a studio."""

    studio: Studio
    video: str
    http: httpx.Client

    def decide(self, **decision: object) -> dict:
        answer = self.http.post(f"/v1/review/videos/{self.video}/decisions", json={"decisions": [decision]})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def redescribe(self) -> set[str]:
        """Ask for it and do it; the stages that ran."""
        answer = self.http.post(f"/v1/review/videos/{self.video}/redescribe")
        assert answer.status_code == 202, answer.text
        assert answer.json()["queued"] is True
        return self.work()

    def work(self) -> set[str]:
        """Run the lanes that are due here and now; the stages that ran."""
        ran: set[str] = set()
        worker = LaneWorker(Pipeline(self.studio.library, self.studio.runtime), lambda _, stage, __: ran.add(stage))
        lane: Lane | None = self.studio.video(self.video).lane
        while lane is not None:
            advanced = worker.run(self.video, lane)
            lane = advanced.lane if advanced is not None else None
        return ran

    def machine(self) -> Understanding:
        found = self.studio.library.record.machine_understanding(self.video)
        assert found is not None
        return found

    def moments(self) -> set[str]:
        found = self.studio.library.index.scroll(
            Collection.MOMENTS, where=Filter(equals={"video_id": [self.video], "kind": ["speech"]})
        )
        return {str(point.payload["text"]) for point in found}


@pytest.fixture
def desk(studio: Studio, clip: Callable[..., Path], spoken: Callable[..., np.ndarray]) -> Iterator[Desk]:
    video = studio.submit(clip(studio.folder / "misheard.mp4", 71, spoken(HEARD)))
    app = create_app(Service(studio.library, studio.runtime, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        desk = Desk(studio, video.id, http)
        assert desk.work() == {stage.name for stage in STAGES}
        yield desk


def test_what_runs_again_is_what_reads_the_lines_and_all_that_is_made_of_it() -> None:
    follows = {"evidence"}
    for stage in STAGES:
        if follows & set(stage.needs):
            follows.add(stage.name)
    assert follows == set(RUNS_AGAIN)


def test_a_corrected_line_is_found_described_and_brought_back_when_it_is_taken_back(desk: Desk) -> None:
    before = desk.machine()
    line = next(line for line in before.evidence if line.kind == "S")
    assert "tea" in line.text
    fix = {"field": "speech", "target": line.id, "action": "edit", "after": {"text": CORRECTED}}
    (saved,) = desk.decide(key="fix-00000001", **fix)["saved"]
    assert desk.moments() >= {line.text}

    assert desk.redescribe() == set(RUNS_AGAIN)

    machine = desk.machine()
    corrected = next(one for one in machine.evidence if one.id == line.id)
    assert (corrected.text, corrected.corrected_from) == (CORRECTED, line.text)
    assert {stage.name for stage in machine.stages if not stage.reused} == set(RUNS_AGAIN)
    assert CORRECTED in " ".join(part.speech or "" for part in machine.segments)
    assert line.text not in machine.model_dump_json(exclude={"evidence"})
    assert "panda" in machine.summary.en
    assert CORRECTED in desk.moments()
    assert line.text not in desk.moments()
    found = desk.http.get("/v1/search", params={"q": "a panda eating bamboo", "kind": "moments"}).json()
    assert found["moments"][0]["video_id"] == desk.video
    view = desk.http.get(f"/v1/review/videos/{desk.video}").json()
    item = next(one for one in view["items"] if (one["field"], one["target"]) == ("speech", line.id))
    assert (item["state"], item["orphaned"], item["machine"]["text"]) == ("edited", False, line.text)
    assert (view["redescribe"]["changes"], "orphaned" in view["queue"]["signals"]) == (0, False)

    desk.decide(key="fix-00000002", action="undo", undoes=saved["id"])
    assert desk.studio.document(desk.video).evidence == before.evidence
    assert desk.moments() >= {CORRECTED}
    # The results that were made of the machine's words are still there.
    assert desk.redescribe() == set()
    after = desk.machine()
    assert after.model_copy(update={"stages": ()}) == before.model_copy(update={"stages": ()})
    assert line.text in desk.moments()
