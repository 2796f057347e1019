"""What changes many videos at once: bulk actions, rules for labels, the taxonomy. Seen first, undone as one."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from services.library.index.port import Collection
from services.recommend.indexed import point_id
from tests.console.conftest import Console


def payload(console: Console, video: str) -> dict:
    return dict(console.library.index.retrieve(Collection.VIDEOS, [point_id(video)])[0].payload)


def test_a_bulk_action_is_previewed_done_and_undone(console, visit, ids) -> None:
    video = ids["wildlife-montage"]
    page = visit("root").go("/console/queue?state=open")
    page.get_by_role("button", name="Act on all of them").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("select[name=action]").select_option("reject")
    dialog.locator("input[name=target]").fill("Forest")
    expect(dialog.get_by_role("button", name="Do it")).to_be_disabled()
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog).to_contain_text("1 videos would change")
    assert "forest" in payload(console, video)["tags"]
    dialog.get_by_role("button", name="Do it").click()
    expect(page.locator(".toast")).to_contain_text("Done on 1 videos")
    assert "forest" not in payload(console, video)["tags"]
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Taken back on 1 videos")
    assert "forest" in payload(console, video)["tags"]


def test_a_view_is_saved_with_the_account_and_opened_again(visit) -> None:
    first = visit("max").go("/console/queue?language=zh")
    first.get_by_role("button", name="Save this view").click()
    first.get_by_role("dialog").locator("input[name=name]").fill("Chinese only")
    first.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(first.locator("#views")).to_contain_text("Chinese only")
    elsewhere = visit("max").go("/console/queue")
    elsewhere.get_by_role("button", name="Chinese only", exact=True).click()
    expect(elsewhere).to_have_url(re.compile("language=zh"))
    expect(elsewhere.locator("#filters select[name=language]")).to_have_value("zh")


def test_a_label_that_is_hidden_everywhere_comes_back_when_the_rule_ends(console, visit, ids) -> None:
    video = ids["sheep-cartoon-zh"]
    page = visit("root").go("/console/agreement")
    rules = page.locator("#rules")
    rules.locator("input[name=key]").fill("lazy")
    rules.get_by_role("button", name="Add the rule").click()
    expect(rules.locator("li")).to_contain_text("lazy")
    assert "lazy" not in payload(console, video)["tags"]
    rules.get_by_role("button", name="End the rule for lazy").click()
    expect(rules.locator("li")).to_have_count(0)
    assert "lazy" in payload(console, video)["tags"]


def test_a_new_name_in_the_taxonomy_is_previewed_published_and_shown(visit, ids) -> None:
    page = visit("root").go("/console/taxonomy")
    page.locator("#filter").fill("home-cooking")
    page.get_by_role("button", name=re.compile("^Home cooking")).click()
    page.locator("#entry input[name=en]").fill("Cooking at home")
    page.reload()
    expect(page.locator("#changes")).to_contain_text("Cooking at home")
    page.get_by_role("button", name="Preview and publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 videos show the new name")
    dialog.get_by_role("button", name=re.compile("Publish version")).click()
    expect(page.locator("#taxonomy-lead")).to_contain_text("Version 1")
    expect(page.locator("#changes")).to_contain_text("None")
    page.goto(f"/console/videos/{ids['quesadillas']}")
    expect(page.locator("#facts")).to_contain_text("Cooking at home")
