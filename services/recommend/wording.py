"""Sentences for claims, in English and Chinese. A sentence says what its claim holds and nothing else."""

from __future__ import annotations

from services.library.record.events import EventKind
from services.library.understanding import Bilingual
from services.recommend import claims as c
from services.recommend.wording_of_taste import alike_ways, did, first, said, series_ways

_EVENTS = {
    EventKind.LIKE: ("like", "likes", "次点赞"),
    EventKind.FAVOURITE: ("favourite", "favourites", "次收藏"),
    EventKind.SHARE: ("share", "shares", "次分享"),
    EventKind.COMMENT: ("comment", "comments", "条评论"),
    EventKind.PLAY: ("play", "plays", "次播放"),
}


def worded(claim: c.Claim, phrasing: int = 0) -> Bilingual:
    """The sentence; `phrasing` counts through other ways to say the same, and starts over at the end."""
    ways = phrasings(claim)
    return ways[phrasing % len(ways)]


def phrasings(claim: c.Claim) -> tuple[Bilingual, ...]:
    """Every way a claim can be worded, the plainest first."""
    match claim:
        case c.Series():
            return series_ways(claim)
        case c.Alike():
            return alike_ways(claim)
        case c.SharedTaste():
            en, zh = did(claim.verb, claim.title)
            return (
                said(
                    f"Viewers who took to “{claim.title.en}”, as you did, took to this too.",
                    f"和你一样看过或喜欢《{claim.title.zh}》的人，也看过或喜欢这条。",
                ),
                said(f"Because you {en}: others who did took to this as well.", f"因为你{zh}：有人两条都看过或喜欢。"),
            )
        case c.WentOn():
            en, zh = did(claim.verb, claim.title)
            return (
                said(f"Because you {en}: somebody who did went on to this.", f"因为你{zh}：有人接着看过或喜欢这条。"),
                said(
                    f"Somebody took to this after “{claim.title.en}”, as you may.",
                    f"有人在《{claim.title.zh}》之后看过或喜欢这条，你也许也会。",
                ),
            )
        case c.Follows():
            return (
                said(f"From {claim.creator}, whom you follow.", f"来自你关注的 {claim.creator}。"),
                said(f"You follow {claim.creator}.", f"你关注了 {claim.creator}。"),
            )
        case c.AskedFor():
            return _asked_for(claim)
        case c.NearWish():
            return (said(f"Close to what you asked for: “{claim.words}”.", f"接近你想看的“{claim.words}”。"),)
        case c.MoodAsked():
            en, zh = claim.mood.name.en, claim.mood.name.zh
            return (
                said(f"Its mood is {en}, as you asked.", f"情绪是你想要的“{zh}”。"),
                said(f"You asked for {en}, and it is.", f"你想要“{zh}”，它正是。"),
                said(f"{first(en)}, as you wished.", f"“{zh}”的感觉，如你所愿。"),
            )
        case c.SuitsOccasion():
            return _suits(claim)
        case c.TakenUp():
            return _taken_up(claim)
        case c.PublishedOn():
            if claim.known_here:
                return (said(f"New here since {claim.day}.", f"{claim.day} 新加入。"),)
            return (
                said(f"Published on {claim.day}.", f"发布于 {claim.day}。"),
                said(f"Out since {claim.day}.", f"{claim.day} 发布。"),
            )
        case c.FirstAudience():
            return _first_audience(claim)
        case c.Adventure():
            en, zh = claim.topic.name.en, claim.topic.name.zh
            return (
                said(f"Something else for you: {en}.", f"换个方向：{zh}。"),
                said(f"Outside of what you took to lately: {en}.", f"和你最近看的不一样：{zh}。"),
                said(f"{first(en)}, for a change of direction.", f"试试新方向：{zh}。"),
            )
        case c.ForVariety():
            if claim.label is None:
                return (said("For variety.", "换换口味。"),)
            en, zh = claim.label.name.en, claim.label.name.zh
            return (
                said(f"For variety: it is about {en}.", f"换换口味：内容与“{zh}”有关。"),
                said(f"A change: {en}.", f"来点不一样的：{zh}。"),
            )


def _asked_for(claim: c.AskedFor) -> tuple[Bilingual, ...]:
    en, zh = claim.label.name.en, claim.label.name.zh
    if claim.words:
        return (
            said(f"You said “{claim.words}”: this is about {en}.", f"你说过“{claim.words}”：这条与“{zh}”有关。"),
            said(f"{first(en)}, since you said “{claim.words}”.", f"“{zh}”，因为你说“{claim.words}”。"),
        )
    return (
        said(f"You asked for {en}.", f"你选了“{zh}”。"),
        said(f"Because {en} is among what you chose.", f"因为“{zh}”是你选的。"),
        said(f"{first(en)}, as you chose.", f"你想看的“{zh}”。"),
    )


def _suits(claim: c.SuitsOccasion) -> tuple[Bilingual, ...]:
    en, zh = claim.occasion.name.en, claim.occasion.name.zh
    facts_en, facts_zh = [], []
    if claim.mood is not None:
        facts_en.append(claim.mood.name.en)
        facts_zh.append(claim.mood.name.zh)
    if claim.duration_s is not None:
        facts_en.append(_length_en(claim.duration_s))
        facts_zh.append(_length_zh(claim.duration_s))
    if claim.tempo is not None:
        facts_en.append(f"{claim.tempo.value} music")
        facts_zh.append("慢节奏音乐" if claim.tempo is c.Tempo.SLOW else "快节奏音乐")
    more_en = f": {', '.join(facts_en)}" if facts_en else ""
    more_zh = f"：{'、'.join(facts_zh)}" if facts_zh else ""
    if claim.asked:
        return (
            said(f"Good for {en}, as you asked{more_en}.", f"适合你说的“{zh}”{more_zh}。"),
            said(f"Suits {en}{more_en}.", f"适合{zh}{more_zh}。"),
        )
    return (
        said(f"Good at this hour ({en}){more_en}.", f"适合这个时间（{zh}）{more_zh}。"),
        said(f"Suits {en}, likely now{more_en}.", f"现在看正好，{zh}{more_zh}。"),
    )


def _taken_up(claim: c.TakenUp) -> tuple[Bilingual, ...]:
    said_en = [f"{n} {_EVENTS[kind][0] if n == 1 else _EVENTS[kind][1]}" for kind, n in claim.counts]
    said_zh = [f"{n} {_EVENTS[kind][2]}" for kind, n in claim.counts]
    en, zh = " and ".join(said_en), "、".join(said_zh)
    return (
        said(f"Popular now: {en} in the last {claim.days} days.", f"正在流行：近 {claim.days} 天有 {zh}。"),
        said(f"Others take to it: {en} in {claim.days} days.", f"大家在看：{claim.days} 天内 {zh}。"),
    )


def _first_audience(claim: c.FirstAudience) -> tuple[Bilingual, ...]:
    en = "You would be among its first viewers"
    zh = "你会是最早看到它的人之一"
    if claim.label is None:
        return (said(f"New: {en[0].lower()}{en[1:]}.", f"新视频：{zh}。"), said(f"{en}.", f"{zh}。"))
    label = claim.label.name
    about_en = f"about {label.en}, which you take to" if claim.cared_for else f"about {label.en}"
    about_zh = f"与你喜欢的“{label.zh}”有关" if claim.cared_for else f"与“{label.zh}”有关"
    return (
        said(f"{en}: new, and {about_en}.", f"{zh}：新视频，{about_zh}。"),
        said(f"New and {about_en}; few have seen it yet.", f"新视频，{about_zh}，还没什么人看过。"),
    )


def _length_en(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _length_zh(seconds: float) -> str:
    return f"{seconds:.0f} 秒" if seconds < 90 else f"{seconds / 60:.0f} 分钟"
