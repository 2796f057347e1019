"""The overlay as a pure function: what is decided is never lost, and what is undone is as if it never was."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.library.overlay import Action, Amendments, Decision, Field, LineWords, NamedLabel, overlay
from services.library.overlay.types import ItemState
from services.library.understanding import Label, TimelineSegment
from tests.services.review.conftest import document, label

WORDS = ("cat", "dog", "fun", "sea")
AT = datetime(2026, 1, 1, tzinfo=UTC)


def said(words: tuple[str, ...]):
    return document("cat", tags=tuple(label(word) for word in words))


def entry(number: int, action: Action, word: str, **more) -> Decision:
    to = more.pop("to", word)
    after = label(to) if action in (Action.ACCEPT, Action.EDIT, Action.ADD) else None
    return Decision(
        id=number, video_id="v", field=Field.TAG, target=word, action=action, after=after,
        machine=None if action is Action.ADD else label(word), cited={"S1": "this is about cat"}, account="mia", at=AT,
        **more,
    )  # fmt: skip


@st.composite
def logs(draw) -> list[Decision]:
    log: list[Decision] = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        action = draw(st.sampled_from(list(Action)))
        if action is Action.UNDO:
            if log:
                undone = draw(st.sampled_from(log))
                log.append(entry(number, action, undone.target, undoes=undone.id))
        else:
            to = draw(st.sampled_from(WORDS))
            word = draw(st.sampled_from(WORDS))
            log.append(entry(number, action, word, to=word if action is not Action.EDIT else to))
    return log


texts = st.lists(st.sampled_from(WORDS), unique=True, max_size=4).map(tuple)


@given(texts, logs(), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_the_log_is_read_does_not_matter(words, log, random) -> None:
    shuffled = list(log)
    random.shuffle(shuffled)
    assert overlay(said(words), shuffled) == overlay(said(words), log)


@given(texts, logs())
@settings(max_examples=60, deadline=None)
def test_undoing_the_last_decision_gives_back_what_was_there(words, log) -> None:
    live = [one for one in log if one.action is not Action.UNDO]
    if not live or log[-1].action is Action.UNDO:
        return
    undone = [*log, entry(log[-1].id + 1, Action.UNDO, log[-1].target, undoes=log[-1].id)]
    assert overlay(said(words), undone).document == overlay(said(words), log[:-1]).document


@given(texts, texts, logs())
@settings(max_examples=60, deadline=None)
def test_a_new_run_of_the_models_loses_no_decision(before, after, log) -> None:
    def standing(words):
        return {
            item.target: item for item in overlay(said(words), log).items if item.decision_id and item.field == "tag"
        }

    old, new = standing(before), standing(after)
    assert {target: item.decision_id for target, item in old.items()} == {
        target: item.decision_id for target, item in new.items()
    }
    shown = {tag.label for tag in overlay(said(after), log).document.tags}
    for target, item in new.items():
        assert item.orphaned == (target not in after and item.state is not ItemState.ADDED)
        if item.state is ItemState.REJECTED:
            continue
        assert isinstance(item.effective, Label)
        assert item.effective.label in shown


@given(texts, logs())
@settings(max_examples=40, deadline=None)
def test_a_target_nobody_decided_about_is_as_the_machine_said(words, log) -> None:
    decided = {one.target for one in log}
    kept = {tag.label: tag for tag in overlay(said(words), log).document.tags}
    for word in set(words) - decided:
        assert word in kept


def test_evidence_follows_its_words_when_lines_are_numbered_anew() -> None:
    found = document("cat", tags=())
    moved = found.model_copy(
        update={"evidence": tuple(line.model_copy(update={"id": "S7"}) for line in found.evidence if line.kind == "S")}
    )
    tags = overlay(moved, [entry(1, Action.ADD, "cat")]).document.tags
    assert [tag.evidence for tag in tags] == [("S7",)]
    gone = found.model_copy(update={"evidence": ()})
    assert [tag.evidence for tag in overlay(gone, [entry(1, Action.ADD, "cat")]).document.tags] == [()]


def test_a_corrected_line_is_found_again_under_another_number_and_kept_when_it_is_gone() -> None:
    fix = Decision(
        id=1, video_id="v", field=Field.SPEECH, target="S1", action=Action.EDIT, account="mia", at=AT,
        machine=LineWords(text="this is about cat"), after=LineWords(text="This is about a cat."),
    )  # fmt: skip
    found = document("cat")
    assert overlay(found, [fix]).document.evidence[0].text == "This is about a cat."
    moved = found.model_copy(update={"evidence": (found.evidence[0].model_copy(update={"id": "S4"}),)})
    assert overlay(moved, [fix]).document.evidence[0].text == "This is about a cat."
    other = found.model_copy(update={"evidence": (found.evidence[0].model_copy(update={"text": "another"}),)})
    laid = overlay(other, [fix])
    assert laid.document.evidence[0].text == "another"
    assert [item.orphaned for item in laid.items if item.decision_id == 1] == [True]


def test_a_rejected_sentence_is_hidden_until_the_models_write_another() -> None:
    found = document("cat")
    reject = Decision(
        id=1, video_id="v", field=Field.SUMMARY, target="", action=Action.REJECT, machine=found.summary, account="mia",
        at=AT,
    )  # fmt: skip
    assert overlay(found, [reject]).document.summary is None
    again = found.model_copy(update={"summary": found.why})
    assert overlay(again, [reject]).document.summary == found.why


def test_a_rename_reaches_machine_and_editors_words_and_a_suppressed_label_is_gone() -> None:
    sea = NamedLabel(key="ocean", en="Ocean", zh="海洋")
    renamed = Amendments(renamed={Field.TAG: {"sea": sea}})
    laid = overlay(said(("sea",)), [entry(1, Action.ADD, "sea")], renamed)
    assert [(tag.label, tag.label_zh) for tag in laid.document.tags] == [("Ocean", "海洋")]
    hidden = Amendments(suppressed={Field.TAG: frozenset({"sea"})})
    assert overlay(said(("sea", "fun")), [entry(1, Action.ACCEPT, "sea")], hidden).document.tags[0].label == "fun"


def test_a_line_that_the_video_is_described_with_as_corrected_is_corrected_once_and_comes_back_when_taken_back() -> (
    None
):
    fix = Decision(
        id=1, video_id="v", field=Field.SPEECH, target="S1", action=Action.EDIT, account="mia", at=AT,
        machine=LineWords(text="this is about cat"), after=LineWords(text="this is about cat food"),
    )  # fmt: skip
    found = document("cat")
    before = overlay(found, [fix])
    assert before.document.evidence[0].corrected_from == "this is about cat"
    described = found.model_copy(update={"evidence": before.document.evidence})
    laid = overlay(described, [fix])
    assert laid.document.evidence == described.evidence
    item = next(item for item in laid.items if item.field is Field.SPEECH)
    assert (item.machine, item.effective, item.orphaned) == (fix.machine, fix.after, False)
    taken_back = fix.model_copy(update={"id": 2, "action": Action.UNDO, "undoes": 1})
    assert overlay(described, [fix, taken_back]).document.evidence == found.evidence


def test_a_line_that_the_video_is_described_without_comes_back_to_its_place_when_that_is_taken_back() -> None:
    away = Decision(
        id=1, video_id="v", field=Field.SPEECH, target="S1", action=Action.REJECT, account="mia", at=AT,
        machine=LineWords(text="this is about cat"),
    )  # fmt: skip
    segments = (TimelineSegment(start=0, end=2, speech="hello"), TimelineSegment(start=2, end=4, speech="bye"))
    gone = document("cat").evidence[0].model_copy(update={"text": "", "corrected_from": "this is about cat"})
    described = document("cat", evidence=(gone,), segments=segments)
    assert overlay(described, [away]).document.segments == segments
    assert [part.speech for part in overlay(described, []).document.segments] == ["hello this is about cat", "bye"]


def test_a_citation_holds_when_its_line_is_described_as_corrected() -> None:
    found = document("cat", tags=())
    line = found.evidence[0].model_copy(update={"text": "a kitten", "corrected_from": found.evidence[0].text})
    described = found.model_copy(update={"evidence": (line,)})
    assert [tag.evidence for tag in overlay(described, [entry(1, Action.ADD, "cat")]).document.tags] == [("S1",)]
