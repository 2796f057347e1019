"""Are reasons true to the ranking? What a reason names is taken away, and its item must fall."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.recommend.answer import Recommendations
from services.recommend.causes import cause_of


class Asked(Protocol):
    """Whoever answers for a viewer, with or without causes, and notes nothing."""

    def ask(self, user: str, *, without: tuple[str, ...] = (), dry_run: bool = False) -> Recommendations:
        """The answer."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """One reason whose cause was taken away: its source, and whether its item fell (None: it was not listed again)."""

    source: str
    fell: bool | None


def measure_explanations(product: Asked, users: Sequence[str]) -> dict[str, Any]:
    """Over the lists of these viewers: the share of picks with a reason, the share of leading reasons that are
    faithful (without what it names the pick stands lower in the blend over the same candidates), and how many
    sentences are different within a list.

    What a reason names is taken away where it lies. A viewer's act, edit or context bears on all videos, so it is
    taken from the whole ranking. A video's age, its counts or its trial are its own, so they are taken from this video
    alone (`own:fresh`). `faithful_share_source_wide` holds the second kind against the harder question, which takes
    newness or trends from every video at once. A leading reason that names no removable cause, a plain fact about the
    video, is not asked and is counted as `plain`.
    """
    tried: list[Tried] = []
    wide: list[Tried] = []
    items = explained = plain = 0
    unique: list[float] = []
    for user in users:
        feed = product.ask(user, dry_run=True)
        items += len(feed.items)
        explained += sum(bool(item.reasons) for item in feed.items)
        sentences = [item.reasons[0].text.en for item in feed.items if item.reasons]
        if sentences:
            unique.append(len(set(sentences)) / len(sentences))
        by_cause: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for item in feed.items:
            if item.reasons and (cause := cause_of(item.reasons[0])):
                by_cause[cause].append((item.video_id, item.reasons[0].source))
            else:
                plain += bool(item.reasons)
        for cause, asked in by_cause.items():
            found = _without(product, user, cause, asked)
            tried += found
            everywhere = tuple(one.replace("own:", "source:") for one in cause)
            wide += found if everywhere == cause else _without(product, user, everywhere, asked)
    answered = [one for one in tried if one.fell is not None]
    if not answered:
        raise ValueError("no reason named a cause that could be taken away")
    return {
        "viewers": len(users),
        "items": items,
        "coverage": explained / items,
        "plain": plain,
        "asked": len(answered),
        "not_listed_again": len(tried) - len(answered),
        "faithful_share": _share(answered),
        "faithful_share_source_wide": _share([one for one in wide if one.fell is not None]),
        "faithful_by_source": {
            source: {
                "asked": sum(one.source == source for one in answered),
                "share": _share([one for one in answered if one.source == source]),
            }
            for source in sorted({one.source for one in answered})
        },
        "unique_sentence_ratio": sum(unique) / len(unique),
    }


def _without(product: Asked, user: str, cause: tuple[str, ...], asked: Sequence[tuple[str, str]]) -> list[Tried]:
    again = {item.video_id: item.without for item in product.ask(user, without=cause, dry_run=True).items}
    return [Tried(source, None if (without := again.get(video)) is None else without.lower) for video, source in asked]


def _share(tried: Sequence[Tried]) -> float:
    return sum(bool(one.fell) for one in tried) / len(tried) if tried else float("nan")
