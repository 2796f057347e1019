from __future__ import annotations

import json

import pytest

from services.library.calibration import load_calibration
from services.review.report import cohen_kappa, krippendorff_alpha
from services.review.rules import catch_up
from tests.services.review.conftest import document, put, video_id
from tests.services.review.test_decide import decide, payload

CAT = f"/v1/review/videos/{video_id('cat')}"


def tags(client, name: str) -> list[str]:
    return [tag["label"] for tag in client.get(f"/v1/videos/{video_id(name)}/understanding").json()["tags"]]


def test_a_rule_holds_everywhere_at_once_for_new_runs_too_and_ends(client, library) -> None:
    made = client.post("/v1/review/label-rules", json={"field": "tag", "key": "Fun", "action": "suppress"}).json()
    assert made["videos"] == 3
    assert [tags(client, name) for name in ("cat", "dog", "fish")] == [["cat"], ["dog"], ["fish"]]
    assert payload(library, "dog")["tags"] == ["dog"]
    put(library, document("cat"))
    assert tags(client, "cat") == ["cat"]
    renamed = {"field": "tag", "key": "dog", "action": "rename", "en": "Puppy", "zh": "小狗"}
    assert client.post("/v1/review/label-rules", json=renamed).json()["videos"] == 1
    assert (payload(library, "dog")["tags"], payload(library, "dog")["tags_zh"]) == (["puppy"], ["小狗"])
    circle = {"field": "tag", "key": "puppy", "action": "rename", "en": "dog"}
    assert client.post("/v1/review/label-rules", json=circle).json()["error"]["code"] == "rule_exists"
    for rule in client.get("/v1/review/label-rules").json()["rules"]:
        assert client.delete(f"/v1/review/label-rules/{rule['id']}").status_code == 200
    assert [tags(client, name) for name in ("cat", "dog")] == [["cat", "fun"], ["dog", "fun"]]
    assert payload(library, "dog")["tags"] == ["dog", "fun"]


def test_a_rule_that_was_cut_short_is_finished_at_the_next_start(client, library) -> None:
    from services.library.overlay import Field

    library.record.add_rule(Field.TAG, "fun", action="suppress", account="ed")
    assert tags(client, "cat") == ["cat", "fun"]
    assert catch_up(library) == 3
    assert (tags(client, "cat"), catch_up(library)) == (["cat"], 0)


def test_a_bulk_action_is_previewed_done_once_and_undone_as_one(client, library) -> None:
    body = {"field": "tag", "target": "fun", "action": "reject", "where": {"topic": "pets"}}
    preview = client.post("/v1/review/bulk/preview", json=body).json()
    assert (preview["count"], len(preview["sample"])) == (3, 3)
    assert tags(client, "cat") == ["cat", "fun"]
    done = client.post("/v1/review/bulk", json={**body, "key": "bulk-key-1"}).json()
    assert (done["bulk"]["decisions"], done["published"]) == (3, 3)
    assert client.post("/v1/review/bulk", json={**body, "key": "bulk-key-1"}).json()["bulk"]["decisions"] == 3
    assert (tags(client, "cat"), payload(library, "fish")["tags"]) == (["cat"], ["fish"])
    decide(client, CAT, {"field": "tag", "target": "cat", "action": "reject"})
    undone = client.post(f"/v1/review/bulk/{done['bulk']['id']}/undo").json()
    assert undone["bulk"]["undone_by"] == "local"
    assert (tags(client, "cat"), tags(client, "dog")) == (["fun"], ["dog", "fun"])
    assert client.post(f"/v1/review/bulk/{done['bulk']['id']}/undo").status_code == 404


def test_a_taxonomy_version_renames_and_merges_at_once_and_is_checked(client, library) -> None:
    edits = [
        {"op": "describe", "kind": "topic", "slug": "pets", "en": "Animals at home", "zh": "家养动物"},
        {"op": "merge", "kind": "mood", "slug": "healing", "into": "relaxing"},
    ]
    preview = client.post("/v1/review/taxonomy/preview", json={"edits": edits}).json()
    assert (preview["version"], preview["videos"], preview["effects"][0]["videos"]) == (1, 3, 3)
    assert "models" in preview["effects"][0]["needs_annotate"]
    published = client.post("/v1/review/taxonomy", json={"edits": edits, "base": 0}).json()
    assert (published["version"], published["videos"]) == (1, 3)
    shown = client.get(f"/v1/videos/{video_id('cat')}/understanding").json()
    assert (shown["topics"][0]["label"], shown["moods"][0]["slug"]) == ("Animals at home", "relaxing")
    assert payload(library, "cat")["moods"] == ["relaxing"]
    taxonomy = client.get("/v1/taxonomy").json()
    assert "healing" not in {mood["slug"] for mood in taxonomy["moods"]}
    late = client.post("/v1/review/taxonomy", json={"edits": edits[:1], "base": 0}).json()
    assert late["error"]["code"] == "version_taken"
    wrong = {"edits": [{"op": "merge", "kind": "mood", "slug": "healing", "into": "relaxing"}]}
    assert client.post("/v1/review/taxonomy/preview", json=wrong).json()["error"]["code"] == "invalid_edit"


def test_verdicts_become_a_report_card_an_export_and_curves(client, tmp_path) -> None:
    decide(client, CAT, {"field": "tag", "target": "cat", "action": "accept"},
           {"field": "tag", "target": "fun", "action": "reject"})  # fmt: skip
    rows = {(row["by"], row["name"]): row for row in client.get("/v1/review/report-card").json()["rows"]}
    assert (rows["field", "tag"]["rate"], rows["model", "small@1"]["accepted"]) == (0.5, 1)
    assert rows["label", "tag:fun"]["rejected"] == 1
    lines = [json.loads(line) for line in client.get("/v1/review/export").text.splitlines()]
    assert [(one["target"], one["action"], one["live"]) for one in lines] == [
        ("cat", "accept", True), ("fun", "reject", True),
    ]  # fmt: skip
    assert lines[0]["cited"] == {"S1": "this is about cat"}
    fitted = client.get("/v1/review/calibration").json()
    assert fitted["verdicts"] == 2
    file = tmp_path / "curves.yaml"
    file.write_text(json.dumps(fitted["calibration"]))
    assert load_calibration(file).curves["speech"].model == "small@1"


def test_without_verdicts_there_is_nothing_to_fit(client) -> None:
    assert "review some labels first" in client.get("/v1/review/calibration").json()["error"]["message"]


def test_kappa_and_alpha_are_those_of_the_textbook() -> None:
    # Cohen (1960): 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no gives 0.4.
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)
    # Krippendorff (2011), two observers, nominal, 10 units: 0.095.
    first, second = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    assert krippendorff_alpha([(bool(a), bool(b)) for a, b in zip(first, second, strict=True)]) == pytest.approx(
        0.095, abs=1e-3
    )
    assert cohen_kappa([(True, True)] * 3) is None
