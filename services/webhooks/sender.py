"""Delivers the outbox: signed as Standard Webhooks 1.0 says, again and again until the endpoint takes it.

Any number of senders may run, in any number of processes: a delivery is leased before it is sent.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
from standardwebhooks import Webhook as Signer

from services.intake.addresses import check_url
from services.intake.errors import IntakeError
from services.intake.fetch import pinned_request
from services.library.errors import LibraryError
from services.library.record.webhooks import Delivery, Webhook, Webhooks
from services.settings import Settings

_log = logging.getLogger(__name__)

_ENDPOINTS_AT_ONCE = 8

_LONGEST_BACKOFF_S = 12 * 3600.0

_KEPT = timedelta(days=30)
"""How long ended deliveries can be looked at."""

_POLL_S = 1.0


class _Refused(Exception):
    """The endpoint did not take it. `gone`: and never will; `after_s`: it asked to be left alone for so long."""

    def __init__(self, why: str, *, gone: bool = False, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.gone = gone
        self.after_s = after_s


def deliver(record: Webhooks, settings: Settings, webhook: Webhook, *, stopping: threading.Event | None = None) -> int:
    """Send what is due to one endpoint, oldest first, until it refuses something; how many it took."""
    taken, timeout = 0, settings.webhook_timeout_s
    while stopping is None or not stopping.is_set():
        # The lease outlasts connecting, writing and waiting, each of which may take the whole timeout.
        delivery = record.claim_delivery(webhook.name, lease_s=4 * timeout + 10)
        if delivery is None:
            break
        if delivery.attempts > settings.webhook_attempts:
            # Each attempt ended with its sender dying, so nobody was left to say how.
            record.give_delivery_up(delivery, f"tried {delivery.attempts - 1} times, and the sender died")
            continue
        try:
            _post(settings, webhook, delivery)
        except _Refused as refused:
            _postpone(record, settings, webhook, delivery, refused)
            break
        record.delivered(delivery)
        taken += 1
    return taken


def deliver_all(record: Webhooks, settings: Settings) -> int:
    """Send what is due now to every endpoint, one after the other; how many messages were taken."""
    found = (record.webhook(name) for name in record.webhooks_due())
    return sum(deliver(record, settings, webhook) for webhook in found if webhook is not None)


def _post(settings: Settings, webhook: Webhook, delivery: Delivery) -> None:
    now = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(webhook.secret).sign(delivery.message_id, now, delivery.body),
    }
    try:
        # Looked up again each time: where a name leads may have changed since it was registered.
        target = check_url(webhook.url, settings.allowed_hosts)
        with httpx.Client(timeout=settings.webhook_timeout_s, trust_env=False, follow_redirects=False) as client:
            request = pinned_request(client, target, "POST", headers=headers, content=delivery.body.encode())
            response = client.send(request, stream=True)  # the answer's body is nobody's business
            response.close()
    except IntakeError as error:
        raise _Refused(error.message) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _Refused(f"{type(error).__name__}: {error}") from error
    if not response.is_success:
        raise _Refused(
            f"The endpoint answered {response.status_code}.",
            gone=response.status_code == httpx.codes.GONE,
            after_s=_retry_after(response.headers),
        )


def _postpone(record: Webhooks, settings: Settings, webhook: Webhook, delivery: Delivery, refused: _Refused) -> None:
    if refused.gone:
        record.disable_webhook(webhook.name, f"{refused} (410: it wants no more messages)")
    if refused.gone or delivery.attempts >= settings.webhook_attempts:
        _log.warning("webhook %s: message %s is dead: %s", webhook.name, delivery.message_id, refused)
        record.give_delivery_up(delivery, str(refused))
        return
    wait_s = min(_LONGEST_BACKOFF_S, settings.webhook_backoff_s * 4 ** (delivery.attempts - 1))
    wait_s = max(wait_s * random.uniform(0.8, 1.2), refused.after_s)  # noqa: S311 - jitter, not a secret
    record.deliver_later(delivery, str(refused), datetime.now(UTC) + timedelta(seconds=wait_s))


def _retry_after(headers: Mapping[str, str]) -> float:
    asked = headers.get("retry-after", "")
    return min(float(asked), _LONGEST_BACKOFF_S) if asked.isdecimal() else 0.0


class Sender:
    """A thread that looks into the outbox, and a few more that send; an endpoint that hangs holds up none other."""

    def __init__(self, record: Webhooks, settings: Settings) -> None:
        self._record = record
        self._settings = settings
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._sending: dict[str, Future[int]] = {}
        self._cleaned = datetime.min.replace(tzinfo=UTC)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End; waits for messages that are being sent, no longer than their timeouts."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with ThreadPoolExecutor(_ENDPOINTS_AT_ONCE, thread_name_prefix="webhook") as pool:
            while True:
                try:
                    self._look(pool)
                except LibraryError:
                    _log.exception("the outbox could not be read; it is tried again")
                if self._stopping.wait(_POLL_S):
                    return

    def _look(self, pool: ThreadPoolExecutor) -> None:
        self._sending = {name: sending for name, sending in self._sending.items() if not sending.done()}
        for name in self._record.webhooks_due():
            if name not in self._sending:
                self._sending[name] = pool.submit(self._send, name)
        if datetime.now(UTC) - self._cleaned > timedelta(hours=1):
            self._cleaned = datetime.now(UTC)
            self._record.forget_deliveries(before=self._cleaned - _KEPT)

    def _send(self, name: str) -> int:
        try:
            webhook = self._record.webhook(name)
            return deliver(self._record, self._settings, webhook, stopping=self._stopping) if webhook is not None else 0
        except LibraryError:
            _log.exception("webhook %s: the record did not answer; what is due is tried again", name)
            return 0
