"""Sentences for what a viewer took to, in English and Chinese: runs of videos, and one that is like another."""

from __future__ import annotations

from services.library.understanding import Bilingual
from services.recommend import claims as c

_NUMBERS_EN = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS_ZH = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")

_DID_EN = {c.Verb.LIKED: "liked", c.Verb.WATCHED: "watched", c.Verb.TOOK: "took to"}
_DID_ZH = {c.Verb.LIKED: "喜欢", c.Verb.WATCHED: "看", c.Verb.TOOK: "看过或喜欢"}
_THE_ZH = {c.Verb.LIKED: "喜欢", c.Verb.WATCHED: "看过", c.Verb.TOOK: "看过或喜欢"}


def series_ways(claim: c.Series) -> tuple[Bilingual, ...]:
    """A run of videos that this one belongs to."""
    number = _NUMBERS_EN[claim.count] if claim.count < len(_NUMBERS_EN) else str(claim.count)
    kind_en = " ".join(one.name.en for one in claim.labels)
    kind_zh = "".join(one.name.zh for one in claim.labels)
    videos = "video" if claim.count == 1 else "videos"
    en, zh, count = _DID_EN[claim.verb], _DID_ZH[claim.verb], counted_zh(claim.count)
    when_en, when_zh = (" just", "刚刚") if claim.now else (" recently", "最近") if claim.recently else ("", "")
    past = "了" if claim.now or claim.recently else "过"
    ways = [
        said(
            f"Because you{when_en} {en} {number} {kind_en} {videos}.",
            f"因为你{when_zh}{zh}{past}{count}条{kind_zh}视频。",
        ),
        said(
            f"You{when_en} {en} {number} {videos} marked “{kind_en}”.",
            f"你{when_zh}{zh}{past}{count}条“{kind_zh}”视频。",
        ),
        said(f"More {kind_en}: you{when_en} {en} {number}.", f"更多{kind_zh}：你{when_zh}{zh}{past}{count}条。"),
        said(f"{first(kind_en)}, of which you{when_en} {en} {number}.", f"{kind_zh}，你{when_zh}{zh}{past}{count}条。"),
    ]
    if claim.about is not None:
        # Picks of one kind have one cause; what else each is about keeps them apart.
        own_en, own_zh = claim.about.name.en, claim.about.name.zh
        ways += [
            said(
                f"More {kind_en}, here {own_en}: you{when_en} {en} {number}.",
                f"又一条{kind_zh}，讲“{own_zh}”：你{when_zh}{zh}{past}{count}条。",
            ),
            said(
                f"{first(kind_en)} with {own_en}: you{when_en} {en} {number} {kind_en} {videos}.",
                f"{kind_zh}，带“{own_zh}”：你{when_zh}{zh}{past}{count}条{kind_zh}视频。",
            ),
        ]
    return tuple(ways)


def alike_ways(claim: c.Alike) -> tuple[Bilingual, ...]:
    """One video that this one is like, perhaps with others of its kind."""
    did_en, did_zh = did(claim.verb, claim.title)
    en, zh = f"Because you {did_en}", f"因为你{did_zh}"
    if claim.label is not None:
        label = claim.label.name
        return (
            said(f"{en}: both are about {label.en}.", f"{zh}：都与“{label.zh}”有关。"),
            said(f"You {did_en}; this is about {label.en} too.", f"你{did_zh}，这条也与“{label.zh}”有关。"),
            said(
                f"About {label.en}, like “{claim.title.en}”, which you {_DID_EN[claim.verb]}.",
                f"与“{label.zh}”有关，和你{_THE_ZH[claim.verb]}的《{claim.title.zh}》一样。",
            ),
        )
    if claim.looks:
        return (
            said(f"{en}: the pictures are alike.", f"{zh}：画面相似。"),
            said(
                f"Looks like “{claim.title.en}”, which you {_DID_EN[claim.verb]}.",
                f"画面像你{_THE_ZH[claim.verb]}的《{claim.title.zh}》。",
            ),
        )
    if claim.more:
        return _alike_to_a_kind(claim)
    return (
        said(f"{en}: close in content.", f"{zh}：内容相近。"),
        said(f"You {did_en}; this is close to it.", f"你{did_zh}，这条和它相近。"),
        said(
            f"Near in content to “{claim.title.en}”, which you {_DID_EN[claim.verb]}.",
            f"和你{_THE_ZH[claim.verb]}的《{claim.title.zh}》内容相近。",
        ),
        said(
            f"Close to “{claim.title.en}”, which you {_DID_EN[claim.verb]}.",
            f"内容接近你{_THE_ZH[claim.verb]}的《{claim.title.zh}》。",
        ),
    )


def _alike_to_a_kind(claim: c.Alike) -> tuple[Bilingual, ...]:
    """Close to one video, which is of a kind with others that the viewer took to."""
    number = _NUMBERS_EN[claim.more] if claim.more < len(_NUMBERS_EN) else str(claim.more)
    some_en = f"“{claim.title.en}” and {number} more of its kind"
    some_zh = f"《{claim.title.zh}》等{counted_zh(claim.more + 1)}条同类视频"
    en, zh = _DID_EN[claim.verb], _THE_ZH[claim.verb]
    return (
        said(f"Because you {en} {some_en}: close in content.", f"因为你{zh}{some_zh}：内容相近。"),
        said(f"You {en} {some_en}; this is close.", f"你{zh}{some_zh}，这条相近。"),
        said(f"Near in content to {some_en}, which you {en}.", f"和你{zh}的{some_zh}内容相近。"),
        said(f"Close to {some_en}, which you {en}.", f"内容接近你{zh}的{some_zh}。"),
    )


def did(verb: c.Verb, title: Bilingual) -> tuple[str, str]:
    """What the viewer did with a video, in both languages."""
    return f"{_DID_EN[verb]} “{title.en}”", f"{_THE_ZH[verb]}《{title.zh}》"


def counted_zh(count: int) -> str:
    """A number as Chinese counts things: 三, 十, 23."""
    return _NUMBERS_ZH[count] if count < len(_NUMBERS_ZH) else str(count)


def first(text: str) -> str:
    """With a capital letter."""
    return text[:1].upper() + text[1:]


def said(en: str, zh: str) -> Bilingual:
    """A sentence."""
    return Bilingual(en=en, zh=zh)
