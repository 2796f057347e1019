from __future__ import annotations

from datetime import UTC, datetime

from services.library.record.accounts import Role
from services.library.record.events import Event, EventKind
from services.library.understanding import CopyKind, CopyMatch, DuplicateOf
from tests.services.review.conftest import document, put, video_id
from tests.services.review.test_decide import decide


def titles(client, **params) -> list[str]:
    return [one["title"] for one in client.get("/v1/review/queue", params=params).json()["items"]]


def test_what_needs_eyes_most_comes_first_and_says_why(client, library) -> None:
    assert titles(client) == ["dog", "cat", "fish"]
    first = client.get("/v1/review/queue").json()["items"][0]
    assert "safety label of high severity" in first["why"][0]["en"]
    assert client.post(f"/v1/videos/{video_id('fish')}/reports", json={"reason": "stolen"}).json() == {"open": 1}
    assert titles(client)[0] == "fish"
    reports = client.get(f"/v1/review/videos/{video_id('fish')}/reports").json()["reports"]
    assert [one["reason"] for one in reports] == ["stolen"]
    client.post(f"/v1/review/videos/{video_id('fish')}/done")
    assert titles(client) == ["dog", "cat"]
    assert titles(client, state="done") == ["fish"]
    now = datetime.now(UTC)
    seen = [Event(f"e{n}", f"u{n}", EventKind.PLAY, now, video_id=video_id("cat")) for n in range(500)]
    library.record.add_events(seen)
    assert client.post("/v1/review/refresh").json() == {"changed": 1}
    assert client.get("/v1/review/queue", params={"signal": "reach"}).json()["items"][0]["reach"] == 500


def test_filters_narrow_and_are_kept_under_a_name(client) -> None:
    assert titles(client, topic="pets", language="en", creator="mia", model="small@1") == ["dog", "cat", "fish"]
    assert titles(client, topic="pet") == titles(client, language="zh") == []
    assert titles(client, until="2020-01-01T00:00:00Z") == []
    assert titles(client, signal="safety") == ["dog"]
    assert client.put("/v1/review/views/risky", json={"signal": "safety"}).status_code == 204
    assert client.get("/v1/review/views").json()["views"][0]["filters"]["signal"] == "safety"
    client.delete("/v1/review/views/risky")
    assert client.get("/v1/review/views").json() == {"views": []}


def test_two_editors_never_get_the_same_video_and_a_released_one_comes_back(connect) -> None:
    ed, mo = connect("ed", Role.EDITOR), connect("mo", Role.EDITOR)
    first, second = (http.post("/v1/review/next").json()["item"]["video_id"] for http in (ed, mo))
    assert first != second
    assert mo.post(f"/v1/review/videos/{first}/claim").json()["error"]["code"] == "claimed"
    assert ed.post("/v1/review/next").json()["item"]["video_id"] == first
    assert ed.delete(f"/v1/review/videos/{first}/claim").status_code == 204
    assert mo.post(f"/v1/review/videos/{first}/claim").status_code == 200
    assert ed.get("/v1/review/progress").json()["open"] == 3


def test_an_idle_claim_ends_by_itself(open_library) -> None:
    from services.library.record.queue_filter import QueueFilter

    library = open_library()
    put(library, document("cat"))
    claim = lambda who, seconds: library.record.claim_next(who, QueueFilter(), share=0, lease_s=seconds)  # noqa: E731
    assert claim("ed", 60) == video_id("cat")
    assert claim("mo", 60) is None
    assert claim("ed", -1) == video_id("cat")
    assert claim("mo", 60) == video_id("cat")


def test_a_double_review_is_blind_a_dispute_goes_to_a_third_and_counts_as_agreement(connect, library) -> None:
    object.__setattr__(library.settings, "double_review", 1.0)
    ed, mo, al = (connect(name, Role.EDITOR) for name in ("ed", "mo", "al"))
    cat = f"/v1/review/videos/{video_id('cat')}"
    for http in (ed, mo):
        assert http.post(f"{cat}/claim").json()["blind"]
    decide(ed, cat, {"field": "tag", "target": "cat", "action": "reject"},
           {"field": "tag", "target": "fun", "action": "accept"})  # fmt: skip
    assert mo.get(f"{cat}/history").json() == {"decisions": []}
    assert [tag["label"] for tag in mo.get(cat).json()["document"]["tags"]] == ["cat", "fun"]
    seen = {"field": "tag", "target": "cat", "action": "accept", "version": 0}
    assert decide(mo, cat, seen, {"field": "tag", "target": "fun", "action": "accept"}).status_code == 200
    assert ed.post(f"{cat}/done").json() == {"done": False, "disputed": False}
    assert mo.post(f"{cat}/done").json() == {"done": False, "disputed": True}
    third = al.post("/v1/review/next").json()["item"]
    assert (third["video_id"], "your word decides" in third["why"][0]["en"]) == (video_id("cat"), True)
    view = al.get(cat).json()
    assert (view["blind"], len(view["history"])) == (False, 4)
    assert decide(al, cat, {"field": "tag", "target": "cat", "action": "reject"}).status_code == 200
    assert al.post(f"{cat}/done").json() == {"done": True, "disputed": False}
    rows = {(row["field"], row["label"]): row for row in al.get("/v1/review/agreement").json()["rows"]}
    assert (rows["tag", None]["items"], rows["tag", None]["agreed"], rows["tag", "cat"]["agreed"]) == (2, 1, 0)


def test_a_copy_of_an_earlier_video_is_looked_at_before_one_that_is_none(client, library) -> None:
    match = CopyMatch(kinds=(CopyKind.TRIMMED,), score=0.9, speed=1.0, offset_s=0.0, sound=None, spans=())
    copied = DuplicateOf(original=video_id("cat"), matched=video_id("cat"), match=match)
    put(library, document("fish").model_copy(update={"duplicate_of": copied}))
    assert titles(client, signal="copy") == ["fish"]
    why = client.get("/v1/review/queue", params={"signal": "copy"}).json()["items"][0]["why"]
    assert "It is a copy of an earlier video." in [one["en"] for one in why]
