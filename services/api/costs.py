"""What was spent, as the API answers it: sums with their price."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.library.record.types import CostKey, CostSum
from services.settings import Settings

_HOUR_S = 3600.0
_MILLION = 1e6
_GB = 1e9


class Prices(BaseModel):
    """What things cost, in `currency`; set by `REELWISE_PRICE_...`. Zero until somebody sets them."""

    currency: str
    gpu_hour: float
    cpu_hour: float
    million_prompt_tokens: float
    million_completion_tokens: float
    gb_month: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The prices of the settings."""
        return cls(
            currency=settings.currency,
            gpu_hour=settings.price_gpu_hour,
            cpu_hour=settings.price_cpu_hour,
            million_prompt_tokens=settings.price_million_prompt_tokens,
            million_completion_tokens=settings.price_million_completion_tokens,
            gb_month=settings.price_gb_month,
        )

    @property
    def known(self) -> bool:
        """Whether anything has a price."""
        return any((self.gpu_hour, self.cpu_hour, self.million_prompt_tokens, self.million_completion_tokens))

    def price(self, spent: CostSum) -> float:
        """What a sum costs. Tokens count where a server counted them: others are this machine's CPU or GPU time."""
        return (
            spent.gpu_seconds / _HOUR_S * self.gpu_hour
            + spent.cpu_seconds / _HOUR_S * self.cpu_hour
            + spent.billed_prompt_tokens / _MILLION * self.million_prompt_tokens
            + spent.billed_completion_tokens / _MILLION * self.million_completion_tokens
        )


class CostLine(BaseModel):
    """What the runs of one day, stage, model or video took. `failed` of the `runs` made no result.

    `key` is an ISO date in UTC, a stage's name, "engine:weights" ("" for stages without a model), or a video's id.
    """

    key: str
    runs: int
    failed: int
    wall_seconds: float
    cpu_seconds: float
    gpu_seconds: float
    prompt_tokens: int
    completion_tokens: int
    bytes_read: int
    cost: float = Field(description="In the currency of the prices.")

    @classmethod
    def of(cls, spent: CostSum, prices: Prices) -> Self:
        """The line of a sum."""
        return cls(
            key=spent.key,
            runs=spent.runs,
            failed=spent.failed,
            wall_seconds=round(spent.wall_seconds, 3),
            cpu_seconds=round(spent.cpu_seconds, 3),
            gpu_seconds=round(spent.gpu_seconds, 3),
            prompt_tokens=spent.prompt_tokens,
            completion_tokens=spent.completion_tokens,
            bytes_read=spent.bytes_read,
            cost=round(prices.price(spent), 6),
        )


class Stored(BaseModel):
    """Video files as they were taken in, and what it costs to keep them for a month; not part of the sums."""

    bytes: int
    cost_per_month: float

    @classmethod
    def of(cls, size: int, prices: Prices) -> Self:
        """So many bytes at these prices."""
        return cls(bytes=size, cost_per_month=round(size / _GB * prices.gb_month, 6))


class CostsAnswer(BaseModel):
    """Costs of the days from `from` to `to` in UTC, both included. `more`: there are more lines than asked for."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    by: CostKey
    lines: tuple[CostLine, ...]
    more: bool
    total: CostLine
    stored: Stored
    prices: Prices
