"""Tiny wheels, a catalogue of them, and a server that can cut connections: all real, all local."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.weights.catalogue import Catalogue


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path, name: str, members: Mapping[str, bytes], version: str = "1.0") -> Path:
    """A valid pure wheel that pip accepts."""
    info = f"{name}-{version}.dist-info"
    content = {
        **members,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}\n"
        for path, data in content.items()
    )
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in content.items():
            archive.writestr(path, data)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return wheel


def wheel_part(name: str, member: str, data: bytes) -> dict[str, object]:
    return {"distribution": name, "version": "1.0", "size": 2000, "member": member, "sha256": sha(data)}


def catalogue_of(name: str, files: Mapping[str, bytes], sources: Mapping[str, list[dict[str, object]]]) -> Catalogue:
    """A catalogue of one weight."""
    return Catalogue.model_validate(
        {
            "weights": [
                {
                    "name": name,
                    "role": "speech",
                    "title": "A test's weights",
                    "licence": "MIT",
                    "homepage": "here",
                    "revision": "1",
                    "files": [
                        {"path": path, "size": len(data), "sha256": sha(data), "sources": sources[path]}
                        for path, data in files.items()
                    ],
                }
            ]
        }
    )


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip, and nothing else, gets its wheels from."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


@dataclass
class FileServer:
    """Serves `files` with ranges; the first `cuts` answers end after `cut_after` bytes."""

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: int = 0
    cut_after: int = 0
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[FileServer]:
    state = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = state.files.get(self.path.lstrip("/"))
            if data is None:
                self.send_error(404)
                return
            wanted = self.headers.get("Range")
            state.asked.append(wanted)
            offset = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and state.ranges else 0
            self.send_response(206 if offset else 200)
            self.send_header("Content-Length", str(len(data) - offset))
            self.end_headers()
            body = data[offset:]
            if state.cuts:
                state.cuts -= 1
                body = body[: state.cut_after]
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield state
        http.shutdown()
        thread.join()
