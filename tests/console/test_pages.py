"""Every page for everybody: no serious fault of accessibility, nothing cut off on a tablet, roles kept."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PAGES = {
    "library": ("/console/", ".card"),
    "search": ("/console/?q=sleepy+kitten", ".card .why"),
    "moments": ("/console/?q=cheese&kind=moments", ".moment"),
    "video": ("/console/videos/{video}", "#review-count"),
    "queue": ("/console/queue", ".task"),
    "agreement": ("/console/agreement", "#figures .tile"),
    "taxonomy": ("/console/taxonomy", ".tree button"),
    "for-you": ("/console/for-you?user=mia", ".pick"),
    "health": ("/console/health", ".tile"),
    "sign-in": ("/sign-in", "#sign-in"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_serious_fault_of_accessibility(visit, ids, name: str, theme: str) -> None:
    path, sign = PAGES[name]
    page = visit("root", theme=theme).go(path.format(video=ids["kitten-sofa"]))
    expect(page.locator(sign).first).to_be_visible()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        (fault["id"], node["html"][:160], node.get("failureSummary", "")[:300])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
    assert serious == []


@pytest.mark.parametrize("width", [820, 1280])
def test_no_page_is_wider_than_the_screen(visit, ids, width: int) -> None:
    visitor = visit("root", width=width, language="zh")
    for path, sign in PAGES.values():
        page = visitor.go(path.format(video=ids["kitten-sofa"]))
        expect(page.locator(sign).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_pointing_at_a_tag_lights_its_evidence_and_choosing_it_goes_there(visit, ids) -> None:
    page = visit("upl").go(f"/console/videos/{ids['kitten-sofa']}")
    row = page.locator(".label-row", has_text="nap")
    row.hover()
    expect(page.locator('.timeline .bit[data-evidence="S2"]')).to_have_class(re.compile("lit"))
    expect(page.locator('.line[data-evidence="S2"]')).to_have_class(re.compile("lit"))
    row.get_by_role("button", name=re.compile("Evidence S2")).click()
    assert float(page.locator("#timeline [role=slider]").get_attribute("aria-valuenow") or 0) > 0


def test_a_moment_opens_the_player_at_its_time(visit) -> None:
    page = visit("root").go("/console/?q=cheese+has+melted&kind=moments")
    page.locator(".moment").first.click()
    expect(page).to_have_url(re.compile(r"t=\d"))
    expect(page.locator("#timeline [role=slider]")).not_to_have_attribute("aria-valuenow", "0")


def test_roles_see_their_pages_only(visit) -> None:
    uploader = visit("upl")
    page = uploader.go("/console/")
    expect(page.get_by_role("navigation").get_by_role("link", name="Health")).to_be_visible()
    expect(page.get_by_role("navigation").get_by_role("link", name="Review queue")).to_have_count(0)
    assert page.request.get("/console/queue").status == 403
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in"))


def test_liking_changes_the_feed_and_why_shows_what_each_source_added(visit) -> None:
    page = visit("root").go("/console/for-you?user=viewer-of-the-test")
    expect(page.locator("#feed-note")).to_contain_text("Nothing is known")
    first = page.locator(".pick").first
    liked = first.get_attribute("data-id")
    first.get_by_role("button", name=re.compile("^Like")).click()
    expect(page.locator("#feed-note")).to_contain_text("watched and liked")
    expect(page.locator(f'.pick[data-id="{liked}"]')).to_have_count(0)
    page.locator(".pick").first.get_by_role("button", name=re.compile("^Why")).click()
    expect(page.get_by_role("dialog").locator(".bars rect.bar-fill").first).to_be_attached()


def test_an_upload_shows_where_it_is_and_a_failure_can_be_retried(visit, tmp_path) -> None:
    page = visit("upl").go("/console/")
    expect(page.locator(".card").first).to_be_visible()
    file = tmp_path / "new_clip.mp4"
    file.write_bytes(b"\x00\x00\x00\x18ftypisom" + b"made up" * 100)
    page.locator("#upload-input").set_input_files(str(file))
    expect(page.locator(".upload .lanes")).to_contain_text("Prepare")


def test_theme_and_language_are_remembered(visit) -> None:
    page = visit("root").go("/console/health")
    page.get_by_role("button", name="Theme: as the system").click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="切换到中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("运行状况")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
