from __future__ import annotations

import hashlib
import io
import ipaddress
import os
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.intake import NamedStream, submit_path, submit_upload, submit_url
from services.intake.addresses import check_url, is_public
from services.intake.errors import (
    InvalidSubmission,
    SourceForbidden,
    SourceNotFound,
    SourceUnreadable,
    UploadTooLarge,
)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        routes = {"/loop": "/loop", "/inside": "http://169.254.169.254/latest", "/moved": "/video.mp4"}
        path = self.path.split("?")[0]
        if path in routes:
            self.send_response(302)
            self.send_header("Location", routes[path])
            self.end_headers()
            return
        self.send_response(200 if self.path.startswith("/video") else 404)
        self.end_headers()
        self.wfile.write(b"moving pictures")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server():
    running = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=partial(running.serve_forever, poll_interval=0.01))
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def leftovers(library) -> list:
    folder = library.settings.data_dir / "incoming"
    return list(folder.iterdir()) if folder.exists() else []


def test_a_path_is_stored_with_the_subtitles_beside_it(empty) -> None:
    root = empty.settings.allowed_roots[0]
    (root / "a.mp4").write_bytes(b"video")
    (root / "a.srt").write_bytes(b"subtitles")
    (root / "a.zh-Hans.vtt").write_bytes(b"more")
    (root / "ab.srt").write_bytes(b"another video's")
    receipt = submit_path(empty, root / "a.mp4")
    submission = empty.record.uploads(receipt.video.id)[0].submission
    assert receipt.video.sha256 == hashlib.sha256(b"video").hexdigest()
    assert empty.blobs.get_bytes(receipt.video.blob_key) == b"video"
    assert [empty.blobs.get_bytes(key) for key in submission.sidecars] == [b"subtitles", b"more"]
    assert leftovers(empty) == []


def test_a_pipe_a_folder_and_a_missing_file_are_told_apart_and_none_hangs(empty) -> None:
    root = empty.settings.allowed_roots[0]
    os.mkfifo(root / "pipe.mp4")
    for name, error in (("pipe.mp4", SourceUnreadable), (".", SourceUnreadable), ("no.mp4", SourceNotFound)):
        with pytest.raises(error):
            submit_path(empty, root / name)


def test_an_upload_over_the_limit_leaves_nothing_behind(empty) -> None:
    small = empty.settings.model_copy(update={"max_upload_bytes": 10})
    library = type(empty)(small, empty.record, empty.blobs, empty.index)
    with pytest.raises(UploadTooLarge, match="10 bytes"):
        submit_upload(library, NamedStream("../../a.mp4", io.BytesIO(b"x" * 11)))
    assert leftovers(library) == []
    assert empty.record.videos() == []


def test_a_url_is_fetched_from_an_allowed_host_through_redirects(empty, server) -> None:
    receipt = submit_url(empty, f"{server}/moved?signature=secret")
    assert receipt.video.sha256 == hashlib.sha256(b"moving pictures").hexdigest()
    assert "secret" not in empty.record.uploads(receipt.video.id)[0].submission.source
    with pytest.raises(SourceNotFound):
        submit_url(empty, f"{server}/gone")


@pytest.mark.parametrize("path", ["/loop", "/inside"])
def test_a_redirect_that_loops_or_leads_elsewhere_is_refused(empty, server, path) -> None:
    with pytest.raises(SourceForbidden):
        submit_url(empty, server + path)


def test_a_host_that_leads_to_this_machine_is_refused_unless_named_by_its_address(monkeypatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *a, **k: [(2, 1, 6, "", ("127.0.0.1", 80))])
    with pytest.raises(SourceForbidden, match="not a public address"):
        check_url("http://cdn.example.com/v.mp4", ["cdn.example.com"])
    assert str(check_url("http://localhost/v.mp4", ["localhost"]).address) == "127.0.0.1"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "http://a:b@127.0.0.1/", "http://127.0.0.1:x/"])
def test_what_is_no_plain_web_address_is_refused(url) -> None:
    with pytest.raises(InvalidSubmission):
        check_url(url, ["127.0.0.1"])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("224.0.0.1", False),
        ("2606:4700::1111", True),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address, public) -> None:
    assert is_public(ipaddress.ip_address(address)) is public
