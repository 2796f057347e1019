"""Telling others what became of their videos: signed messages, sent until they are taken."""

from services.webhooks.endpoints import check_webhook_url, checked_secret, new_secret
from services.webhooks.sender import Sender, deliver, deliver_all

__all__ = ["Sender", "check_webhook_url", "checked_secret", "deliver", "deliver_all", "new_secret"]
