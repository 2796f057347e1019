"""The manifests as `kubectl apply -k` would send them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "docker/kubernetes"


def built(scratch: Path) -> list[dict]:
    """Everything that kustomize makes of the folder and of the example's secrets; skips without kubectl 1.27."""
    command = shutil.which("kubectl")
    if command is None:
        pytest.skip("kubectl is not installed (https://kubernetes.io/docs/tasks/tools/)")
    told = subprocess.run([command, "version", "--client", "-o", "json"], capture_output=True, text=True, check=True)
    if not json.loads(told.stdout).get("kustomizeVersion", "v0").startswith("v5"):
        pytest.skip("kubectl is older than 1.27, whose kustomize (5) the manifests are written for")
    shutil.copytree(FOLDER, scratch / "kubernetes")
    shutil.copy(FOLDER / "secrets.example", scratch / "kubernetes/secrets.env")
    made = subprocess.run(
        [command, "kustomize", str(scratch / "kubernetes")], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return list(yaml.safe_load_all(made.stdout))


def bytes_of(quantity: str) -> int:
    """Kubernetes' own notation of memory, as far as the manifests use it."""
    factors = {"Mi": 1024**2, "Gi": 1024**3}
    return int(quantity[:-2]) * factors[quantity[-2:]]


def container(thing: dict) -> dict:
    """The one container of a Deployment or a Job."""
    (only,) = thing["spec"]["template"]["spec"]["containers"]
    return only
