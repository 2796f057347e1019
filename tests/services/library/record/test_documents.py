from __future__ import annotations

from datetime import UTC, datetime

from services.library.record.documents import ParsedDocuments
from services.library.understanding import Understanding, VideoFacts, VideoState

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def document(name: str) -> Understanding:
    facts = VideoFacts(id=name * 32, source="upload", sha256=name * 64, duration_s=1.0, has_audio=False)
    return Understanding(state=VideoState.READY, video=facts)


def test_a_document_is_kept_for_its_revision_alone() -> None:
    kept, first = ParsedDocuments(), document("a")
    kept.put("a", (1, NOW), first)

    assert kept.get("a", (1, NOW)) is first
    assert kept.get("a", (2, NOW)) is None
    assert kept.get("a", (1, NOW.replace(hour=1))) is None


def test_the_document_used_longest_ago_makes_room() -> None:
    kept = ParsedDocuments(capacity=2)
    for name in "ab":
        kept.put(name, (1, NOW), document(name))
    kept.get("a", (1, NOW))
    kept.put("c", (1, NOW), document("c"))

    assert [kept.get(name, (1, NOW)) is not None for name in "abc"] == [True, False, True]
