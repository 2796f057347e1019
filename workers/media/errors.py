"""Why a file could not be prepared. Each reason is a sentence that a person understands."""

from __future__ import annotations


class MediaError(Exception):
    """Base of everything `workers.media` raises about a file. Nothing half-written remains when it is raised."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MediaRejected(MediaError):
    """The file itself is at fault (not a video, encrypted, too long, ...): trying again changes nothing."""


class MediaCrashed(MediaRejected):
    """The decoder process died or had to be killed over this file (crash, timeout, memory)."""


class DecoderUnavailableError(MediaError):
    """The decoder process could not be run at all: the installation is at fault, not the file."""
