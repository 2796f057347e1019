"""Editors' decisions as an overlay: effective document = machine's document + amendments + decisions.

Everything here is a pure function of what it is given. The record keeps the decisions and calls it.
"""

from services.library.overlay.amend import Amendments, NamedLabel
from services.library.overlay.apply import overlay
from services.library.overlay.types import (
    LABEL_FIELDS,
    Action,
    Decision,
    Field,
    Item,
    ItemState,
    LineWords,
    Overlay,
    Words,
)

__all__ = [
    "LABEL_FIELDS",
    "Action",
    "Amendments",
    "Decision",
    "Field",
    "Item",
    "ItemState",
    "LineWords",
    "NamedLabel",
    "Overlay",
    "Words",
    "overlay",
]
