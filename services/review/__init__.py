"""Editors' work: decisions as an overlay, the queue, agreement, bulk actions, rules and the taxonomy."""

from services.review.agree import disputed
from services.review.blind import seen_by
from services.review.bulk import BulkDone, BulkRequest, Preview, preview_bulk, run_bulk, undo_bulk
from services.review.decide import Changed, Decided, Draft, InvalidDecision, decide
from services.review.redescribe import RUNS_AGAIN, BlindReview, Redescribed, redescribe, undescribed
from services.review.report import Acceptance, Agreement, Fitted, agreement, calibrated, exported, report_card
from services.review.rules import InvalidRule, catch_up, end_rule, rename, suppress
from services.review.taxonomy import Effect, InvalidEdit, TaxonomyChange, preview_taxonomy, publish_taxonomy
from services.review.why import why_queued

__all__ = [
    "RUNS_AGAIN",
    "Acceptance",
    "Agreement",
    "BlindReview",
    "BulkDone",
    "BulkRequest",
    "Changed",
    "Decided",
    "Draft",
    "Effect",
    "Fitted",
    "InvalidDecision",
    "InvalidEdit",
    "InvalidRule",
    "Preview",
    "Redescribed",
    "TaxonomyChange",
    "agreement",
    "calibrated",
    "catch_up",
    "decide",
    "disputed",
    "end_rule",
    "exported",
    "preview_bulk",
    "preview_taxonomy",
    "publish_taxonomy",
    "redescribe",
    "rename",
    "report_card",
    "run_bulk",
    "seen_by",
    "suppress",
    "undescribed",
    "undo_bulk",
    "why_queued",
]
