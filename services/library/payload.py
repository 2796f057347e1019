"""The part of a point's payload that editors can change, and keeping the index in step with the record."""

from __future__ import annotations

import logging
import threading

from services.library.errors import LibraryError, PointMissing
from services.library.index.points import point_id
from services.library.index.port import Collection
from services.library.library import Library
from services.library.understanding import Label, Understanding

logger = logging.getLogger(__name__)

_ONE_AT_A_TIME = threading.Lock()
"""Two writers of one payload could otherwise leave the older of two revisions in the index."""


def annotation_payload(found: Understanding, *, reviewed: bool) -> dict[str, object]:
    """What docs/qdrant.md says of labels, sentences, safety and review state."""
    kinds = {"tag": found.tags, "topic": found.topics, "mood": found.moods, "occasion": found.occasions}
    return {
        "summary_en": found.summary.en if found.summary else "",
        "summary_zh": found.summary.zh if found.summary else "",
        "why_en": found.why.en if found.why else "",
        "why_zh": found.why.zh if found.why else "",
        "tags": [label.label.casefold() for label in found.tags],
        "tags_zh": [label.label_zh for label in found.tags],
        "topics": [label.slug for label in found.topics],
        "moods": [label.slug for label in found.moods],
        "occasions": [label.slug for label in found.occasions],
        "labels": [_label(kind, label) for kind, group in kinds.items() for label in group],
        "safety": [label.category for label in found.safety],
        "review_state": "reviewed" if reviewed else "machine",
    }


def publish_overlay(library: Library, video_id: str) -> bool:
    """Write the newest effective labels into the video's point, until no newer ones came meanwhile.

    False when the index cannot be written now, or has no such point: the record remembers that it lags behind, and
    `publish_waiting` makes up for it. Nothing is embedded and no model runs.
    """
    with _ONE_AT_A_TIME:
        while True:
            found = library.record.effective(video_id)
            if found is None:
                return False
            document, reviewed, revision = found
            try:
                payload = annotation_payload(document, reviewed=reviewed)
                library.index.set_payload(Collection.VIDEOS, point_id(video_id), payload)
            except PointMissing:
                return False
            except LibraryError as error:
                logger.warning("the index does not hold revision %s of %s yet: %s", revision, video_id, error)
                return False
            if library.record.mark_published(video_id, revision):
                return True


def publish_waiting(library: Library, *, limit: int = 1000) -> int:
    """Bring the index up to date with what it missed; how many videos it now holds."""
    return sum(publish_overlay(library, video_id) for video_id in library.record.unpublished(limit=limit))


def _label(kind: str, label: Label) -> dict[str, object]:
    return {
        "label": label.label,
        "label_zh": label.label_zh,
        "slug": label.slug,
        "kind": kind,
        "confidence": label.confidence,
        "evidence": list(label.evidence),
    }
