"""What was found out about videos, as a protocol: results of stages, documents, costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from services.library.record.types import CostKey, CostSum, StageCost, StageResult
from services.library.understanding import Understanding


class ResultsPort(Protocol):
    """The part of the record that keeps what stages made."""

    def stage_result(self, video_id: str, stage: str, fingerprint: str) -> StageResult | None:
        """The stored result for exactly this fingerprint."""
        ...

    def stage_results(self, video_id: str, fingerprints: Mapping[str, str]) -> dict[str, StageResult]:
        """By stage, what is stored for exactly these fingerprints (stage -> fingerprint)."""
        ...

    def put_stage_result(self, result: StageResult, cost: StageCost | None = None) -> None:
        """Idempotent: the first result of a fingerprint stays. The cost is added in any case.

        Raises `UnknownVideo`, and then adds no cost.
        """
        ...

    def add_cost(self, cost: StageCost) -> None:
        """Remember what a run cost that made no result."""
        ...

    def costs(self, by: CostKey, *, first: date, last: date, limit: int | None = None) -> list[CostSum]:
        """Sums of the runs of these days in UTC, both included."""
        ...

    def stored_bytes(self) -> int:
        """Bytes of all video files."""
        ...

    def newest_stage_results(self, video_ids: Sequence[str], stage: str) -> dict[str, StageResult]:
        """Per video the result of the stage that was stored last, whatever its fingerprint."""
        ...

    def understanding(self, video_id: str) -> Understanding | None:
        """What readers see: the newest document with the editors' decisions; None before there is one."""
        ...

    def machine_understanding(self, video_id: str) -> Understanding | None:
        """The newest document as the models wrote it, None before there is one."""
        ...

    def understandings(self, video_ids: Iterable[str]) -> dict[str, Understanding]:
        """The newest understandings of these videos, by id; those that have none are left out."""
        ...

    def put_understanding(self, understanding: Understanding) -> None:
        """Replace the video's understanding."""
        ...
