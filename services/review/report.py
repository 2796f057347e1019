"""What editors' decisions say about editors (agreement) and about models (acceptance), and as training data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.library.calibration import Calibration, Verdict, fit
from services.library.overlay import Action, Decision
from services.library.overlay.live import live_decisions, standing_decisions
from services.library.record.store import Record
from services.library.understanding import Label
from services.review.agree import verdicts_of

_VERDICTS = {Action.ACCEPT: "accepted", Action.REJECT: "rejected", Action.EDIT: "edited"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two editors, blind to each other, said the same of an item. `alpha` is Krippendorff's for nominal
    data; with two editors and no gaps it is Cohen's kappa corrected for small samples. None: all said one thing.
    """

    field: str
    label: str | None
    items: int
    agreed: int
    kappa: float | None
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Verdicts on what a model said, in one period (`2026-11`); `rate` is the share accepted as it was."""

    by: str
    name: str
    period: str
    accepted: int
    rejected: int
    edited: int

    @property
    def rate(self) -> float:
        """accepted / all"""
        return self.accepted / (self.accepted + self.rejected + self.edited)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Curves, how many verdicts they were fitted to, and those left out since they are about an older model."""

    curves: Calibration
    verdicts: int
    left_out: int


def agreement(record: Record, *, since: datetime | None = None) -> list[Agreement]:
    """Per field, then per label with at least one pair of blind verdicts, most pairs first."""
    pairs: dict[tuple[str, str | None], list[tuple[bool, bool]]] = defaultdict(list)
    for log in record.all_decisions(since=since):
        blind = [one for one in log if one.blind]
        names = list(dict.fromkeys(one.account for one in blind))[:2]
        if len(names) < 2:
            continue
        first, second = (verdicts_of(blind, name) for name in names)
        for field, target in first.keys() & second.keys():
            pair = (first[field, target], second[field, target])
            pairs[field.value, None].append(pair)
            if target:
                pairs[field.value, target].append(pair)
    found = [
        Agreement(
            field, label, len(given), sum(a == b for a, b in given), cohen_kappa(given), krippendorff_alpha(given)
        )
        for (field, label), given in pairs.items()
    ]
    return sorted(found, key=lambda one: (one.label is not None, -one.items, one.field, one.label or ""))


def cohen_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """(observed - expected) / (1 - expected) agreement of two raters (Cohen 1960); None where none is expected to
    differ.
    """
    count = len(pairs)
    observed = sum(a == b for a, b in pairs) / count
    first, second = sum(a for a, _ in pairs) / count, sum(b for _, b in pairs) / count
    expected = first * second + (1 - first) * (1 - second)
    return None if expected == 1 else (observed - expected) / (1 - expected)


def krippendorff_alpha(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """1 - observed / expected disagreement over the pooled values (Krippendorff 2011, nominal data, two raters)."""
    values = 2 * len(pairs)
    yes = sum(a + b for a, b in pairs)
    expected = 2 * yes * (values - yes) / (values * (values - 1))
    observed = sum(a != b for a, b in pairs) / len(pairs)
    return None if expected == 0 else 1 - observed / expected


def report_card(record: Record, *, since: datetime | None = None) -> list[Acceptance]:
    """Acceptance by field, label, model and prompt, a row a month of the decision; taken-back decisions don't count."""
    counts: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(_VERDICTS.values(), 0))
    for decision in _verdicts(record, since):
        period = f"{decision.at:%Y-%m}"
        named = [("field", decision.field.value), ("model", decision.model), ("prompt", decision.prompt)]
        if decision.target and isinstance(decision.machine, Label):
            named.append(("label", f"{decision.field.value}:{decision.target}"))
        for by, name in named:
            if name is not None:
                counts[by, name, period][_VERDICTS[decision.action]] += 1
    return [
        Acceptance(by, name, period, said["accepted"], said["rejected"], said["edited"])
        for (by, name, period), said in sorted(counts.items())
    ]


def exported(record: Record, *, since: datetime | None = None) -> Iterator[tuple[Decision, bool]]:
    """(decision, whether nobody took it back) of the whole log, undos too."""
    for log in record.all_decisions(since=since):
        live = {one.id for one in live_decisions(log)}
        yield from ((one, one.id in live) for one in log)


def calibrated(record: Record) -> Fitted:
    """Curves from signals' scores to the share that editors accepted, for `REELWISE_CALIBRATION`.

    Each signal is fitted to verdicts on the model that was judged last. Raises `ValueError` without verdicts.
    """
    judged: list[tuple[datetime, Verdict]] = []
    for decision in _verdicts(record, None):
        if isinstance(decision.machine, Label):
            accepted = decision.action is Action.ACCEPT
            judged += [
                (decision.at, Verdict(scored.signal, scored.model, scored.score, accepted))
                for scored in decision.machine.signals
            ]
    newest: dict[str, str] = {}
    for _, verdict in sorted(judged, key=lambda pair: pair[0]):
        newest[verdict.signal] = verdict.model
    kept = [verdict for _, verdict in judged if newest[verdict.signal] == verdict.model]
    return Fitted(fit(kept), len(kept), len(judged) - len(kept))


def _verdicts(record: Record, since: datetime | None) -> Iterable[Decision]:
    """The standing verdict of each editor on each thing that a model said."""
    for log in record.all_decisions(since=since):
        for account in dict.fromkeys(one.account for one in log):
            for stands in standing_decisions([one for one in log if one.account == account]).values():
                decision = stands.decision
                if decision is None or decision.machine is None or decision.action not in _VERDICTS:
                    continue
                if since is None or decision.at >= since:
                    yield decision
