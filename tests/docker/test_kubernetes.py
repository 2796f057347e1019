"""The manifests are what Kubernetes takes, run commands that exist, and keep what the pages promise of them.

No cluster is at hand: schemas and the project's own rules are checked, not a running pod. KEDA's kinds have no schema.
"""

from __future__ import annotations

import base64

import kubernetes_validate
import pytest

from models.machine import HostMemory
from models.profile import load_profile
from services.api.routes import system
from services.cli.launcher import fitting_roles
from services.library.record.types import Lane
from services.settings import Settings
from tests.docker.kubernetes import built, bytes_of, container
from tests.test_docs import environment_names, parse
from workers.app import queue_name

KEDA = "keda.sh/v1alpha1"
VERSIONS = ("1.30", "1.34", "1.37")


@pytest.fixture(scope="module")
def things(tmp_path_factory) -> list[dict]:
    return built(tmp_path_factory.mktemp("kubernetes"))


def of(things: list[dict], kind: str) -> dict[str, dict]:
    return {thing["metadata"]["name"]: thing for thing in things if thing["kind"] == kind}


def pods(things: list[dict]) -> dict[str, dict]:
    return of(things, "Deployment") | of(things, "Job")


@pytest.fixture(scope="module")
def settings(things) -> dict[str, str]:
    (config,) = of(things, "ConfigMap").values()
    return config["data"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_fits_the_schema_of_kubernetes(things, version) -> None:
    for thing in things:
        if thing["apiVersion"] != KEDA:
            kubernetes_validate.validate(thing, version, strict=True)


def test_every_command_exists(things) -> None:
    for thing in pods(things).values():
        parse([argument.replace("$(REELWISE_PROFILE)", "standard") for argument in container(thing)["args"]])


def test_every_variable_is_a_setting_or_read_somewhere(things, settings) -> None:
    (secret,) = of(things, "Secret").values()
    named = {*settings, *secret["data"]}
    named |= {variable["name"] for thing in pods(things).values() for variable in container(thing).get("env", ())}
    assert {name for name in named if name.startswith("REELWISE_")} <= environment_names()


def test_the_settings_are_taken_as_they_are(settings, things, monkeypatch, tmp_path) -> None:
    (secret,) = of(things, "Secret").values()
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for name, value in secret["data"].items():
        monkeypatch.setenv(name, base64.b64decode(value).decode())
    assert not Settings(data_dir=tmp_path).embedded


def test_each_lane_has_workers_of_its_own_which_grow_with_its_queue(things, tmp_path) -> None:
    scaled = of(things, "ScaledObject")
    deployments = of(things, "Deployment")
    embedded_not = Settings(data_dir=tmp_path, broker_url="redis://127.0.0.1:6379/0")
    for lane in Lane:
        arguments = container(deployments[lane.value])["args"]
        assert [arguments[at + 1] for at, word in enumerate(arguments) if word == "--lane"] == [lane.value]
        spec = scaled[lane.value]["spec"]
        assert spec["scaleTargetRef"]["name"] == lane.value
        assert spec["triggers"][0]["metadata"]["listName"] == queue_name(embedded_not, lane)
        # Both would count the workers otherwise.
        assert "replicas" not in deployments[lane.value]["spec"]
    (secret,) = of(things, "Secret").values()
    (reference,) = of(things, "TriggerAuthentication")["redis"]["spec"]["secretTargetRef"]
    assert reference["name"] == secret["metadata"]["name"]
    assert reference["key"] in secret["data"]


def test_no_pod_runs_as_root_or_can_write_its_image(things) -> None:
    for name, thing in pods(things).items():
        spec = thing["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["automountServiceAccountToken"] is False, name
        inside = container(thing)["securityContext"]
        assert inside["readOnlyRootFilesystem"], name
        assert inside["allowPrivilegeEscalation"] is False, name
        assert inside["capabilities"]["drop"] == ["ALL"], name


def test_the_name_of_a_service_does_not_become_a_setting(things) -> None:
    assert all(thing["spec"]["template"]["spec"]["enableServiceLinks"] is False for thing in pods(things).values())


def test_pods_are_given_longer_to_end_than_running_lanes_are(things, settings) -> None:
    for name, thing in of(things, "Deployment").items():
        grace = thing["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert grace >= float(settings["REELWISE_SHUTDOWN_S"]) + 15, name


def test_probes_ask_for_what_the_api_answers(things) -> None:
    api = container(of(things, "Deployment")["api"])
    asked = {api[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert asked <= {route.path for route in system.router.routes}
    # A server that is away makes no API that has to be started again.
    assert api["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_every_deployment_but_the_sweep_keeps_some_pods_while_nodes_are_emptied(things) -> None:
    kept = {
        tuple(budget["spec"]["selector"]["matchLabels"].items())
        for budget in of(things, "PodDisruptionBudget").values()
    }
    for name, thing in of(things, "Deployment").items():
        labels = thing["spec"]["selector"]["matchLabels"]
        assert (tuple(labels.items()) in kept) == (name != "sweep")


@pytest.mark.parametrize("lane", list(Lane))
def test_the_models_of_a_lane_fit_the_memory_of_its_pods(things, settings, lane, monkeypatch, tmp_path) -> None:
    pod = container(of(things, "Deployment")[lane.value])
    limit = bytes_of(pod["resources"]["limits"]["memory"])
    monkeypatch.setattr("models.memory.host_memory", lambda _: HostMemory(limit, "the pod"))
    arguments = pod["args"]
    children = int(arguments[arguments.index("--concurrency") + 1]) if "prefork" in arguments else 1
    profile = load_profile(settings["REELWISE_PROFILE"])
    fitting_roles(Settings(data_dir=tmp_path), profile, frozenset({lane}), processes=children)
