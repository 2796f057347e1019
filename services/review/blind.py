"""What an editor of a double review sees: the machine's words and their own decisions."""

from __future__ import annotations

from services.library.overlay import overlay
from services.library.record.reviews import Laid


def seen_by(laid: Laid, account: str) -> Laid:
    """The overlay without the decisions of others."""
    own = tuple(one for one in laid.decisions if one.account == account)
    return Laid(
        overlay(laid.machine, own, laid.amendments), laid.machine, own, laid.revision, laid.published, laid.amendments
    )
