import json
from pathlib import Path

import pytest

from benchmarks.clips import LabelsUnreadable, load_clips
from benchmarks.metrics.screen import best_ratio, is_read, quoted_texts
from benchmarks.metrics.transcripts import errors, normal, pooled


def test_only_what_stands_between_quotes_is_expected_on_screen() -> None:
    label = 'subtitles: "Chris... / you did it"; "YOUKU" logo, stopwatch numbers'
    assert quoted_texts(label) == ("Chris...", "you did it", "YOUKU")
    assert quoted_texts("street billboards") == ()
    assert quoted_texts(None) == ()


def test_a_text_is_read_despite_spaces_case_and_a_few_mistakes() -> None:
    assert is_read("Big Buck BUNNY", ["BIGBUCKBUNNV"])
    assert is_read("GRILL 4-6 MIN. TURNING ONCE", ["GRILL 4-6 MIN.", "TURNING ONCE"])
    assert is_read("喜羊羊與灰太狼", ["喜羊羊与灰太狼之异国大营救"])
    assert not is_read("PIZZA SAUCE", ["PIZZA OVEN AND FIRE"])
    assert not is_read("anything", [])


def test_a_short_text_must_stand_alone() -> None:
    assert is_read("Yes?", ["- Yes."])
    assert not is_read("Yes?", ["with her eyes"])


def test_the_best_ratio_finds_the_stretch_wherever_it_is() -> None:
    assert best_ratio("kapwing", "xxxxkapwlngxxxx") == pytest.approx(6 / 7)
    assert best_ratio("kapwing", "kap") < 0.8


def test_word_errors_ignore_case_punctuation_and_digits() -> None:
    found = errors("ONE TWO THREE, it's 42", "1, 2 ... three: Its forty-two!", "en")
    assert (found.wrong, found.total) == (0, 6)


def test_word_errors_count_what_is_missing_wrong_and_invented() -> None:
    assert errors("ask not what your country", "ask what our country now", "en").wrong == 3
    assert errors("one", "", "en").rate == 1.0


def test_chinese_is_counted_by_character_in_either_script() -> None:
    found = errors("广州市房地产", "廣州 市，房地惨。", "zh")
    assert (found.wrong, found.total) == (1, 6)


def test_small_numbers_are_spelled_in_the_language() -> None:
    assert normal("numéro 1", "fr") == "numéro un"
    assert normal("305 and 2026", "en") == "three hundred five and 2026"
    assert normal("2026年", "zh").replace(" ", "") == "二零二六年"


def test_long_recordings_count_for_more() -> None:
    assert pooled([errors("a b c d", "a b c d", "en"), errors("a", "b", "en")]).rate == 1 / 5


def test_nothing_said_has_no_rate() -> None:
    with pytest.raises(ValueError, match="no words"):
        errors("...", "something", "en")


def _label(**changes: object) -> str:
    label = {"file": "a.mp4", "caption": "x", "tags": [], "mood": "calm", "has_speech": False, "duration_s": 1.0}
    return json.dumps({**label, **changes})


def test_clips_are_found_beside_their_labels_or_one_folder_down(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.mp4").touch()
    (tmp_path / "b.mp4").touch()
    (tmp_path / "clips.jsonl").write_text(f"{_label()}\n\n{_label(file='b.mp4')}\n")
    assert [clip.path.name for clip in load_clips(tmp_path)] == ["a.mp4", "b.mp4"]
    assert len(load_clips(tmp_path, limit=1)) == 1
    assert load_clips(tmp_path / "clips", limit=1)[0].path == tmp_path / "clips" / "a.mp4"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "line 1, is no JSON"),
        ('{"file": "a.mp4"}', "no field 'caption'"),
        (_label(file="gone.mp4"), "gone.mp4 is labelled"),
        ("", "labels nothing"),
    ],
)
def test_labels_that_cannot_be_used_are_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "clips.jsonl").write_text(text)
    with pytest.raises(LabelsUnreadable, match=complaint):
        load_clips(tmp_path)


def test_a_folder_without_labels_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelsUnreadable, match=r"has no clips\.jsonl"):
        load_clips(tmp_path)
