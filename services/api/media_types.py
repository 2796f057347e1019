"""What kind of file the first bytes are: names that strangers chose are not asked."""

from __future__ import annotations

SNIFFED_BYTES = 512
"""How many bytes from the beginning decide."""

UNKNOWN = "application/octet-stream"


def media_type(head: bytes) -> str:
    """The content type of a media file by its first bytes; never one that a browser would run or render as a page."""
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:12] in (b"M4A ", b"M4B ") else "video/mp4"
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free"):
        return "video/mp4"  # QuickTime without a brand
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:SNIFFED_BYTES] else "video/x-matroska"
    if head.startswith(b"RIFF"):
        return {b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}.get(head[8:12], UNKNOWN)
    if head.startswith(b"OggS"):
        return "video/ogg" if b"theora" in head[:SNIFFED_BYTES] else "audio/ogg"
    if head.startswith(b"FLV\x01"):
        return "video/x-flv"
    if head.startswith(b"\x00\x00\x01\xba") or head.startswith(b"\x00\x00\x01\xb3"):
        return "video/mpeg"
    if head[:1] == b"\x47" and head[188:189] == b"\x47":
        return "video/mp2t"
    if head.startswith(b"fLaC"):
        return "audio/flac"
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    return UNKNOWN
