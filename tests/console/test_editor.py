"""An editor's day, in a real browser: by keyboard only, without a connection, and next to another editor."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from services.library.index.port import Collection
from services.library.record.types import Lane
from services.recommend import Context, recommend
from services.recommend.indexed import point_id
from tests.console.conftest import PASSWORD, Console


def opened(page: Page) -> str:
    """Wait until a review is on the page; the id of its video."""
    expect(page.locator("#review-count")).to_be_visible()
    return re.search(r"/videos/([0-9a-f]{32})", page.url).group(1)


def all_saved(page: Page) -> None:
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")


def payload(console: Console, video: str) -> dict:
    return dict(console.library.index.retrieve(Collection.VIDEOS, [point_id(video)])[0].payload)


def test_an_editor_signs_in_and_works_through_ten_videos_by_keyboard_only(console, visit) -> None:
    editor = visit(None)
    page = editor.go("/console/queue")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.keyboard.type("lin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".task").first).to_be_visible()
    page.keyboard.press("n")
    done: list[str] = []
    rejected: dict[str, str] = {}
    for number in range(10):
        video = opened(page)
        assert video not in done
        title = page.locator("#video-title").inner_text()
        first, second = (page.locator(".label-row .names b").nth(place).inner_text().lower() for place in (0, 1))
        page.keyboard.press("1")  # accepts the first tag
        page.keyboard.press("Shift+Digit2")  # rejects the second
        expect(page.locator(f'[data-item="tag:{second}"]')).to_have_class(re.compile("rejected"))
        page.keyboard.press("Shift+A")
        expect(page.locator("#review-count")).to_have_text(re.compile(r"^(\d+)/\1 decided$"))
        rejected[video] = second
        assert first != second
        page.keyboard.press("n")
        done.append(video)
        if number < 9:
            expect(page.locator("#video-title")).not_to_have_text(title)
    all_saved(page)
    for video, tag in rejected.items():
        found = payload(console, video)
        assert tag not in found["tags"]
        assert found["review_state"] == "reviewed"
    progress = page.request.get("/v1/review/progress").json()
    assert progress["mine_today"] == 10


def test_what_was_edited_and_undone_is_in_the_payload_and_in_the_reasons_of_the_feed(console, visit, ids) -> None:
    video = ids["space-telescope"]
    page = visit("max").go(f"/console/videos/{video}")
    opened(page)
    row = page.locator('[data-item="mood:awe"]')
    row.get_by_role("button", name="Edit awe").click()
    page.keyboard.press("ArrowUp")
    row.locator("select[name=slug]").select_option("calm")
    row.get_by_role("button", name="Save").click()
    all_saved(page)
    expect(page.locator('[data-item="mood:awe"]')).to_contain_text("calm")
    assert payload(console, video)["moods"] == ["calm"]
    feed = recommend(console.library, "somebody", context=Context(mood="calm"), limit=20)
    reasons = {item.video_id: [reason.text.en for reason in item.reasons] for item in feed.items}
    assert any("calm" in text for text in reasons[video])
    expect(page.locator(".diff")).to_contain_text("Machine")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    all_saved(page)
    expect(page.locator('[data-item="mood:awe"] .names')).to_contain_text("awe")
    assert payload(console, video)["moods"] == ["awe"]
    feed = recommend(console.library, "somebody", context=Context(mood="calm"), limit=20)
    told = [reason.text.en for item in feed.items if item.video_id == video for reason in item.reasons]
    assert not any("calm" in text for text in told)


def test_decisions_made_without_a_connection_are_kept_shown_and_sent_when_it_is_back(console, visit, ids) -> None:
    video = ids["quesadillas"]
    editor = visit("ada")
    page = editor.go(f"/console/videos/{video}")
    opened(page)
    all_saved(page)
    editor.context.set_offline(True)
    page.keyboard.press("Shift+Digit1")
    page.keyboard.press("2")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "waiting")
    expect(page.locator("#save-state")).to_contain_text("No connection")
    expect(page.locator('[data-item="tag:quesadilla"]')).to_have_class(re.compile("rejected"))
    kept = json.loads(page.evaluate("localStorage.getItem('reelwise.outbox')"))
    assert [entry["draft"]["action"] for entry in kept] == ["reject", "accept"]
    assert payload(console, video)["tags"][0] == "quesadilla"
    editor.context.set_offline(False)
    all_saved(page)
    assert "quesadilla" not in payload(console, video)["tags"]
    page.reload()
    opened(page)
    expect(page.locator('[data-item="tag:quesadilla"]')).to_have_class(re.compile("rejected"))


def test_what_was_typed_survives_a_reload_while_nothing_answers(visit, ids) -> None:
    page = visit("max").go(f"/console/videos/{ids['birthday-call']}")
    opened(page)
    page.locator('[data-item="summary:"]').get_by_role("button", name=re.compile("^Edit")).click()
    page.locator("textarea[name=zh]").fill("他隔着屏幕吹蜡烛")
    page.reload()
    opened(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("textarea[name=zh]")).to_have_value("他隔着屏幕吹蜡烛")
    page.keyboard.press("Control+Enter")
    all_saved(page)
    expect(page.locator('[data-item="summary:"]')).to_contain_text("他隔着屏幕吹蜡烛")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('reelwise.draft.'))") == []


def test_two_editors_do_not_overwrite_each_other(visit, ids) -> None:
    video = ids["bangkok-traffic"]
    one = visit("lin").go(f"/console/videos/{video}")
    other = visit("max", language="zh").go(f"/console/videos/{video}")
    opened(one)
    opened(other)
    one.locator('[data-item="tag:taxi"]').get_by_role("button", name="Edit taxi").click()
    one.locator("input[name=label]").fill("yellow taxi")
    one.keyboard.press("Enter")
    all_saved(one)
    other.locator('[data-item="tag:taxi"]').get_by_role("button", name="拒绝").click()
    expect(other.locator("#save-state")).to_have_attribute("data-state", "failed")
    other.reload()
    opened(other)
    expect(other.locator('[data-item="tag:taxi"]')).to_contain_text("yellow taxi")
    expect(other.locator(".history")).to_contain_text("lin")


def test_a_line_of_the_transcript_is_corrected_and_the_correction_undone(visit, ids) -> None:
    page = visit("ada").go(f"/console/videos/{ids['ipod-keynote']}")
    opened(page)
    line = page.locator('.line[data-evidence="S2"]')
    line.get_by_role("button", name=re.compile("^Edit")).click()
    line.locator("textarea").fill("I have always wondered about that")
    page.keyboard.press("Control+Enter")
    all_saved(page)
    expect(line).to_contain_text("I have always wondered about that")
    expect(line.locator(".was")).to_have_text("I've always wondered that")
    line.get_by_role("button", name=re.compile("^Undo")).click()
    all_saved(page)
    expect(line.locator(".says")).to_have_text("I've always wondered that")


def test_a_video_is_described_again_from_its_corrected_lines_by_keyboard_with_progress(console, visit, ids) -> None:
    video = ids["ipod-keynote"]
    page = visit("ada").go(f"/console/videos/{video}")
    opened(page)
    panel = page.locator("#redescribe-panel")
    expect(panel).to_be_hidden()
    line = page.locator('.line[data-evidence="S1"]')
    line.get_by_role("button", name=re.compile("^Edit")).click()
    line.locator("textarea").fill("What nobody has heard yet")
    page.keyboard.press("Control+Enter")
    all_saved(page)
    expect(panel).to_contain_text("Runs again: evidence, language model, labels, vectors.")
    button = panel.get_by_role("button", name="Describe again from the corrected lines")
    button.focus()
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("Describe · waiting for a worker")
    record = console.library.record
    page.reload()  # the progress is the video's, not the page's
    opened(page)
    expect(panel).to_contain_text("Describe · waiting for a worker")
    for lane, following in ((Lane.DESCRIBE, Lane.PUBLISH), (Lane.PUBLISH, None)):
        lease = record.claim(video, lane, now=datetime.now(UTC), lease_s=60)
        assert record.advance(lease, following)
    expect(page.locator("#toasts")).to_contain_text("Described again from the corrected lines.")
    expect(panel).to_be_hidden()
    line.get_by_role("button", name=re.compile("^Undo")).click()
    all_saved(page)
    expect(panel).to_be_visible()


def test_keys_can_be_changed_and_a_taken_one_is_refused(visit, ids) -> None:
    page = visit("ada").go(f"/console/videos/{ids['woodworking']}")
    opened(page)
    page.keyboard.press("?")
    overlay = page.get_by_role("dialog")
    overlay.get_by_role("button", name=re.compile("Reject the current item")).click()
    page.keyboard.press("a")
    expect(overlay).to_contain_text("A is taken by “Accept the current item”")
    overlay.get_by_role("button", name=re.compile("Reject the current item")).click()
    page.keyboard.press("x")
    expect(overlay).to_contain_text("X is now “Reject the current item”")
    page.keyboard.press("Escape")
    expect(overlay).to_be_hidden()
    page.keyboard.press("x")
    expect(page.locator('[data-item="summary:"]')).to_have_class(re.compile("rejected"))
    page.keyboard.press("u")
    all_saved(page)
