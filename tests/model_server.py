"""A model server that answers as it is told to, well or badly: refusing, stalling, breaking off, lying."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[["Handler"], None]


@dataclass
class Times:
    """A clock that stands still but for what is slept."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Handler(BaseHTTPRequestHandler):
    """One request; `server` is the `Servant`'s."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        servant: Servant = self.server.servant  # type: ignore[attr-defined]
        self.asked(None)
        if servant.models is None:
            self.say(404, {"error": {"message": "no such route"}})
        else:
            self.say(200, {"object": "list", "data": [{"id": name} for name in servant.models]})

    def do_POST(self) -> None:
        servant: Servant = self.server.servant  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked(body)
        reply = servant.replies.pop(0) if len(servant.replies) > 1 else servant.replies[0]
        reply(self)

    def asked(self, body: Any) -> None:
        servant: Servant = self.server.servant  # type: ignore[attr-defined]
        servant.headers.append(dict(self.headers))
        if body is not None:
            servant.asked.append(body)

    def say(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@dataclass
class Servant:
    """What the server has, what it answers to chats (in turn, the last one for ever), and what it was asked."""

    url: str = ""
    models: list[str] | None = field(default_factory=lambda: ["m"])
    replies: list[Reply] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)


class Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hung up."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """They do so on purpose here."""


@contextmanager
def serving(port: int = 0) -> Iterator[Servant]:
    """A server on a free loopback port, until the block ends."""
    servant = Servant()
    server = Quiet(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.servant = servant  # type: ignore[attr-defined]
    servant.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield servant
    finally:
        servant.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answering(text: str | None, *, finish: str = "stop", tokens: tuple[int, int] = (10, 5), **message: Any) -> Reply:
    """A chat completion with this text."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return lambda handler: handler.say(200, {"choices": [choice], "usage": usage})


def refusing(status: int, said: str = "no", **headers: str) -> Reply:
    """An error as OpenAI words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.say(status, {"error": {"message": said}}, named)


def without_schemas(reply: Reply) -> Reply:
    """A server that refuses `response_format` and answers without it."""

    def answer(handler: Handler) -> None:
        body = handler.server.servant.asked[-1]  # type: ignore[attr-defined]
        (refusing(400, "response_format is not supported here") if "response_format" in body else reply)(handler)

    return answer


def stalling(handler: Handler) -> None:
    """Takes the request and says nothing until the test ends."""
    handler.server.servant.stop.wait(10)  # type: ignore[attr-defined]


def breaking_off(handler: Handler) -> None:
    """Announces more than it sends, and hangs up."""
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.wfile.flush()
    handler.close_connection = True
