"""The compose file is what the specification takes, runs commands that exist, and hides what it should.

No engine is at hand: nothing here starts a container.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from services.library.record.types import Lane
from tests.test_docs import environment_names, parse

DOCKER = Path(__file__).parents[2] / "docker"
FILE = DOCKER / "compose.yaml"
OWN_IMAGES = {"reelwise:cpu", "reelwise:cuda"}
_VARIABLE = re.compile(r"\$\{(\w+)(:[-?][^}]*)?\}")


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]


def own(services: dict[str, dict]) -> dict[str, dict]:
    return {name: one for name, one in services.items() if one["image"] in OWN_IMAGES}


def lanes(service: dict) -> list[str]:
    command = service["command"]
    return [command[at + 1] for at, word in enumerate(command) if word == "--lane"]


def test_the_file_fits_the_specification() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


def test_every_command_exists(services) -> None:
    for service in own(services).values():
        parse([_VARIABLE.sub("lite", argument) for argument in service["command"]])


def test_every_variable_is_a_setting_or_read_somewhere(services) -> None:
    for service in own(services).values():
        assert {name for name in service["environment"] if name.startswith("REELWISE_")} <= environment_names()


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_the_workers_of_a_profile_serve_each_lane_once(services, profile) -> None:
    running = [one for one in own(services).values() if profile in one.get("profiles", [profile])]
    served = [lane for one in running if one["command"][0] == "worker" for lane in lanes(one)]
    assert sorted(served) == sorted(lane.value for lane in Lane)


def test_what_is_published_stays_on_this_machine_unless_it_is_set(services) -> None:
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("${PUBLISH_ADDRESS:-127.0.0.1}:") for port in ports)


def test_every_image_is_pinned(services) -> None:
    for name, service in services.items():
        tag = service["image"].partition(":")[2]
        assert re.match(r"v?\d+\.\d+", tag) or service["image"] in OWN_IMAGES, name


def test_secrets_come_from_the_environment_and_the_example_names_all_of_it(services) -> None:
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY|SECRET", variable):
                assert re.fullmatch(r"\$\{\w+(:\?[^}]+|:-none)\}", value), f"{name}: {variable}"
    example = (DOCKER / "env.example").read_text(encoding="utf-8")
    known = set(re.findall(r"^(?:# )?(\w+)=", example, re.MULTILINE))
    assert {found.group(1) for found in _VARIABLE.finditer(FILE.read_text(encoding="utf-8"))} == known
    assert all(line.endswith("=") for line in example.splitlines() if re.match(r"\w*(PASSWORD|KEY)=", line))


def test_every_service_drops_what_it_does_not_need(services) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert name == "volumes" or service["security_opt"] == ["no-new-privileges:true"], name
    assert {name for name, service in services.items() if not service.get("read_only")} == {"qdrant", "vllm"}


def test_every_server_and_worker_tells_how_it_is(services) -> None:
    silent = {name for name, service in services.items() if "healthcheck" not in service}
    assert silent == {"volumes", "weights", "sweep"}


def test_containers_are_given_longer_to_end_than_running_lanes_are(services) -> None:
    for name, service in own(services).items():
        if service["command"][0] == "worker":
            grace = int(service["stop_grace_period"].removesuffix("s"))
            assert grace >= float(service["environment"]["REELWISE_SHUTDOWN_S"]) + 15, name


def test_prometheus_looks_for_services_that_there_are_at_ports_that_they_have(services) -> None:
    jobs = yaml.safe_load((DOCKER / "prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    for found in (one for job in jobs for one in job.get("dns_sd_configs", ())):
        assert set(found["names"]) <= set(services)
        for name in set(found["names"]) & set(own(services)):
            environment = services[name]["environment"]
            assert str(found["port"]) in (environment.get("REELWISE_METRICS_PORT"), "8765")


def test_what_is_mounted_from_the_folder_is_there(services) -> None:
    for service in services.values():
        for volume in service.get("volumes", ()):
            if volume.startswith("./") and not volume.startswith("./secrets"):
                assert (DOCKER / volume.partition(":")[0]).exists(), volume
