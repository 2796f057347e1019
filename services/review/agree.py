"""Where two editors who did not see each other's work differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.library.overlay import Action, Decision, Field
from services.library.overlay.live import standing_decisions
from services.library.record.store import Record

Verdicts = dict[tuple[Field, str], bool]
"""(field, target) -> whether the editor lets the item stand as the machine wrote it."""

_KEEPS = (Action.ACCEPT,)


def verdicts_of(decisions: Iterable[Decision], account: str) -> Verdicts:
    """An editor's standing verdicts on what the machine said; what they added is no verdict on it."""
    own = [one for one in decisions if one.account == account]
    found: Verdicts = {}
    for (field, target), stands in standing_decisions(own).items():
        decision = stands.decision
        if decision is not None and decision.machine is not None:
            found[field, target] = decision.action in _KEEPS
    return found


def differences(decisions: Sequence[Decision], one: str, other: str) -> list[tuple[Field, str]]:
    """The items that both decided about, one letting them stand and the other not."""
    first, second = verdicts_of(decisions, one), verdicts_of(decisions, other)
    return sorted(key for key in first.keys() & second.keys() if first[key] != second[key])


def disputed(record: Record, video_id: str, account: str) -> bool:
    """Whether this editor's blind verdicts differ from those of the other one who is done."""
    decisions = [one for one in record.history(video_id) if one.blind]
    others = [name for name in record.finished_by(video_id) if name != account]
    return any(differences(decisions, account, other) for other in others[:1])
