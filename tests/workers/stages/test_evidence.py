"""Evidence: numbered once, on a timeline that holds everything once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.ocr.base import TextBox
from models.speech.base import Segment
from models.vision.base import VisualLabel
from services.library.record.types import Submission, Upload
from services.library.understanding import EvidenceKind
from workers.media.types import Cue, Shot
from workers.stages.evidence import _numbered, speech_lines, timeline
from workers.stages.frame_labels import seen_labels
from workers.stages.frames import LabelledFrame
from workers.stages.metadata import merge_uploads
from workers.stages.ocr import merge_lines

BOX = (0.1, 0.1, 0.5, 0.2)


def said(start: float, end: float, text: str) -> Segment:
    return Segment(start, end, text, (), 0.9)


def frame(at: float, *labels: tuple[str, str, float], shot: int = 0) -> LabelledFrame:
    return LabelledFrame(at=at, shot=shot, labels=tuple(VisualLabel(*label) for label in labels))


def upload(number: int, **more: object) -> Upload:
    now = datetime(2026, 1, number, tzinfo=UTC)
    return Upload(number, "v", Submission("0" * 64, 1, "videos/v", f"source {number}", **more), now)  # type: ignore[arg-type]


def test_numbers_count_from_one_within_a_kind_and_times_are_in_order() -> None:
    lines = _numbered(EvidenceKind.SPEECH, [(0.0, 1.0, "a"), (-0.2, 0.5, "b"), (3.0, 2.0, "c")])
    assert [line.id for line in lines] == ["S1", "S2", "S3"]
    assert [(line.start, line.end) for line in lines] == [(0.0, 1.0), (0.0, 0.5), (3.0, 3.0)]


def test_phrases_of_one_sentence_are_joined_and_cut_at_ends_pauses_and_length() -> None:
    joined = speech_lines([said(0, 1, "we cut"), said(1.2, 2, "the onions."), said(2.1, 3, "Then we fry")])
    assert [text for _, _, text in joined] == ["we cut the onions.", "Then we fry"]
    assert joined[0][:2] == (0, 2)
    assert len(speech_lines([said(0, 1, "one"), said(4, 5, "two")])) == 2
    assert len(speech_lines([said(0, 1, "x" * 100), said(1, 2, "y" * 100)])) == 2
    assert speech_lines([]) == []


def test_everything_perceived_lies_in_one_segment_even_after_the_last_picture() -> None:
    speech = [said(0.5, 1.5, "first"), said(1.9, 2.5, "second"), said(9.0, 9.5, "late")]
    cues = [Cue(1.0, 3.0, "cue one"), Cue(2.0, 3.0, "cue two")]
    frames = [frame(0.5, ("cat", "猫", 0.8)), frame(2.5, ("sofa", "沙发", 0.7), shot=1)]
    segments = timeline([Shot(0.0, 2.0), Shot(2.0, 4.0)], 4.0, speech, [], cues, frames)
    assert [segment.speech for segment in segments] == ["first second", "late"]
    assert [segment.captions for segment in segments] == [("cue one",), ("cue two",)]
    assert [[view.at for view in segment.frames] for segment in segments] == [[0.5], [2.5]]


def test_a_file_without_pictures_has_one_segment() -> None:
    (only,) = timeline([], 3.0, [said(0, 1, "hello")], [], [], [])
    assert (only.start, only.end, only.speech) == (0.0, 3.0, "hello")


def test_one_line_on_screen_in_several_frames_is_one_line_with_its_surest_reading() -> None:
    readings = [
        (0.0, [TextBox("NOODLE SH0P", 0.8, BOX)]),
        (2.0, [TextBox("NOODLE SHOP", 0.95, BOX), TextBox("Open late", 0.9, BOX)]),
        (4.0, []),
    ]
    sign, late = merge_lines(readings, end=6.0)
    assert (sign.text, sign.start, sign.end, sign.frames, sign.confidence) == ("NOODLE SHOP", 0.0, 4.0, 2, 0.95)
    assert (late.text, late.start, late.end, late.frames) == ("Open late", 2.0, 4.0, 1)


def test_what_frames_agree_on_is_seen_and_one_unsure_frame_is_a_guess() -> None:
    agreed = seen_labels([frame(0, ("tabby", "虎斑猫", 0.3)), frame(1, ("tabby", "虎斑猫", 0.4))])
    assert any("tabby" in label.name and not label.guess and label.frames == 2 for label in agreed)
    alone = seen_labels([frame(0, ("wok", "炒锅", 0.2))])
    assert all(label.guess and label.text.startswith("perhaps ") for label in alone)
    assert seen_labels([]) == ()


def test_later_uploads_correct_fields_and_add_hashtags_and_subtitles() -> None:
    merged = merge_uploads(
        [
            upload(1, title="Old", creator="amy", hashtags=("#cat", "pets"), sidecars=("a.srt",)),
            upload(2, title="New", hashtags=("cat", "＃猫"), sidecars=("b.srt",)),
        ]
    )
    assert (merged.source, merged.title, merged.creator) == ("source 1", "New", "amy")
    assert merged.hashtags == ("cat", "pets", "猫")
    assert merged.sidecars == ("a.srt", "b.srt")
    with pytest.raises(ValueError, match="without an upload"):
        merge_uploads([])
