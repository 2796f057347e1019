"""Events reach an endpoint that fails, hangs, is down and comes back: signed, in order, once where it takes them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record.outbox import DeliveryState, WebhookEvent
from services.library.record.store import Record
from services.library.record.types import Lane, Submission
from services.library.understanding import Understanding, VideoFacts, VideoState
from services.settings import Settings
from services.webhooks import Sender, deliver, new_secret


class Receiver:
    """An endpoint on a free port. `answers` are taken in turn, then 204; `received` are (headers, body) of all."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.headers: dict[str, str] = {}
        self.hanging: threading.Event | None = None
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.received.append(({key.lower(): value for key, value in self.headers.items()}, body))
                if outer.hanging is not None:
                    outer.hanging.wait(60)
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                for header in outer.headers.items():
                    self.send_header(*header)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=partial(self._server.serve_forever, poll_interval=0.01), daemon=True).start()

    def stop(self) -> None:
        if self.hanging is not None:
            self.hanging.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?to=reelwise"

    @property
    def bodies(self) -> list[tuple[str, str]]:
        """(type, id of the video) of all that was received, in order."""
        read = [json.loads(body) for _, body in self.received]
        return [(message["type"], message["data"]["id"]) for message in read]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def library(tmp_path) -> Iterator[Library]:
    settings = Settings(
        data_dir=tmp_path / "data",
        allowed_hosts=("127.0.0.1",),
        webhook_timeout_s=0.5,
        webhook_backoff_s=0.01,
        webhook_attempts=3,
    )
    with Library.open(settings, IndexDims(text=8, visual=8, sound=8)) as opened:
        yield opened


@pytest.fixture
def end(library: Library) -> Callable[..., str]:
    """`end(name)`: a video that came to its end; its id."""

    def make(name: str, state: VideoState = VideoState.READY) -> str:
        digest = sha256(name.encode()).hexdigest()
        video, _ = library.record.submit(Submission(digest, 1, f"videos/{digest}", name, uploader="amy"))
        now = datetime.now(UTC)
        if state is VideoState.READY:
            facts = VideoFacts(id=video.id, source=name, sha256=digest, title=name)
            library.record.put_understanding(Understanding(state=VideoState.READY, video=facts))
            for lane, following in zip(Lane, [*list(Lane)[1:], None], strict=True):
                lease = library.record.claim(video.id, lane, now=now, lease_s=60)
                assert lease is not None
                library.record.advance(lease, following)
        else:
            lease = library.record.claim(video.id, Lane.PREPARE, now=now, lease_s=60)
            assert lease is not None
            library.record.retry_later(lease, reason="broken", not_before=now, max_attempts=1)
        return video.id

    return make


@pytest.fixture
def hook(library: Library, receiver: Receiver) -> Callable[..., str]:
    """`hook(name)`: an endpoint at the receiver; its secret."""

    def put(name: str = "cms", events=tuple(WebhookEvent)) -> str:
        secret = new_secret()
        library.record.put_webhook(name, receiver.url, secret, events)
        return secret

    return put


def deliver_until(library: Library, wanted: Callable[[], bool], name: str = "cms") -> None:
    ends = time.monotonic() + 60
    while not wanted():
        assert time.monotonic() < ends, library.record.deliveries()
        hook = library.record.webhook(name)
        assert hook is not None
        deliver(library.record, library.settings, hook)
        time.sleep(0.005)


def pending(library: Library) -> int:
    return len(library.record.deliveries(state=DeliveryState.PENDING))


def test_a_message_is_signed_as_the_standard_says_and_tells_what_happened(library, receiver, hook, end) -> None:
    secret, video = hook(), None
    video = end("a")
    deliver_until(library, lambda: pending(library) == 0)
    ((headers, body),) = receiver.received
    told = Verifier(secret).verify(body, headers)
    assert (told["type"], told["data"]["id"], told["data"]["state"]) == ("video.ready", video, "ready")
    assert told["data"]["uploader"] == "amy"
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(body, headers)


def test_an_endpoint_that_fails_is_tried_again_with_the_same_id_until_it_takes_the_message(
    library, receiver, hook, end
) -> None:
    hook()
    receiver.answers = [500, 302]
    end("a")
    deliver_until(library, lambda: pending(library) == 0)
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len(receiver.received) == 3
    (delivery,) = library.record.deliveries()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 3)


def test_a_message_that_is_never_taken_is_dead_in_the_end_and_sent_again_on_request(
    library, receiver, hook, end
) -> None:
    hook()
    receiver.answers = [503, 503, 503]
    end("a")
    deliver_until(library, lambda: pending(library) == 0)
    (dead,) = library.record.deliveries(state=DeliveryState.DEAD)
    assert (dead.attempts, dead.last_error) == (3, "The endpoint answered 503.")
    assert library.record.webhook("cms").dead == 1
    assert library.record.retry_deliveries() == 1
    deliver_until(library, lambda: pending(library) == 0)
    assert library.record.deliveries()[0].state is DeliveryState.DELIVERED
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


def test_messages_about_a_video_come_in_order_and_wait_for_the_one_before(library, receiver, hook, end) -> None:
    hook()
    video = end("a", VideoState.FAILED)
    library.record.retry(video)
    end("a")
    other = end("b")
    receiver.answers = [500, 204, 500]
    deliver_until(library, lambda: pending(library) == 0)
    taken = [told for told in receiver.bodies if told[1] == video]
    assert taken == sorted(taken, key=lambda told: told[0] == "video.ready"), "failed first, however often"
    assert {told[0] for told in taken} == {"video.failed", "video.ready"}
    assert ("video.ready", other) in receiver.bodies


def test_an_endpoint_that_is_down_gets_everything_once_it_is_up(library, receiver, hook, end) -> None:
    hook()
    receiver.stop()
    videos = {end(name) for name in "abc"}
    target = library.record.webhook("cms")
    deliver(library.record, library.settings, target)
    assert receiver.received == []
    assert "ConnectError" in library.record.deliveries()[-1].last_error
    receiver.start()
    deliver_until(library, lambda: pending(library) == 0)
    assert {video for _, video in receiver.bodies} == videos
    assert len(receiver.received) == 3


def test_an_endpoint_that_hangs_holds_up_no_other_and_its_message_is_sent_again(library, receiver, hook, end) -> None:
    hook()
    good = Receiver()
    good.start()
    library.record.put_webhook("good", good.url, new_secret(), tuple(WebhookEvent))
    receiver.hanging = threading.Event()
    sender = Sender(library.record, library.settings)
    sender.start()
    try:
        videos = [end(name) for name in "abc"]
        wait_for(lambda: [video for _, video in good.bodies] == videos)
        wait_for(lambda: library.record.deliveries(webhook="cms")[-1].last_error is not None)
        receiver.hanging.set()
        receiver.hanging = None
        wait_for(lambda: library.record.webhook("cms").pending == 0)
    finally:
        sender.stop()
        good.stop()
    assert {video for _, video in receiver.bodies} == set(videos)


def test_of_several_senders_each_message_is_sent_by_one(library, receiver, hook, end) -> None:
    hook()
    for number in range(12):
        end(str(number))
    target = library.record.webhook("cms")
    records = [Record.open(library.settings.resolved_database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda record: deliver(record, library.settings, target), records))
    for record in records:
        record.close()
    assert sum(taken) == 12
    assert len(receiver.received) == 12


def test_a_sender_that_died_is_followed_by_another(library, receiver, hook, end) -> None:
    hook()
    end("a")
    claimed = library.record.claim_delivery("cms", lease_s=0.2)
    assert claimed is not None
    assert library.record.claim_delivery("cms", lease_s=60) is None
    deliver_until(library, lambda: pending(library) == 0)
    assert library.record.delivered(claimed) is False, "who was too late changes nothing"
    assert receiver.received[0][0]["webhook-id"] == claimed.message_id


def test_an_endpoint_that_is_gone_is_sent_nothing_more_until_it_is_put_anew(library, receiver, hook, end) -> None:
    hook()
    receiver.answers = [410]
    end("a")
    deliver_until(library, lambda: library.record.webhook("cms").disabled is not None)
    end("b")
    assert library.record.webhooks_due() == []
    assert library.record.deliveries()[0].state is DeliveryState.DEAD
    hook()
    end("c")
    deliver_until(library, lambda: pending(library) == 0)
    assert len(receiver.received) == 2


def test_an_endpoint_that_asks_for_peace_gets_it(library, receiver, hook, end) -> None:
    hook()
    receiver.answers, receiver.headers = [429], {"Retry-After": "3600"}
    end("a")
    deliver(library.record, library.settings, library.record.webhook("cms"))
    (delivery,) = library.record.deliveries()
    assert (delivery.not_before - datetime.now(UTC)).total_seconds() > 3000


def test_an_endpoint_hears_of_what_it_asked_for_alone(library, receiver, hook, end) -> None:
    hook(events=(WebhookEvent.FAILED,))
    end("a")
    failed = end("b", VideoState.FAILED)
    deliver_until(library, lambda: pending(library) == 0)
    assert receiver.bodies == [("video.failed", failed)]


def test_nothing_is_told_of_what_did_not_happen(library, hook, end) -> None:
    hook()
    video = end("a")
    library.record.retry(video)
    late = library.record.claim(video, Lane.PREPARE, now=datetime.now(UTC), lease_s=-1)
    library.record.claim(video, Lane.PREPARE, now=datetime.now(UTC), lease_s=60)
    assert library.record.reject(late, "too late") is False
    assert [each.event for each in library.record.deliveries()] == [WebhookEvent.READY]


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_the_api_keeps_endpoints_by_the_rules_for_fetching_and_shows_a_secret_once(library, receiver) -> None:
    runtime = Runtime(load_profile("lite"), library.settings.models_dir)
    app = create_app(Service(library, runtime, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        forbidden = http.put("/v1/webhooks/cms", json={"url": "http://169.254.169.254/latest"})
        assert forbidden.json()["error"]["code"] == "source_forbidden"
        made = http.put("/v1/webhooks/cms", json={"url": receiver.url}).json()
        assert made["secret"].startswith("whsec_")
        assert made["secret"] not in http.get("/v1/webhooks").text
        again = http.put("/v1/webhooks/cms", json={"url": receiver.url, "events": ["video.failed"]}).json()
        assert (again["secret"], again["events"]) == (made["secret"], ["video.failed"])
        assert http.put("/v1/webhooks/x", json={"url": receiver.url, "secret": "whsec_YQ=="}).status_code == 422
        assert http.get("/v1/webhooks/deliveries").json() == {"deliveries": []}
        assert http.post("/v1/webhooks/retry", json={}).json() == {"retried": 0}
        assert http.delete("/v1/webhooks/cms").status_code == 204
        assert http.delete("/v1/webhooks/cms").json()["error"]["code"] == "unknown_webhook"
    runtime.close()
