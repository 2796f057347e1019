"""What the routes about webhooks take and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, StringConstraints

from services.api.schemas import Body
from services.library.record.outbox import DeliveryState, WebhookEvent
from services.library.record.webhooks import Delivery, Webhook

WebhookName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class WebhookBody(Body):
    """An endpoint. A secret of one's own is `whsec_` and the base64 of 24 to 64 bytes; without one, one is made."""

    url: str = Field(max_length=4_000, description="http(s) URL of one of REELWISE_ALLOWED_HOSTS.")
    events: tuple[WebhookEvent, ...] = Field(tuple(WebhookEvent), min_length=1, description="What it is told of.")
    secret: SecretStr | None = None


class WebhookView(BaseModel):
    """An endpoint without its secret. `disabled` says why nothing is sent there any more."""

    name: str
    url: str
    events: tuple[WebhookEvent, ...]
    disabled: str | None
    pending: int = Field(description="Messages that wait to be sent.")
    dead: int = Field(description="Messages that were given up.")
    created_at: AwareDatetime

    @classmethod
    def of(cls, webhook: Webhook) -> WebhookView:
        """The public side of an endpoint."""
        return cls(
            name=webhook.name,
            url=webhook.url,
            events=webhook.events,
            disabled=webhook.disabled,
            pending=webhook.pending,
            dead=webhook.dead,
            created_at=webhook.created_at,
        )


class NewWebhook(WebhookView):
    """An endpoint just put, with the secret that its messages are signed with; shown here alone."""

    secret: str


class WebhooksAnswer(BaseModel):
    """All endpoints, by name."""

    webhooks: tuple[WebhookView, ...]


class DeliveryView(BaseModel):
    """One message for one endpoint. `message_id` is its `webhook-id`, the same at every attempt."""

    id: int
    message_id: str
    webhook: str
    video_id: str
    event: WebhookEvent
    state: DeliveryState
    attempts: int
    not_before: AwareDatetime
    last_error: str | None
    created_at: AwareDatetime
    ended_at: AwareDatetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryView:
        """The public side of a delivery."""
        return cls.model_validate({name: getattr(delivery, name) for name in cls.model_fields})


class DeliveriesAnswer(BaseModel):
    """Messages, newest first."""

    deliveries: tuple[DeliveryView, ...]


class RetryBody(Body):
    """Which dead messages are sent again: one, those of an endpoint, or (nothing given) all."""

    webhook: str | None = None
    delivery: int | None = None
