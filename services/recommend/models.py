"""The models that a request needs: only those that embed a query."""

from __future__ import annotations

from typing import Protocol

from models.profile import Role
from models.text.base import TextEngine
from models.vision.base import VisionEngine

QUERY_ROLES = frozenset({Role.TEXT, Role.VISION})
"""Roles whose engines embed queries."""


class QueryModels(Protocol):
    """Engines that are loaded when they are first asked for; `models.runtime.Runtime` is one of these."""

    @property
    def text(self) -> TextEngine:
        """Embeds queries for the vector `text`."""
        ...

    @property
    def vision(self) -> VisionEngine:
        """Embeds queries for the vector `visual`."""
        ...
