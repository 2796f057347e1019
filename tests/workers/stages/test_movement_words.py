"""Movement and cuts are said in words, as evidence of manner that carries no claim about content."""

from __future__ import annotations

import pytest

from services.library.understanding import Evidence, EvidenceKind
from workers.media.types import Movement, Shot
from workers.stages.describe import prompt_text
from workers.stages.grounding import firm_lines, is_grounded
from workers.stages.movement_words import movement_line, movement_words


def shots(count: int, each: float) -> list[Shot]:
    return [Shot(number * each, (number + 1) * each) for number in range(count)]


def evidence(id_: str, text: str) -> Evidence:
    return Evidence(id=id_, kind=EvidenceKind(id_[0]), start=0, end=5, text=text)


@pytest.mark.parametrize(
    ("change", "cut", "en", "zh"),
    [
        (0.2, shots(1, 9.0), "hardly any, one take", "画面几乎不动，一镜到底"),
        (1.5, shots(2, 4.0), "calm, cuts, 2 shots of 4.0 s on average", "画面平缓，有剪辑，2个镜头，平均4.0秒"),
        (
            12.0,
            shots(8, 1.5),
            "lively, fast cuts, 8 shots of 1.5 s on average",
            "画面动感强，快速剪辑，8个镜头，平均1.5秒",
        ),
    ],
)
def test_movement_and_cuts_are_named_in_both_languages(change, cut, en, zh) -> None:
    words = movement_words(Movement(change, 0.0), cut)
    assert words is not None
    assert (words.en, words.zh) == (en, zh)


def test_nothing_is_said_where_nothing_was_measured() -> None:
    assert movement_line(None, shots(1, 3.0)) is None
    assert movement_line(Movement(1.0, 0.0), []) is None


def test_the_prompt_shows_the_line_in_the_language_of_the_answer() -> None:
    line = evidence("F3", movement_line(Movement(1.5, 0.0), shots(1, 9.0)) or "")
    assert prompt_text(line, "en") == "movement: calm, one take"
    assert prompt_text(line, "zh") == "画面平缓，一镜到底"


def test_no_claim_rests_on_how_the_pictures_move() -> None:
    moves = evidence("F2", movement_line(Movement(12.0, 0.0), shots(8, 1.0)) or "")
    cat = evidence("F1", "cat (猫)")
    assert moves.is_manner
    assert not cat.is_manner
    assert firm_lines([cat, moves]) == [cat]
    assert not is_grounded("Lively fast cuts.", [cat, moves])
