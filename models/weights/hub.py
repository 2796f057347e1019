"""Weights of a model hub: what is to be fetched of a repository, and the pins that say exactly which bytes that is.

Nobody could know these files' sha256 where the catalogue was written, so the first fetch takes them down: the commit,
and the size and sha256 of each file, as the hub tells them over HTTPS (trust on first use). From then on the pins
decide, whatever mirror serves the files. They lie beside the weights in `hub.lock.json`, which may be copied elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from models.errors import ModelError, WeightsCorrupt
from models.weights.catalogue import HubWeight, Pin, PinnedFile, UrlSource
from models.weights.environment import Hub, preferred_hub
from models.weights.environment import hub as named_hub
from models.weights.progress import Progress
from models.weights.sources import URL_TIMEOUT_S, SourceError, download
from models.weights.store import sha256_of, write_durably

LOCK = "hub.lock.json"

_NEVER = ("onnx/*", "openvino/*", "*/onnx/*", "*/openvino/*", ".*", "*/.*")
_PINS = TypeAdapter(dict[str, Pin])


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Lfs(_Answer):
    sha256: str


class _Sibling(_Answer):
    rfilename: str
    size: int | None = None
    blobId: str | None = None  # noqa: N815 - the hub's own spelling
    lfs: _Lfs | None = None


class _HuggingFace(_Answer):
    sha: str
    siblings: tuple[_Sibling, ...]


class _ScopeFile(_Answer):
    Path: str
    Size: int = 0
    Sha256: str = ""
    Type: str = "blob"


class _ScopeFiles(_Answer):
    Files: tuple[_ScopeFile, ...]


class _ModelScope(_Answer):
    Data: _ScopeFiles


class Listed(BaseModel):
    """A file as a hub lists it: `sha256` where the hub knows it, else git's own id of the contents."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int
    sha256: str | None = None
    git_id: str | None = None


def read_pins(folder: Path) -> dict[str, Pin]:
    """The pins of a weights folder, by weight. Raises `ModelError` for a file that is none."""
    path = folder / LOCK
    try:
        return _PINS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        raise ModelError(f"{path} is damaged: {error}. Restore it, or remove it to take the pins anew") from error


def write_pin(folder: Path, name: str, pin: Pin) -> None:
    """Add a pin; the others stay."""
    pins = {**read_pins(folder), name: pin}
    write_durably(folder / LOCK, _PINS.dump_json(pins, indent=1).decode())


def pin_from_hub(weight: HubWeight, folder: Path, staging: Path, progress: Progress) -> Pin:
    """Ask the hub for the files and take them down; small files whose sha256 it does not tell are fetched at once.

    Raises `SourceError` when the hub does not answer, `ModelError` when the repository has no weights that may be read.
    """
    kind, repository = weight.at(preferred_hub())
    hub = named_hub(kind)
    revision, listed = _listing(hub, repository, weight.revision)
    progress.note(f"{weight.name}: pinned to {repository} at {revision}, as {hub.endpoint} tells it now.")
    chosen = [file for file in listed if wanted(weight, file.path)]
    check_format(weight, [file.path for file in chosen], [file.path for file in listed])
    files = []
    for file in chosen:
        digest = file.sha256
        if digest is None:
            url = UrlSource(kind="url", url=hub.file_url(repository, revision, file.path))
            digest = _fetched_at_once(weight, file, url, folder, staging, progress)
        if (known := weight.sha256.get(file.path, digest)) != digest:
            raise WeightsCorrupt(f"{hub.endpoint} has {file.path} of {weight.name} with sha256 {digest}, not {known}")
        files.append(PinnedFile(path=file.path, size=file.size, sha256=digest))
    return _pin(hub.kind, repository, revision, files)


def pin_from_folder(weight: HubWeight, origin: Path) -> Pin:
    """Take down what a folder holds, for machines without a network. Raises `ModelError` as `pin_from_hub`."""
    paths = sorted(str(path.relative_to(origin)) for path in origin.rglob("*") if path.is_file())
    chosen = [path for path in paths if wanted(weight, path)]
    check_format(weight, chosen, paths)
    files = [
        PinnedFile(path=path, size=(origin / path).stat().st_size, sha256=sha256_of(origin / path)) for path in chosen
    ]
    whole = hashlib.sha256("".join(file.path + file.sha256 for file in files).encode()).hexdigest()
    return _pin("folder", weight.at("huggingface")[1], whole[:40], files)


def wanted(weight: HubWeight, path: str) -> bool:
    """Whether a file of the repository is one of the weight's."""
    return any(fnmatchcase(path, pattern) for pattern in weight.include) and not any(
        fnmatchcase(path, pattern) for pattern in _NEVER
    )


def check_format(weight: HubWeight, chosen: Iterable[str], all_paths: Iterable[str]) -> None:
    """Raise `ModelError` where the repository has no weights in the format that may be read."""
    ending = {"safetensors": ".safetensors", "ctranslate2": "model.bin", "onnx": ".onnx"}[weight.format]
    if not any(path.endswith(ending) for path in chosen):
        pickled = [path for path in all_paths if path.endswith((".bin", ".pt", ".pth", ".ckpt", ".pkl"))]
        why = f"; {', '.join(pickled[:3])} may hold code and is not read" if pickled else ""
        raise ModelError(
            f"{weight.origin} holds no {weight.format} weights{why}. Convert it where you trust it, and name the "
            "folder in a profile"
        )


def _pin(
    kind: Literal["huggingface", "modelscope", "folder"], repository: str, revision: str, files: list[PinnedFile]
) -> Pin:
    return Pin(
        source=kind,
        repository=repository,
        revision=revision,
        files=tuple(files),
        taken=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _listing(hub: Hub, repository: str, revision: str) -> tuple[str, list[Listed]]:
    """The commit (ModelScope: the branch or tag, of which the files' sha256 are told) and all files."""
    if hub.kind == "modelscope":
        branch = "master" if revision == "main" else revision
        scope = _ModelScope.model_validate_json(
            _asked(f"{hub.endpoint}/api/v1/models/{repository}/repo/files?Revision={branch}&Recursive=true")
        )
        blobs = [file for file in scope.Data.Files if file.Type != "tree"]
        return branch, [Listed(path=f.Path, size=f.Size, sha256=f.Sha256 or None) for f in blobs]
    told = _HuggingFace.model_validate_json(
        _asked(f"{hub.endpoint}/api/models/{repository}/revision/{revision}?blobs=true")
    )
    return told.sha, [
        Listed(path=s.rfilename, size=s.size or 0, sha256=s.lfs.sha256 if s.lfs else None, git_id=s.blobId)
        for s in told.siblings
    ]


def _asked(url: str) -> bytes:
    try:
        answer = httpx.get(url, timeout=URL_TIMEOUT_S, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise SourceError(f"{url} answered {error.response.status_code}") from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise SourceError(f"{url}: {error}") from error
    return answer.content


def _fetched_at_once(
    weight: HubWeight, file: Listed, url: UrlSource, folder: Path, staging: Path, progress: Progress
) -> str:
    """Fetch a small file, hold it against git's id of it, put it in place; its sha256."""
    partial = staging / f"{hashlib.sha256(url.url.encode()).hexdigest()}.part"
    download(url, partial, file.size, f"{weight.name}/{file.path}", progress)
    data = partial.read_bytes()
    git_id = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    if file.git_id is not None and git_id != file.git_id:
        partial.unlink()
        raise WeightsCorrupt(f"{url.url} served other contents than the hub lists (git id {git_id}, not {file.git_id})")
    final = folder / weight.name / file.path
    final.parent.mkdir(parents=True, exist_ok=True)
    partial.replace(final)
    return hashlib.sha256(data).hexdigest()
