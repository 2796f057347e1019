"""What the console says, in both languages: one catalogue for templates and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from services.library.once import once
from services.library.yaml_text import parsed

Language = Literal["en", "zh"]

LANGUAGES: tuple[Language, ...] = get_args(Language)

CATALOGUE = Path(__file__).parent / "messages.yaml"


@once
def catalogue(language: Language) -> Mapping[str, str]:
    """Every message of a language by its key; `{name}` in a message is filled in by whoever shows it."""
    written = parsed(CATALOGUE.read_text(encoding="utf-8"))
    return MappingProxyType({key: str(texts[language]) for key, texts in written.items()})


def choose_language(cookie: str | None, accepted: str) -> Language:
    """The language that was chosen, or else the first of `Accept-Language` that the console speaks, or English."""
    if cookie in LANGUAGES:
        return cookie
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(accepted.split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1.0)
        except ValueError:
            weight = 0.0
        ranked.append((-weight, position, name.strip().lower()[:2]))
    for _, _, name in sorted(ranked):
        if name in LANGUAGES:
            return name
    return "en"
