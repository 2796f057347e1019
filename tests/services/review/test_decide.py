from __future__ import annotations

from services.library.index.port import Collection
from services.library.record.accounts import Role
from services.library.record.outbox import WebhookEvent
from services.recommend.indexed import point_id
from tests.services.review.conftest import document, label, put, video_id

CAT = f"/v1/review/videos/{video_id('cat')}"


def item(view: dict, field: str, target: str) -> dict:
    return next(one for one in view["items"] if (one["field"], one["target"]) == (field, target))


def decide(client, where: str, *decisions: dict):
    numbered = [{"key": f"key-{number:08}", **one} for number, one in enumerate(decisions)]
    return client.post(f"{where}/decisions", json={"decisions": numbered})


def payload(library, name: str) -> dict:
    return dict(library.index.retrieve(Collection.VIDEOS, [point_id(video_id(name))])[0].payload)


def test_decisions_reach_document_and_payload_and_undo_takes_them_back(client, library) -> None:
    before = payload(library, "cat")
    new = {"label": "Kitten", "label_zh": "小猫", "confidence": 1, "evidence": ["S1"], "source": "me"}
    answer = decide(
        client, CAT,
        {"field": "tag", "target": "Cat", "action": "edit", "after": new, "comment": "younger"},
        {"field": "tag", "target": "fun", "action": "reject"},
        {"field": "mood", "action": "add", "after": {**new, "label": "funny", "slug": "funny"}},
        {"field": "summary", "action": "edit", "after": {"en": "A kitten.", "zh": "小猫。"}},
        {"field": "speech", "target": "S1", "action": "edit", "after": {"text": "this is about cats"}},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.json()["view"]["published"]
    shown = client.get(f"/v1/videos/{video_id('cat')}/understanding").json()
    assert [tag["label"] for tag in shown["tags"]] == ["Kitten"]
    assert (shown["tags"][0]["source"], shown["tags"][0]["evidence"]) == ("editor", ["S1"])
    assert {mood["slug"] for mood in shown["moods"]} == {"healing", "funny"}
    assert (shown["summary"]["en"], shown["evidence"][0]["text"]) == ("A kitten.", "this is about cats")
    machine = client.get(f"/v1/videos/{video_id('cat')}/understanding", params={"as": "machine"}).json()
    assert [tag["label"] for tag in machine["tags"]] == ["cat", "fun"]
    now = payload(library, "cat")
    assert (now["tags"], now["summary_zh"], now["review_state"]) == (["kitten"], "小猫。", "reviewed")
    entries = client.get(f"{CAT}/history").json()["decisions"]
    assert [(one["account"], one["before"] is not None) for one in entries] == [("local", True)] * 2 + [
        ("local", False), ("local", True), ("local", True),
    ]  # fmt: skip
    undone = [{"key": f"undo-{one['id']:08}", "action": "undo", "undoes": one["id"]} for one in entries]
    assert client.post(f"{CAT}/decisions", json={"decisions": undone}).status_code == 200
    assert payload(library, "cat") == before


def test_sending_a_draft_again_saves_it_once(client) -> None:
    draft = {"field": "tag", "target": "cat", "action": "reject"}
    assert len(decide(client, CAT, draft).json()["saved"]) == 1
    again = decide(client, CAT, draft)
    assert (again.status_code, again.json()["saved"]) == (200, [])
    assert len(client.get(f"{CAT}/history").json()["decisions"]) == 1


def test_nobody_overwrites_what_they_have_not_seen(client) -> None:
    seen = item(client.get(CAT).json(), "tag", "cat")["version"]
    assert (
        decide(client, CAT, {"field": "tag", "target": "cat", "action": "reject", "version": seen}).status_code == 200
    )
    late = {"key": "another-key", "field": "tag", "target": "cat", "action": "accept", "version": seen}
    answer = client.post(f"{CAT}/decisions", json={"decisions": [late]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "changed_meanwhile")
    other = late | {"target": "fun", "version": 0}
    assert client.post(f"{CAT}/decisions", json={"decisions": [other]}).status_code == 200


def test_a_batch_with_a_mistake_saves_nothing(client) -> None:
    wrong = (
        {"field": "tag", "target": "nothing", "action": "reject"},
        {"field": "mood", "action": "add", "after": label("x", "no-such-mood").model_dump(mode="json")},
        {"field": "summary", "action": "edit", "after": {"text": "x"}},
        {"field": "tag", "target": "cat", "action": "edit", "after": {**label("y").model_dump(), "evidence": ["S9"]}},
        {"action": "undo", "undoes": 99},
    )
    for one in wrong:
        answer = decide(client, CAT, {"field": "tag", "target": "cat", "action": "accept"}, one)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_decision"), one
    assert client.get(f"{CAT}/history").json()["decisions"] == []


def test_a_new_run_keeps_decisions_and_shows_which_ones_lost_their_label(client, library) -> None:
    decide(
        client, CAT,
        {"field": "tag", "target": "cat", "action": "accept"},
        {"field": "tag", "target": "fun", "action": "reject"},
    )  # fmt: skip
    put(library, document("cat", tags=(label("animal"), label("fun"))))
    view = client.get(CAT).json()
    assert [tag["label"] for tag in view["document"]["tags"]] == ["animal", "cat"]
    assert item(view, "tag", "cat")["orphaned"]
    assert not item(view, "tag", "fun")["orphaned"]
    assert payload(library, "cat")["tags"] == ["animal", "cat"]


def test_what_the_index_missed_is_made_up_for(client, library, monkeypatch) -> None:
    from services.library.errors import IndexUnavailable
    from services.library.payload import publish_waiting

    def away(*_: object) -> None:
        raise IndexUnavailable("the index is away")

    with monkeypatch.context() as patched:
        patched.setattr(type(library.index), "set_payload", away)
        answer = decide(client, CAT, {"field": "tag", "target": "cat", "action": "reject"}).json()
    assert (len(answer["saved"]), answer["view"]["published"]) == (1, False)
    assert payload(library, "cat")["tags"] == ["cat", "fun"]
    assert publish_waiting(library) == 1
    assert payload(library, "cat")["tags"] == ["fun"]


def test_whoever_wants_to_know_is_told_that_readers_see_something_else(client, library) -> None:
    library.record.put_webhook("cms", "http://127.0.0.1/", "whsec_c2VjcmV0", (WebhookEvent.UPDATED,))
    decide(client, CAT, {"field": "tag", "target": "cat", "action": "accept"})
    decide(client, CAT, {"field": "tag", "target": "cat", "action": "reject"})
    assert {(each.event, each.video_id) for each in library.record.deliveries()} == {
        (WebhookEvent.UPDATED, video_id("cat"))
    }


def test_who_decided_is_told_by_name(connect) -> None:
    ed = connect("ed", Role.EDITOR)
    assert decide(ed, CAT, {"field": "tag", "target": "cat", "action": "accept"}).json()["saved"][0]["account"] == "ed"
