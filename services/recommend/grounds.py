"""What an answer rests on, and why it is short, in words."""

from __future__ import annotations

from dataclasses import dataclass

from services.recommend.answer import Basis
from services.recommend.sources.base import SourceRequest


@dataclass(frozen=True, slots=True)
class Grounds:
    """The same for people and for programs."""

    words: str
    grounds: tuple[Basis, ...]


def grounds_of(request: SourceRequest, trends: bool) -> Grounds:
    """What was there to go by. Content is always: videos without history are known by what they say and show."""
    taste, context = request.taste, request.context
    moment = not context.empty or request.wish is not None
    if not taste.cold:
        grounds = (Basis.EVENTS, *((Basis.CONTEXT,) if moment else ()), Basis.CONTENT)
        return Grounds("interactions and context" if moment else "interactions", grounds)
    there = {
        Basis.ONBOARDING: ("onboarding choices", taste.onboarded),
        Basis.CONTEXT: ("context", moment),
        Basis.LANGUAGE: ("language", context.language is not None),
        Basis.TRENDS: ("trends", trends),
    }
    used = [words for words, is_there in there.values() if is_there]
    listed = f"{', '.join(used[:-1])} and {used[-1]}" if len(used) > 1 else "".join(used)
    grounds = (*(basis for basis, (_, is_there) in there.items() if is_there), Basis.CONTENT)
    return Grounds(f"cold start with {listed}" if listed else "cold start", grounds)


def language_of(request: SourceRequest) -> str:
    """The language to speak to the viewer, en or zh: the one asked for, or the one of most videos they take to."""
    if request.context.language in ("en", "zh"):
        return request.context.language
    behind = {one for interest in request.taste.interests for one in interest.videos[:3]}
    spoken = [video.language for video in request.catalogue.videos(behind).values()]
    return "zh" if spoken.count("zh") > spoken.count("en") else "en"


def note_of(items: int, limit: int, total: int, seen: int) -> str | None:
    """Why there are fewer items than asked for; `total` is the number of videos in the index."""
    if items >= limit:
        return None
    if total == 0:
        return "The library has no videos yet: `reelwise analyze` or POST /v1/videos adds some."
    if items:
        return f"Only {items} of {total} videos are left after what was seen and what was asked for."
    if seen >= total:
        return f"All {total} videos were seen already."
    return "No video passes what was asked for (language, safety, muted topics, already seen)."
