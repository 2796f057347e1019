"""What `GET /metrics` shows, in Prometheus' text format. Add a collector to `metrics_of` to show more."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.api.service import Service
from services.api.version import version
from services.library.record.costs import Costs
from services.library.record.types import CostSum
from services.telemetry.meters import meters
from services.telemetry.queue import QueueCollector

_COUNTERS = {
    "wall_seconds": ("reelwise_stage_wall_seconds", "Wall clock of runs of a stage, seconds."),
    "cpu_seconds": ("reelwise_stage_cpu_seconds", "CPU time of runs of a stage, seconds."),
    "gpu_seconds": ("reelwise_stage_gpu_seconds", "Time in engines on a GPU in runs of a stage, seconds."),
    "prompt_tokens": ("reelwise_stage_prompt_tokens", "Tokens that language models read."),
    "completion_tokens": ("reelwise_stage_completion_tokens", "Tokens that language models wrote."),
    "bytes_read": ("reelwise_stage_read_bytes", "Bytes read from the blob store."),
}


def metrics_of(service: Service) -> CollectorRegistry:
    """All metrics of an API process; one registry an app, so that two apps in a process don't meet.

    What the record holds is the app's, what was counted here is the process's.
    """
    registry = CollectorRegistry()
    registry.register(CostCollector(service.library.record))
    registry.register(QueueCollector(service.library.record))
    registry.register(BuildCollector())
    registry.register(meters().registry)
    return registry


class BuildCollector(Collector):
    """Which version this is."""

    def collect(self) -> Iterator[Metric]:
        """One gauge, always 1."""
        info = GaugeMetricFamily("reelwise_build_info", "Always 1; the label says the version.", labels=("version",))
        info.add_metric((version(),), 1)
        yield info


class CostCollector(Collector):
    """The ledger of costs as counters: the record's sums at the time of asking, so every process gives the same.

    Raises `RecordUnavailable` where the record does not answer.
    """

    def __init__(self, record: Costs) -> None:
        self._record = record

    def describe(self) -> Iterator[Metric]:
        """Nothing ahead: the record is asked when metrics are."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Counters by stage and model, and how much is stored."""
        sums = self._record.costs_by_stage_and_model()
        runs = CounterMetricFamily("reelwise_stage_runs", "Runs of a stage.", labels=("stage", "model", "outcome"))
        for stage, model, spent in sums:
            runs.add_metric((stage, model, "made"), spent.runs - spent.failed)
            runs.add_metric((stage, model, "failed"), spent.failed)
        yield runs
        for field, (name, text) in _COUNTERS.items():
            yield _counter(name, text, field, sums)
        stored = GaugeMetricFamily("reelwise_stored_bytes", "Bytes of all video files, as they were taken in.")
        stored.add_metric((), self._record.stored_bytes())
        yield stored


def _counter(name: str, text: str, field: str, sums: list[tuple[str, str, CostSum]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=("stage", "model"))
    for stage, model, spent in sums:
        family.add_metric((stage, model), getattr(spent, field))
    return family
