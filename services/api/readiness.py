"""What `GET /readyz` asks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from models.profile import Role
from services.api.service import Service
from services.recommend.models import QUERY_ROLES
from services.telemetry.probes import Probe, Probes, broker_probe, library_probes


@runtime_checkable
class _KnowsWeights(Protocol):
    """What `models.runtime.Runtime` says of weights."""

    def check_weights(self, roles: frozenset[Role] = ...) -> None: ...


class _NotWorking(Exception):
    """Nobody picks up what is queued."""


def probes_of(service: Service) -> Probes:
    """The parts of this service; the broker where there is one outside of the process."""
    settings, models = service.library.settings, service.models
    probes = library_probes(service.library)
    if not settings.embedded:
        probes["broker"] = broker_probe(settings)
    if isinstance(models, _KnowsWeights):
        probes["weights"] = Probe(
            lambda: models.check_weights(QUERY_ROLES),
            "`reelwise models fetch` gets them; `reelwise doctor` says more.",
        )

    def working() -> None:
        if not service.dispatcher.ready():
            raise _NotWorking("the worker is not running: queued videos wait")

    probes["worker"] = Probe(working, "Start the process again; its log says why the worker ended.")
    return Probes(probes, timeout_s=settings.ready_timeout_s)
