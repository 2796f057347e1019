"""Sentences put together from what was found: plain, but true by construction, in both languages.

They stand wherever the language model wrote nothing, or wrote what the evidence does not support.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.sound.base import SoundProfile
from services.library.taxonomy.types import Mood, Occasion, Topic
from services.library.understanding import Bilingual, Evidence, EvidenceKind
from workers.stages.frame_labels import SeenLabel
from workers.stages.sound_words import sound_words

_QUOTE_CHARS = 80
_MAX_SEEN = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """What the sentences are put together from; `moods`, `topics` and `occasions` are the surest first."""

    evidence: Sequence[Evidence]
    seen: Sequence[SeenLabel]
    sound: SoundProfile | None
    duration_s: float
    topics: Sequence[Topic]
    moods: Sequence[Mood]
    occasions: Sequence[Occasion]


def compose_summary(found: Findings) -> Bilingual:
    """What the video shows, says and sounds like."""
    en: list[str] = []
    zh: list[str] = []
    sure = [label for label in found.seen if not label.guess][:_MAX_SEEN]
    perhaps = [label for label in found.seen if label.guess][:_MAX_SEEN]
    if sure:
        en.append(f"shows {_list_en([label.name for label in sure])}")
        zh.append(f"画面里有{'、'.join(label.name_zh for label in sure)}")
    elif perhaps:
        en.append(f"perhaps shows {_list_en([label.name for label in perhaps], 'or')}")
        zh.append(f"画面里可能有{'或'.join(label.name_zh for label in perhaps)}")
    captions = _quote(found.evidence, EvidenceKind.CAPTION)
    said = _quote(found.evidence, EvidenceKind.SPEECH)
    if captions:
        en.append(f"the captions say “{captions}”")
        zh.append(f"字幕说：“{captions}”")
    elif said:
        en.append(f"somebody says “{said}”")
        zh.append(f"有人说：“{said}”")
    written = _quote(found.evidence, EvidenceKind.SCREEN)
    if written:
        en.append(f"on screen it says “{written}”")
        zh.append(f"画面上写着：“{written}”")
    if found.sound is not None:
        heard = sound_words(found.sound)
        en.append(heard.en)
        zh.append(heard.zh)
    title = next((line.text for line in found.evidence if line.kind is EvidenceKind.METADATA), None)
    if not en and title:
        en, zh = [f"titled “{_cut(title)}”"], [f"标题是“{_cut(title)}”"]
    if not en:
        en, zh = ["a video in which nothing could be recognised"], ["没有认出内容的视频"]
    return Bilingual(en=_sentence_en("; ".join(en)), zh="；".join(zh) + "。")


def compose_reason(found: Findings) -> Bilingual:
    """Why and when somebody might want to watch; says nothing that was not found."""
    length_en, length_zh = _length(found.duration_s)
    topic_en = found.topics[0].en.casefold() if found.topics else "a short clip"
    topic_zh = found.topics[0].zh if found.topics else "短片"
    mood_en = f"{_list_en([mood.en.casefold() for mood in found.moods])}: " if found.moods else ""
    mood_zh = f"{'、'.join(mood.zh for mood in found.moods)}：" if found.moods else ""
    when_en = f"good for {_list_en([o.en for o in found.occasions[:2]], 'or')}: " if found.occasions else ""
    when_zh = f"适合{'、'.join(o.zh for o in found.occasions[:2])}：" if found.occasions else ""
    return Bilingual(
        en=_sentence_en(f"{when_en}{mood_en}{topic_en}, {length_en}"),
        zh=f"{when_zh}{mood_zh}{topic_zh}，{length_zh}。",
    )


def _quote(evidence: Sequence[Evidence], kind: EvidenceKind) -> str | None:
    """The most telling line of a kind, cut at a word: the first of those that are as long as a quote may be."""
    lines = [line.text for line in evidence if line.kind is kind and len(line.text) > 3]
    return _cut(max(lines, key=lambda text: min(len(text), _QUOTE_CHARS))) if lines else None


def _cut(text: str) -> str:
    text = " ".join(text.split()).replace("“", "").replace("”", "")
    if len(text) <= _QUOTE_CHARS:
        return text
    cut = text[:_QUOTE_CHARS]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"


def _list_en(words: Sequence[str], joint: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def _sentence_en(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _length(seconds: float) -> tuple[str, str]:
    if seconds < 90:
        whole = max(1, round(seconds))
        return (f"{whole} s", f"{whole}秒")
    minutes = round(seconds / 60)
    return (f"{minutes} min", f"{minutes}分钟")
