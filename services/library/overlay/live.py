"""Which decisions count: the last of a target that nobody took back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.library.overlay.amend import Amendments
from services.library.overlay.types import Action, Decision, Field


@dataclass(frozen=True, slots=True)
class Standing:
    """The decision that counts for a target, None when all were taken back, and the id of the last entry about it."""

    decision: Decision | None = None
    version: int = 0


def live_decisions(decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions that nobody took back, oldest first; undos are left out. An undo can be undone."""
    undone: set[int] = set()
    live = []
    for decision in sorted(decisions, key=lambda one: -one.id):
        if decision.id in undone:
            continue
        if decision.action is Action.UNDO:
            if decision.undoes is not None:
                undone.add(decision.undoes)
        else:
            live.append(decision)
    return live[::-1]


def standing_decisions(
    decisions: Sequence[Decision], amendments: Amendments | None = None
) -> Mapping[tuple[Field, str], Standing]:
    """By field and target, under the keys that count now."""
    amendments = amendments or Amendments()
    standing: dict[tuple[Field, str], Standing] = {}
    versions: dict[tuple[Field, str], int] = {}
    for decision in sorted(decisions, key=lambda one: one.id):
        key = (decision.field, amendments.key(decision.field, decision.target))
        versions[key] = max(versions.get(key, 0), decision.id)
    for key, version in versions.items():
        standing[key] = Standing(None, version)
    for decision in live_decisions(decisions):
        key = (decision.field, amendments.key(decision.field, decision.target))
        standing[key] = Standing(decision, versions[key])
    return standing
