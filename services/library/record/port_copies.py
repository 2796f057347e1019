"""Which videos are copies of which, as a protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from services.library.record.types import CopyLink
from services.library.understanding import DuplicateOf


class CopiesPort(Protocol):
    """The part of the record that compares videos."""

    def put_signature(self, video_id: str, data: bytes, words: Iterable[int]) -> bool:
        """Store what a video's copies are told by; whether it is new. A new one takes the old one's links with it."""
        ...

    def signatures(self, video_ids: Sequence[str]) -> Mapping[str, bytes]:
        """The stored signatures by video."""
        ...

    def sharing_words(self, words: Iterable[int], *, but: str, limit: int) -> list[str]:
        """Ids of the videos, other than `but`, that share most words, most first."""
        ...

    def put_copies(self, links: Sequence[CopyLink]) -> list[str]:
        """Store links; ids of the copies for which something changed."""
        ...

    def duplicate_of(self, video_id: str) -> DuplicateOf | None:
        """What the video is a copy of: the root of its chain of links. None for a video that is no copy."""
        ...

    def originals_of(self, video_ids: Sequence[str]) -> list[str]:
        """Ids of the videos that some of these are linked to as copies, the earliest first."""
        ...

    def copies_of(self, video_id: str) -> list[CopyLink]:
        """Links of the videos that were found to be copies of this very video, earliest copy first."""
        ...

    def revisit(self, video_id: str) -> None:
        """See to it that a video is published once more, because what is known of its copies has changed."""
        ...
