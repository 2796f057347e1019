"""`/readyz` says within its time limit which part is not there, and what to do."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.library import Library
from services.settings import Settings
from services.telemetry.probes import Probe, Probes


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    engines = Runtime(load_profile("lite"), Settings().models_dir)
    yield engines
    engines.close()


def asked(library: Library, models: Runtime) -> httpx.Response:
    app = create_app(Service(library, models, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        return http.get("/readyz")


@pytest.mark.models
def test_all_is_well(plain: Library, runtime: Runtime) -> None:
    answer = asked(plain, runtime)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["checks"]) == {"record", "blobs", "index", "weights", "worker"}
    assert all(check["ok"] and check["remedy"] is None for check in answer.json()["checks"].values())


def test_a_missing_part_is_named_with_its_remedy(plain: Library, runtime: Runtime, tmp_path) -> None:
    shutil.rmtree(plain.settings.data_dir / "blobs")
    closed = Runtime(load_profile("lite"), tmp_path / "no-weights")
    nowhere = plain.settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0", "ready_timeout_s": 2.0})
    answer = asked(replace(plain, settings=nowhere), closed)
    assert answer.status_code == 503
    wrong = {name: check for name, check in answer.json()["checks"].items() if not check["ok"]}
    assert set(wrong) == {"blobs", "broker", "weights"}
    assert "REELWISE_BLOB_URL" in wrong["blobs"]["remedy"]
    assert "REELWISE_BROKER_URL" in wrong["broker"]["remedy"]
    assert "reelwise models fetch" in wrong["weights"]["remedy"]


def test_a_part_that_hangs_is_told_and_keeps_one_thread_only() -> None:
    release, begun = threading.Event(), []

    def hang() -> None:
        begun.append(1)
        release.wait(60)

    probes = Probes({"slow": Probe(hang, "Wake it."), "quick": Probe(lambda: None, "-")}, timeout_s=0.05)
    first = probes.findings()
    assert first["quick"].problem is None
    assert "no answer" in str(first["slow"].problem)
    assert first["slow"].remedy == "Wake it."
    probes._at = float("-inf")  # the answer's moment has passed
    assert "no answer" in str(probes.findings()["slow"].problem)
    assert begun == [1]
    release.set()


def test_a_problem_s_text_holds_no_password() -> None:
    def refuse() -> None:
        raise OSError("amqp://guest:hunter2@mq refused")

    found = Probes({"broker": Probe(refuse, "Start it.")}, timeout_s=30).findings()["broker"]
    assert found.problem == "amqp://guest:[hidden]@mq refused"
