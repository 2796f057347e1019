"""Weights of a hub: pinned at first sight, verified from then on, from any server; offline and budget are kept."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from models.errors import ModelError, WeightsCorrupt, WeightsMissing
from models.weights import path_of, status, verify
from models.weights.catalogue import Catalogue
from models.weights.fetch import fetch
from models.weights.hub import LOCK, read_pins
from models.weights.pinned import catalogue_at
from models.weights.prune import prunable, remove

COMMIT = "3f2a" * 10
FILES = {
    "config.json": b'{"model_type": "tiny"}',
    "1_Pooling/config.json": b"{}",
    "model.safetensors": bytes(range(256)) * 40,
    "empty.txt": b"",
}
REFUSED = {"pytorch_model.bin": b"pickle", "modeling_tiny.py": b"print()", "onnx/config.json": b"{}"}


def catalogue(**more: Any) -> Catalogue:
    entry = {
        "name": "tiny", "role": "text", "title": "Tiny", "licence": "MIT", "repository": "acme/tiny",
        "modelscope": "acme/scoped", "size": 20_000,
    }  # fmt: skip
    return Catalogue.model_validate({"weights": [], "hub": [entry | more]})


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def published(server: Any, files: dict[str, bytes], commit: str = COMMIT, revision: str = "main") -> None:
    """The files as Hugging Face serves them: large ones with their sha256, small ones with git's id alone."""
    siblings = [
        {"rfilename": path, "size": len(data), "blobId": git_id(data)}
        | ({"lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}} if len(data) > 5000 else {})
        for path, data in files.items()
    ]
    server.files[f"api/models/acme/tiny/revision/{revision}?blobs=true"] = json.dumps(
        {"sha": commit, "siblings": siblings, "private": False}
    ).encode()
    for path, data in files.items():
        server.files[f"acme/tiny/resolve/{commit}/{path}"] = data


@pytest.fixture(autouse=True)
def hub(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("HF_ENDPOINT", "HF_HUB_OFFLINE", "REELWISE_OFFLINE", "REELWISE_WEIGHTS_FOLDER", "REELWISE_HUB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REELWISE_HUGGINGFACE_ENDPOINT", server.url)
    monkeypatch.setenv("REELWISE_MODELSCOPE_ENDPOINT", server.url)
    published(server, FILES | REFUSED)
    return server


def fetched(folder: Path, known: Catalogue | None = None, **more: Any) -> Path:
    (one,) = fetch(["tiny"], folder=folder, catalogue=known or catalogue(), **more)
    return one.path


def test_the_first_fetch_pins_the_commit_and_every_files_sha256(tmp_path: Path) -> None:
    place = fetched(tmp_path)
    assert {
        str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file() and p.name[0] != "."
    } == FILES
    pin = read_pins(tmp_path)["tiny"]
    assert (pin.revision, pin.repository, pin.source) == (COMMIT, "acme/tiny", "huggingface")
    assert {file.path: file.sha256 for file in pin.files} == {
        p: hashlib.sha256(d).hexdigest() for p, d in FILES.items()
    }


def test_what_may_hold_code_is_never_fetched(tmp_path: Path, hub: Any) -> None:
    place = fetched(tmp_path)
    assert not any((place / path).exists() for path in REFUSED)
    with pytest.raises(ValueError, match="may hold code"):
        catalogue(include=["*.py"])
    with pytest.raises(ValueError, match="may hold code"):
        catalogue(include=["*.bin"])


def test_a_repository_of_pickles_alone_is_refused_and_nothing_is_pinned(tmp_path: Path, hub: Any) -> None:
    published(hub, {"config.json": b"{}", "pytorch_model.bin": b"pickle"})
    with pytest.raises(ModelError, match=r"no safetensors weights; pytorch_model\.bin may hold code"):
        fetched(tmp_path)
    assert not (tmp_path / LOCK).exists()


def test_a_later_commit_of_the_branch_changes_nothing_once_pinned(tmp_path: Path, hub: Any) -> None:
    place = fetched(tmp_path)
    published(hub, FILES | {"model.safetensors": b"other" * 2000}, commit="beef" * 10)
    shutil.rmtree(place)
    assert (fetched(tmp_path) / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_bytes_that_are_not_the_pinned_ones_are_refused(tmp_path: Path, hub: Any) -> None:
    place = fetched(tmp_path)
    (place / "model.safetensors").unlink()
    hub.files[f"acme/tiny/resolve/{COMMIT}/model.safetensors"] = b"x" * len(FILES["model.safetensors"])
    with pytest.raises(WeightsCorrupt, match="sha256"):
        fetched(tmp_path)
    assert not (place / "model.safetensors").exists()


def test_a_small_file_is_held_against_what_the_hub_lists(tmp_path: Path, hub: Any) -> None:
    hub.files[f"acme/tiny/resolve/{COMMIT}/config.json"] = b'{"model_type": "evil"}'
    with pytest.raises(WeightsCorrupt, match="other contents than the hub lists"):
        fetched(tmp_path)
    assert read_pins(tmp_path) == {}


def test_a_sha256_that_the_catalogue_knows_beforehand_binds_the_first_fetch(tmp_path: Path) -> None:
    with pytest.raises(WeightsCorrupt, match=r"model\.safetensors of tiny with sha256 .* not 0000"):
        fetched(tmp_path, catalogue(sha256={"model.safetensors": "0" * 64}))


def test_a_cut_download_goes_on_where_it_ended(tmp_path: Path, hub: Any) -> None:
    small = {path: data for path, data in FILES.items() if path != "model.safetensors"}
    fetched(tmp_path)
    shutil.rmtree(tmp_path / "tiny")
    for path, data in small.items():
        (tmp_path / "tiny" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tiny" / path).write_bytes(data)
    hub.cuts, hub.cut_after, hub.asked = 2, 3000, []
    assert (fetched(tmp_path) / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert hub.asked == [None, "bytes=3000-", "bytes=6000-"]


def test_progress_names_every_file_with_its_bytes(tmp_path: Path) -> None:
    class Told:
        def __init__(self) -> None:
            self.started: dict[str, int] = {}
            self.finished: list[str] = []

        def start(self, item: str, total: int) -> None:
            self.started[item] = total

        def advance(self, item: str, done: int) -> None:
            assert done <= self.started[item]

        def finish(self, item: str) -> None:
            self.finished.append(item)

        def note(self, message: str) -> None:
            pass

    told = Told()
    fetched(tmp_path, progress=told)
    assert told.started == {f"tiny/{path}": len(data) for path, data in FILES.items()}
    assert set(told.finished) == set(told.started)


def test_modelscope_serves_the_same_weights_by_setting(
    tmp_path: Path, hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELWISE_HUB", "modelscope")
    listed = [
        {"Path": path, "Size": len(data), "Sha256": hashlib.sha256(data).hexdigest(), "Type": "blob"}
        for path, data in (FILES | REFUSED).items()
    ]
    answer = {"Code": 200, "Data": {"Files": [*listed, {"Path": "1_Pooling", "Size": 0, "Type": "tree"}]}}
    hub.files["api/v1/models/acme/scoped/repo/files?Revision=master&Recursive=true"] = json.dumps(answer).encode()
    for path, data in FILES.items():
        hub.files[f"models/acme/scoped/resolve/master/{path}"] = data
    assert (fetched(tmp_path) / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert read_pins(tmp_path)["tiny"].source == "modelscope"
    monkeypatch.setenv("REELWISE_HUB", "the moon")
    with pytest.raises(ModelError, match="REELWISE_HUB is 'the moon'; it may be huggingface or modelscope"):
        fetch(["tiny"], folder=tmp_path / "other", catalogue=catalogue())


@pytest.mark.parametrize("variable", ["REELWISE_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_nothing_is_asked_and_what_is_missing_is_told(
    tmp_path: Path, hub: Any, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(WeightsMissing, match=rf"{variable} is set.* come from https://huggingface\.co/acme/tiny"):
        fetched(tmp_path)
    monkeypatch.delenv(variable)
    place = fetched(tmp_path)
    monkeypatch.setenv(variable, "1")
    hub.asked.clear()
    assert fetched(tmp_path) == place
    (place / "model.safetensors").unlink()
    with pytest.raises(WeightsMissing, match=rf"tiny/model\.safetensors \(10\.2 kB\) from {hub.url}/acme/tiny"):
        fetched(tmp_path)
    assert hub.asked == []


def test_a_folder_serves_a_machine_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELWISE_OFFLINE", "1")
    for path, data in (FILES | REFUSED).items():
        (tmp_path / "brought/tiny" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "brought/tiny" / path).write_bytes(data)
    place = fetched(tmp_path / "weights", local=tmp_path / "brought")
    assert (place / "1_Pooling/config.json").is_file()
    assert not (place / "modeling_tiny.py").exists()
    assert read_pins(tmp_path / "weights")["tiny"].source == "folder"


def test_a_budget_that_would_be_passed_refuses_before_the_first_byte(
    tmp_path: Path, hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.bin").write_bytes(b"x" * 15_000)
    monkeypatch.setenv("REELWISE_WEIGHTS_BUDGET_BYTES", "30000")
    with pytest.raises(ModelError, match=r"tiny \(20\.0 kB\) would pass the budget of 30\.0 kB .* other 15\.0 kB"):
        fetched(tmp_path)
    assert hub.asked == []
    monkeypatch.setenv("REELWISE_WEIGHTS_BUDGET_BYTES", "40000")
    fetched(tmp_path)
    monkeypatch.setenv("REELWISE_WEIGHTS_BUDGET_BYTES", "lots")
    with pytest.raises(ModelError, match="must be a number of bytes"):
        fetch(["tiny"], folder=tmp_path / "fresh", catalogue=catalogue())


def test_pruning_removes_what_is_not_kept_and_leaves_strangers_and_pins(tmp_path: Path) -> None:
    fetched(tmp_path)
    (tmp_path / "my own model").mkdir()
    assert prunable(tmp_path, keep={"tiny"}, catalogue=catalogue()) == []
    found = prunable(tmp_path, keep=set(), catalogue=catalogue())
    assert [(one.name, one.size > 10_000) for one in found] == [("tiny", True)]
    remove(tmp_path, found)
    assert not (tmp_path / "tiny").exists()
    assert (tmp_path / "my own model").is_dir()
    assert "tiny" in read_pins(tmp_path)


def test_damaged_pins_are_told_and_not_taken_anew_in_silence(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("{")
    with pytest.raises(ModelError, match="is damaged"):
        fetched(tmp_path)


def test_weights_that_were_never_fetched_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"never fetched here\. Run: reelwise models fetch qwen3-embedding-0\.6b"):
        path_of("qwen3-embedding-0.6b", tmp_path)


def test_pinned_weights_are_listed_found_and_verified_like_all_others(tmp_path: Path) -> None:
    place = fetched(tmp_path)
    known = catalogue_at(tmp_path, catalogue())
    assert path_of("tiny", tmp_path, catalogue=known) == place
    assert [one.state for one in status(["tiny"], folder=tmp_path, catalogue=known)] == ["ready"]
    (place / "config.json").write_bytes(b"{}")
    problems = {one.file: one.ok for one in verify(["tiny"], folder=tmp_path, catalogue=known)}
    assert problems["config.json"] is False
    assert problems["model.safetensors"] is True
