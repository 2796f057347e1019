"""Describing again from corrected lines, as far as it goes without a model."""

from __future__ import annotations

import pytest

from services.library.record.accounts import Role
from services.library.record.types import Lane
from services.library.understanding import VideoState
from services.review import RUNS_AGAIN
from tests.services.review.conftest import document, put, video_id
from tests.services.review.test_decide import CAT, decide

FIX = {"field": "speech", "target": "S1", "action": "edit", "after": {"text": "this is about cats"}}
AWAY = {"field": "screen", "target": "T1", "action": "reject"}


def again(client) -> dict:
    answer = client.post(f"{CAT}/redescribe")
    assert answer.status_code == 202, answer.text
    return answer.json()


def changes(client) -> int:
    return client.get(CAT).json()["redescribe"]["changes"]


def test_corrections_are_stored_and_the_video_queued_once_for_what_reads_them(client, library) -> None:
    assert again(client)["queued"] is False
    decide(client, CAT, FIX, AWAY)
    assert changes(client) == 2
    answer = again(client)
    assert (answer["queued"], answer["state"], tuple(answer["runs"])) == (True, "queued", RUNS_AGAIN)
    found = {(one["field"], one["machine"], one["corrected"], one["applied"]) for one in answer["corrections"]}
    assert found == {("speech", "this is about cat", "this is about cats", True), ("screen", "HELLO", "", True)}
    assert library.record.video(video_id("cat")).lane is Lane.DESCRIBE
    assert changes(client) == 0
    second = again(client)
    assert (second["queued"], second["runs"]) == (False, [])
    assert second["corrections"] == answer["corrections"]


def test_what_is_taken_back_is_taken_back_from_the_description_too(client, library) -> None:
    saved = decide(client, CAT, FIX).json()["saved"]
    again(client)
    client.post(
        f"{CAT}/decisions", json={"decisions": [{"key": "undo-0001", "action": "undo", "undoes": saved[0]["id"]}]}
    )
    assert changes(client) == 1
    answer = again(client)
    assert (answer["queued"], answer["corrections"]) == (True, [])
    assert library.record.line_corrections(video_id("cat")) == ()


def test_a_correction_of_a_line_that_the_models_no_longer_give_is_kept_and_said_to_be_idle(client, library) -> None:
    decide(client, CAT, FIX)
    again(client)
    lines = tuple(line for line in document("cat").evidence if line.kind == "T")
    put(library, document("cat", evidence=lines))
    answer = again(client)
    assert answer["queued"] is False
    assert [(one["applied"], one["start"]) for one in answer["corrections"]] == [(False, 0.0)]
    put(library, document("cat"))
    assert [one["applied"] for one in again(client)["corrections"]] == [True]


@pytest.mark.parametrize("lane", [None, Lane.PUBLISH])
def test_a_video_that_is_being_worked_on_goes_through_again_afterwards(client, library, lane) -> None:
    record, cat = library.record, video_id("cat")
    decide(client, CAT, FIX)
    record.retry(cat)
    lease = record.claim(cat, Lane.PREPARE, now=record._clock(), lease_s=60)
    again(client)
    assert record.advance(lease, lane)
    video = record.video(cat)
    if lane is None:
        assert (video.state, video.lane) == (VideoState.QUEUED, Lane.PREPARE)
    else:
        lease = record.claim(cat, Lane.PUBLISH, now=record._clock(), lease_s=60)
        assert record.advance(lease, None)
        assert record.video(cat).state is VideoState.QUEUED


def test_an_editor_who_reviews_blind_is_told_to_finish_first(connect, library) -> None:
    client = connect("lin", Role.EDITOR)
    library.record.claim_review(video_id("cat"), "lin", share=1.0, lease_s=60)
    answer = client.post(f"{CAT}/redescribe")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "blind_review")
    assert client.get(CAT).json()["redescribe"] is None


def test_only_editors_may_ask(connect) -> None:
    assert connect("upl", Role.UPLOADER).post(f"{CAT}/redescribe").status_code == 403
