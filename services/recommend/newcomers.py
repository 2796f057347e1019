"""New videos and their first audience: a fair trial for every video, by Thompson sampling with a budget.

A new video has no history, so nothing but its content can recommend it, and what is not shown never gets a history.
Each ready video therefore has a budget of first impressions. While it lasts, the video may take one of the places that
a policy keeps for exploration: among the newcomers whose content fits the viewer, chance draws from what is believed
of each (Thompson 1933; Chapelle and Li 2011). The belief is a Beta distribution over how many of those who start it
watch it through; it begins uniform, so an unwatched video is as likely to be good as not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import numpy as np
from scipy.special import betaincinv
from scipy.stats import beta

FIRST_AUDIENCE = 200
"""Impressions that every new video may have as a newcomer."""

NEW_DAYS = 14.0
"""How long a video counts as new, days since it became ready or known."""

WATCHED_THROUGH = 0.8
"""Share of its length from which a play counts as watched through."""

LEAST_FIT = 0.5
"""How well a newcomer's content must fit, in [0, 1], to be shown to somebody; of those, chance decides."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A new video: when it became known, how often it was shown, how often started and watched through."""

    video_id: str
    since: datetime
    shown: int
    plays: int
    watched: int

    @property
    def left(self) -> int:
        """Impressions left of the budget."""
        return max(0, FIRST_AUDIENCE - self.shown)

    @property
    def alpha(self) -> float:
        """Beta's first parameter: 1 and the plays that were watched through."""
        return 1.0 + self.watched

    @property
    def beta(self) -> float:
        """Beta's second parameter: 1 and the plays that were not."""
        return 1.0 + max(0, self.plays - self.watched)

    @property
    def expected(self) -> float:
        """The share of plays that is expected to be watched through."""
        return self.alpha / (self.alpha + self.beta)

    def interval(self, share: float = 0.9) -> tuple[float, float]:
        """The range that holds the true share with this probability."""
        low, high = beta.interval(share, self.alpha, self.beta)
        return float(low), float(high)

    def draw(self, seed: int) -> float:
        """One sample of the belief: the same for the same request."""
        return float(betaincinv(self.alpha, self.beta, _chance(seed, self.video_id)))


def still_new(newcomer: Newcomer, now: datetime) -> bool:
    """Whether the video may still be shown as a newcomer."""
    return newcomer.left > 0 and (now - newcomer.since).total_seconds() <= NEW_DAYS * 86_400


def drawn(newcomers: Mapping[str, Newcomer], fits: Mapping[str, float], seed: int) -> dict[str, float]:
    """Newcomers that fit, each with its draw weighed by its fit, in [0, 1]."""
    fitting = [one for one, fit in fits.items() if fit >= LEAST_FIT and one in newcomers and newcomers[one].left > 0]
    chances = np.array([_chance(seed, one) for one in fitting])
    beliefs = np.array([(newcomers[one].alpha, newcomers[one].beta) for one in fitting]).reshape(-1, 2)
    # Inverse transform sampling, all at once. A uniform belief, which most have, is its own.
    known = (beliefs != 1.0).any(axis=1)
    draws = chances.copy()
    draws[known] = betaincinv(beliefs[known, 0], beliefs[known, 1], chances[known])
    values = np.clip(draws * np.array([fits[one] for one in fitting]), 0.0, 1.0)
    return dict(zip(fitting, values.tolist(), strict=True))


def _chance(seed: int, video_id: str) -> float:
    """A number in (0, 1) that a request and a video always give."""
    digest = blake2b(f"{seed}:{video_id}".encode(), digest_size=7).digest()
    return (int.from_bytes(digest) + 0.5) / 2**56
