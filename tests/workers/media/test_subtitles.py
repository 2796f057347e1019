import contextlib
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.media.subtitles import MAX_BYTES, SubtitleFile, SubtitleUnreadable, read_subtitles
from workers.media.types import Cue

SRT = "1\n00:00:01,000 --> 00:00:02,500\n你好，世界\n\n2\n00:00:03,000 --> 00:00:04,000\n今天我们去爬山\n"
SRT_CUES = (Cue(1.0, 2.5, "你好，世界"), Cue(3.0, 4.0, "今天我们去爬山"))


def read(text: str, name: str = "a.srt") -> SubtitleFile:
    return read_subtitles(text.encode(), name=name)


def texts(text: str, name: str = "a.srt") -> list[str]:
    return [cue.text for cue in read(text, name).cues]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gbk", "gb18030"],
)
def test_chinese_is_read_in_every_usual_encoding(encoding: str) -> None:
    track = read_subtitles(SRT.encode(encoding), name="a.srt")
    assert track.cues == SRT_CUES
    assert track.problems == ()


def test_traditional_chinese_japanese_and_western_code_pages_are_told_apart() -> None:
    for line, encoding in (
        ("今天我們去爬山，天氣很好", "big5"),
        ("こんにちは、元気ですか", "shift_jis"),
        ("Était-ce là ? Ça va, l'été à Noël", "windows-1252"),
        ("Schöne Grüße", "windows-1252"),
    ):
        track = read_subtitles(f"1\n00:00:01,000 --> 00:00:02,000\n{line}\n".encode(encoding), name="a.srt")
        assert (track.encoding, [cue.text for cue in track.cues]) == (encoding, [line])


def test_a_damaged_byte_in_utf8_costs_that_byte_and_is_reported() -> None:
    track = read_subtitles(SRT.encode().replace("世".encode(), "世".encode()[:2]), name="a.srt")
    assert track.encoding == "utf-8"
    assert track.cues[1] == SRT_CUES[1]
    assert "not valid utf-8" in track.problems[0]


def test_vtt_header_notes_styles_and_markup_are_not_captions() -> None:
    track = read(
        "WEBVTT\nKind: captions\nLanguage: zh-Hans\n\nSTYLE\n::cue { color: red }\n\nNOTE a remark\nof two lines\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\n<v Ann><b>Tea</b> &amp; <00:01.500><c.x>cake</c></v>\n",
        "a.vtt",
    )
    assert track.cues == (Cue(1.0, 2.0, "Tea & cake"),)
    assert (track.format, track.language, track.problems) == ("vtt", "zh-hans", ())


def test_ass_drawings_overrides_remarks_and_comments_are_dropped() -> None:
    track = read(
        "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not shown\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}\n"
        "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\an8\\b1}第一行\\N第二行{check this}, ok\n",
        "a.ass",
    )
    assert track.cues == (Cue(3.0, 4.0, "第一行\n第二行, ok"),)


def test_one_damaged_ass_line_costs_one_cue() -> None:
    track = read(
        "[Script Info]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,one\n"
        "Dialogue: 0,zero,0:00:03.00,Default,,0,0,0,,two\n"
        "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,three\n",
        "a.ass",
    )
    assert [cue.text for cue in track.cues] == ["one", "three"]
    assert "1 dialogue lines cannot be read (first: line 6" in track.problems[0]


def test_sbv_is_read() -> None:
    track = read("0:00:01.000,0:00:02.000\nline one\nline two\n\n0:00:02.000,0:00:03.000\nlast\n", "a.sbv")
    assert track.format == "sbv"
    assert [cue.text for cue in track.cues] == ["line one\nline two", "last"]


TTML = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="zh"{attributes}><body><div>'
    '<p begin="{begin}" end="{end}">你好<br/>世界</p></div></body></tt>'
)


@pytest.mark.parametrize(
    ("attributes", "begin", "end"),
    [
        ("", "00:00:01.500", "00:00:02.000"),
        ("", "1.5s", "2000ms"),
        (' xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="24"', "00:00:01:12", "48f"),
        (' xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:tickRate="10000000"', "15000000t", "20000000t"),
    ],
)
def test_ttml_times_are_read_as_clock_offset_frames_and_ticks(attributes: str, begin: str, end: str) -> None:
    track = read(TTML.format(attributes=attributes, begin=begin, end=end), "a.ttml")
    assert track.cues == (Cue(1.5, 2.0, "你好\n世界"),)
    assert (track.language, track.problems) == ("zh", ())


def test_ttml_cut_short_is_read_as_far_as_it_goes() -> None:
    track = read(TTML.format(attributes="", begin="1s", end="2s").removesuffix("</p></div></body></tt>"), "a.ttml")
    assert [cue.text for cue in track.cues] == ["你好\n世界"]
    assert "not well-formed XML" in track.problems[0]


def test_rolling_captions_keep_only_what_is_new() -> None:
    assert texts(
        "WEBVTT\n\n00:00.000 --> 00:02.000\nhello<00:01.000><c> world</c>\n\n"
        "00:02.000 --> 00:02.010\nhello world\n \n\n"
        "00:02.010 --> 00:04.000\nhello world\nnext<00:03.000><c> words</c>\n\n"
        "00:04.000 --> 00:04.010\nnext words\n \n",
        "a.vtt",
    ) == ["hello world", "next words"]


def test_a_line_said_again_after_a_pause_is_kept() -> None:
    again = "1\n00:00:01,000 --> 00:00:02,000\nNo.\n\n2\n00:00:05,000 --> 00:00:06,000\nNo.\n"
    assert texts(again) == ["No.", "No."]


def test_overlapping_cues_stay_apart_in_order_of_start() -> None:
    track = read("1\n00:00:03,000 --> 00:00:06,000\nB\n\n2\n00:00:01,000 --> 00:00:05,000\nA\n")
    assert track.cues == (Cue(1.0, 5.0, "A"), Cue(3.0, 6.0, "B"))


def test_a_cue_that_ends_before_it_starts_gets_a_reading_time_and_one_never_shown_is_dropped() -> None:
    track = read(
        "1\n00:00:05,000 --> 00:00:04,000\nbackwards\n\n2\n00:00:05,500 --> 00:00:07,000\nnext\n\n"
        "3\n00:00:08,000 --> 00:00:08,000\nhidden\n"
    )
    assert track.cues == (Cue(5.0, 5.5, "backwards"), Cue(5.5, 7.0, "next"))
    assert any("end before they start" in problem for problem in track.problems)
    assert any("shown for no time" in problem for problem in track.problems)


def test_malformed_srt_loses_only_the_damaged_cue_and_says_where() -> None:
    track = read(
        "1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,000 --> 00:00:xx,000\ntwo\n\n"
        "3\nthree has no times\n\n4\n00:00:04,000 --> 00:00:05,000\nfour\n\nafter a blank line\n"
    )
    assert [cue.text for cue in track.cues] == ["one", "four\nafter a blank line"]
    assert any("line 5: '00:00:02,000 --> 00:00:xx,000'" in problem for problem in track.problems)
    assert any("1 texts have no times" in problem for problem in track.problems)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("film.zh-Hans.srt", "zh-hans"),
        ("film.chs.srt", "zh"),
        ("film.en.srt", "en"),
        ("film.srt", None),
        ("talk.wav.srt", None),
    ],
)
def test_the_file_name_may_give_the_language(name: str, language: str | None) -> None:
    assert read(SRT, name).language == language


@pytest.mark.parametrize("data", [b"", b" \r\n", b"\xff\xfe", b"\x00\x01\x02\x03" * 9, b"just a text\nof two lines"])
def test_what_is_no_subtitle_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(SubtitleUnreadable, match=r"odd\.srt: "):
        read_subtitles(data, name="odd.srt")


def test_an_oversized_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(SubtitleUnreadable, match=str(MAX_BYTES)):
        read_subtitles(b"1" * (MAX_BYTES + 1), name="big.srt")


def test_entities_are_never_expanded() -> None:
    bomb = '<!DOCTYPE tt [<!ENTITY a "lol">]>' + TTML.format(attributes="", begin="1s", end="2s").replace("你好", "&a;")
    assert texts(bomb, "a.ttml") == ["&a;\n世界"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("same start", "1\n00:00:01,000 --> 00:00:09,000\nx{0}\n\n"),
        ("unclosed paragraphs", "<tt><p "),
        ("blank lines", "x\n\n\n\n\n\n\n\n\n\n"),
        ("damaged dialogue", "[Events]\nDialogue: 0,zero\n"),
        ("endless digits", "9" * 400 + ":00:01,000 --> 00:00:09,000\nx\n\n"),
    ],
)
def test_hostile_repetition_takes_time_in_proportion(name: str, data: str) -> None:
    started = time.perf_counter()
    with contextlib.suppress(SubtitleUnreadable):
        read("".join(data.replace("{0}", str(n)) for n in range(10_000)), "a.srt")
    assert time.perf_counter() - started < 5.0, name


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["WEBVTT\n\n", "[Script Info]\n[Events]\n", "<tt>", "", "\ufeff"]),
    st.lists(
        st.sampled_from(
            [
                "1",
                "",
                "00:00:01,000 --> 00:00:02,000",
                "0:00:01.0,0:00:02.0",
                "Dialogue: 0,0:00:01.00",
                "<p begin='1s'",
                "{\\p1}",
            ]
        )
        | st.text(max_size=12),
        max_size=12,
    ),
)
def test_no_content_raises_anything_but_the_declared_error(head: str, lines: list[str]) -> None:
    try:
        track = read_subtitles((head + "\n".join(lines)).encode("utf-8", "replace"), name="a.srt")
    except SubtitleUnreadable:
        return
    assert all(cue.end > cue.start >= 0 and cue.text for cue in track.cues)
    assert list(track.cues) == sorted(track.cues, key=lambda cue: cue.start)


def shared_folder() -> Path | None:
    if said := os.environ.get("REELWISE_SHARED"):
        return Path(said)
    return next(
        (p / "shared" for p in Path(__file__).resolve().parents if (p / "shared/media/subtitles").is_dir()), None
    )


EXPECTED_CUES = {
    "Adding.NCL.Language.S01E01.1080p.BluRay.x264.srt": 58,
    "ass_zh_sample.ass": 6,
    "bom-utf-16-be.srt": 7,
    "bom-utf-16-le.srt": 7,
    "bom-utf-32-be.srt": 7,
    "bom-utf-32-le.srt": 7,
    "bom-utf-8.srt": 7,
    "captions_with_bom.vtt": 4,
    "comments.vtt": 3,
    "cue_tags.vtt": 3,
    "empty.srt": 5,
    "invalid_timeframe.sbv": 4,
    "invalid_timeframe.vtt": 6,
    "metadata_headers_multiline.vtt": 2,
    "missing_timeframe.srt": 4,
    "netflix_chicas_del_cable.vtt": 865,
    "no_captions.vtt": 0,
    "optional_identifiers.vtt": 16,
    "sample.sbv": 5,
    "sample.srt": 5,
    "sample.vtt": 16,
    "subtitle_with_attached_fonts_aegisub.ass": 1,
    "teams_timeframe.vtt": 2,
    "ttml_example.ttml": 11,
    "ttml_example2.ttml": 10,
    "ttml_example_apple.ttml": 38,
    "utf-8.srt": 1330,  # of 1332, two of which repeat the cue before without a break
    "windows-1252.srt": 1330,
    "youtube_dl.vtt": 3,
}
NO_SUBTITLES = {"invalid_format.sbv", "invalid_format1.srt", "invalid_format3.srt", "linguist.srt"}


@pytest.fixture(scope="module")
def collected() -> dict[str, SubtitleFile | SubtitleUnreadable]:
    shared = shared_folder()
    if shared is None:
        pytest.skip("the shared folder with collected subtitle files is not here (set REELWISE_SHARED)")
    results: dict[str, SubtitleFile | SubtitleUnreadable] = {}
    for line in (shared / "media/subtitles.jsonl").read_text(encoding="utf-8").splitlines():
        file = shared / "media/subtitles" / json.loads(line)["file"]
        try:
            results[file.name] = read_subtitles(file.read_bytes(), name=file.name)
        except SubtitleUnreadable as unreadable:
            results[file.name] = unreadable
    return results


@pytest.mark.shared
def test_every_collected_file_is_read_but_those_that_hold_no_subtitles(
    collected: dict[str, SubtitleFile | SubtitleUnreadable],
) -> None:
    assert {name for name, result in collected.items() if isinstance(result, SubtitleUnreadable)} == NO_SUBTITLES


@pytest.mark.shared
def test_known_files_give_the_cues_they_hold(collected: dict[str, SubtitleFile | SubtitleUnreadable]) -> None:
    counts = {name: len(track.cues) for name, track in collected.items() if isinstance(track, SubtitleFile)}
    assert {name: counts[name] for name in EXPECTED_CUES} == EXPECTED_CUES


@pytest.mark.shared
def test_one_text_in_two_encodings_reads_the_same(collected: dict[str, SubtitleFile | SubtitleUnreadable]) -> None:
    unicode, western = collected["utf-8.srt"], collected["windows-1252.srt"]
    assert isinstance(unicode, SubtitleFile)
    assert isinstance(western, SubtitleFile)
    assert unicode.cues == western.cues
