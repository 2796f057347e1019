"""Fit curves to people's verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from services.library.calibration.curves import Calibration, Curve, logit

_INTERCEPT_SPREAD = 1.0
"""How far a signal's intercept is thought to lie from the common one (standard deviation, log odds)."""

_SLOPE_SPREAD = 0.3
"""How far a signal's slope is thought to lie from the common one."""

_COMMON_SLOPE = (0.5, 0.25)
"""Mean and spread of the common slope before any verdict: a score means something, and less than it says."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Someone looked at a label: its signal, the model behind it, the model's score in [0, 1], accepted or not."""

    signal: str
    model: str
    score: float
    accepted: bool


def fit(verdicts: Sequence[Verdict]) -> Calibration:
    """One curve per signal, by a hierarchical logistic regression (Gelman and Hill 2006): signals with few verdicts
    borrow from the others.

    Raises `ValueError` where there is no verdict, or a signal has verdicts on more than one model.
    """
    if not verdicts:
        raise ValueError("no verdicts to fit to: review some labels first")
    by_signal: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_signal[verdict.signal].append(verdict)
    for signal, given in by_signal.items():
        models = {verdict.model for verdict in given}
        if len(models) > 1:
            raise ValueError(f"{signal}: verdicts on {', '.join(sorted(models))}; fit one model at a time")
    signals = sorted(by_signal)
    which = np.array([signals.index(verdict.signal) for verdict in verdicts])
    scores = np.array([logit(verdict.score) for verdict in verdicts])
    accepted = np.array([verdict.accepted for verdict in verdicts], dtype=np.float64)
    count = len(signals)

    def loss(values: np.ndarray) -> float:
        common, slope = values[0], values[1]
        intercepts, slopes = values[2 : 2 + count], values[2 + count :]
        odds = intercepts[which] + slopes[which] * scores
        likelihood = np.logaddexp(0.0, odds).sum() - (accepted * odds).sum()
        prior = ((intercepts - common) ** 2).sum() / (2 * _INTERCEPT_SPREAD**2)
        prior += ((slopes - slope) ** 2).sum() / (2 * _SLOPE_SPREAD**2)
        prior += (slope - _COMMON_SLOPE[0]) ** 2 / (2 * _COMMON_SLOPE[1] ** 2) + common**2 / (2 * 2.0**2)
        return float(likelihood + prior)

    bounds = [(None, None), (0.0, None), *[(None, None)] * count, *[(0.0, None)] * count]
    found = minimize(loss, np.array([0.0, *[_COMMON_SLOPE[0]], *[0.0] * count, *[0.5] * count]), bounds=bounds)
    return Calibration(
        curves={
            signal: Curve(
                model=by_signal[signal][0].model,
                intercept=round(float(found.x[2 + number]), 3),
                slope=round(float(found.x[2 + count + number]), 3),
                verdicts=len(by_signal[signal]),
                accepted=sum(verdict.accepted for verdict in by_signal[signal]),
            )
            for number, signal in enumerate(signals)
        }
    )
