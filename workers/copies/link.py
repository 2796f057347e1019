"""Find a video's copies and originals in the library, and write the links."""

from __future__ import annotations

from collections.abc import Sequence

from services.library.record.port import RecordPort
from services.library.record.types import CopyLink, Video
from workers.copies.judge import compare, describe, is_copy
from workers.copies.signature import Signature, SignatureUnreadable
from workers.copies.words import asked_words, stored_words

CANDIDATES = 30
"""Videos that share most words and are compared picture by picture."""


def link_copies(record: RecordPort, video: Video, signature: Signature) -> tuple[CopyLink, ...]:
    """Store the video's signature, compare it with its candidates, and store a link for every copy that is found.

    Of two videos the later upload is the copy. The signature is stored before anybody looks, so of two videos that
    pass at the same time at least one finds the other. Copies that had been published without their link are sent
    through publish again. Doing it twice changes nothing.
    """
    record.put_signature(video.id, signature.to_bytes(), stored_words(signature))
    names = candidates(record, signature, but=video.id)
    links = []
    stored = record.signatures(names)
    for name in names:
        other = record.video(name)
        if other is None or name not in stored:
            continue
        try:
            theirs = Signature.from_bytes(stored[name])
        except SignatureUnreadable:
            continue  # of another version: that video links itself when it passes again
        later = (video.created_at, video.id) > (other.created_at, other.id)
        copy, original = (signature, theirs) if later else (theirs, signature)
        found = compare(copy, original)
        if found is not None and is_copy(found):
            ids = (video.id, name) if later else (name, video.id)
            links.append(CopyLink(*ids, describe(found, copy, original)))
    for copy_id in record.put_copies(links):
        if copy_id != video.id:
            record.revisit(copy_id)
    return tuple(links)


def candidates(record: RecordPort, signature: Signature, *, but: str) -> Sequence[str]:
    """Videos worth a comparison, and what they are copies of."""
    near = record.sharing_words(asked_words(signature), but=but, limit=CANDIDATES)
    return [name for name in dict.fromkeys((*near, *record.originals_of(near))) if name != but]
