"""Endpoints that are told what became of videos, and the messages to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.api.errors import error_responses
from services.api.lookup import ServiceOf
from services.api.schemas import RetriedAnswer
from services.api.webhook_schemas import (
    DeliveriesAnswer,
    DeliveryView,
    NewWebhook,
    RetryBody,
    WebhookBody,
    WebhookName,
    WebhooksAnswer,
    WebhookView,
)
from services.library.record.outbox import DeliveryState
from services.webhooks import check_webhook_url, checked_secret, new_secret

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.get("", summary="List webhooks")
def list_webhooks(service: ServiceOf) -> WebhooksAnswer:
    """All endpoints, with how many messages wait and how many were given up."""
    return WebhooksAnswer(webhooks=tuple(WebhookView.of(each) for each in service.library.record.webhooks()))


@router.put("/{name}", summary="Add or change a webhook", responses=error_responses(403, 422, 502))
def put_webhook(service: ServiceOf, name: WebhookName, body: WebhookBody) -> NewWebhook:
    """Tell the URL of events, by messages signed as Standard Webhooks says. The answer alone shows the secret.

    The same name again changes the endpoint; a secret that is not given stays. One that was disabled is enabled.
    """
    library = service.library
    url = check_webhook_url(library.settings, body.url)
    known = library.record.webhook(name)
    if body.secret is not None:
        secret = checked_secret(body.secret.get_secret_value())
    else:
        secret = known.secret if known is not None else new_secret()
    put = library.record.put_webhook(name, url, secret, body.events)
    return NewWebhook(**WebhookView.of(put).model_dump(), secret=secret)


@router.delete("/{name}", status_code=204, summary="Remove a webhook", responses=error_responses(404))
def remove_webhook(service: ServiceOf, name: str) -> None:
    """Forget the endpoint, and what was to be sent there."""
    service.library.record.remove_webhook(name)


@router.get("/deliveries", summary="List messages to webhooks")
def list_deliveries(
    service: ServiceOf,
    webhook: Annotated[str | None, Query(description="Only messages to this endpoint.")] = None,
    state: Annotated[DeliveryState | None, Query(description="Only messages in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> DeliveriesAnswer:
    """Messages, newest first, with how often they were tried and what the endpoint said last."""
    found = service.library.record.deliveries(webhook=webhook, state=state, limit=limit)
    return DeliveriesAnswer(deliveries=tuple(DeliveryView.of(each) for each in found))


@router.post("/retry", status_code=202, summary="Send dead messages again")
def retry_deliveries(service: ServiceOf, body: RetryBody) -> RetriedAnswer:
    """Send dead messages again, with the same ids and no attempt counted."""
    record = service.library.record
    return RetriedAnswer(retried=record.retry_deliveries(webhook=body.webhook, delivery_id=body.delivery))
