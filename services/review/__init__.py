"""Editors' work: decisions as an overlay, the queue, agreement, bulk actions, rules and the taxonomy."""

from services.review.agree import disputed
from services.review.blind import seen_by
from services.review.decide import Changed, Decided, Draft, InvalidDecision, decide
from services.review.why import why_queued

__all__ = ["Changed", "Decided", "Draft", "InvalidDecision", "decide", "disputed", "seen_by", "why_queued"]
