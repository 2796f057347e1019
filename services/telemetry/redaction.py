"""What must not reach a log: keys, passwords, and the inputs that validation errors quote."""

from __future__ import annotations

import re

_HIDDEN = "[hidden]"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(bearer|basic)\s+[^\s,'\"]+", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    (re.compile(r"\brw_[A-Za-z0-9_\-]{8,}"), f"rw_{_HIDDEN}"),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]+@"), rf"\1:{_HIDDEN}@"),
    (
        re.compile(r"(?i)\b(password|secret|token|api_key|apikey|signature|x-amz-[a-z-]+)=[^\s&,;'\"]+"),
        rf"\1={_HIDDEN}",
    ),
    # Pydantic quotes what it refuses, which may be a title or what a viewer wrote.
    (re.compile(r"input_value=.*?, input_type=", re.DOTALL), f"input_value={_HIDDEN}, input_type="),
)


def redacted(text: str) -> str:
    """The text without credentials and quoted inputs."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
