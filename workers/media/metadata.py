"""What the container says about itself in words: title, description, artist and the like."""

from __future__ import annotations

from collections.abc import Mapping

from workers.media.types import Tag

MAX_TAG_CHARACTERS = 4000

# Words that people write. Everything else (encoder, brands, dates, handler names) is the machine talking.
_SPOKEN = frozenset(
    {
        *("title", "subtitle", "comment", "description", "synopsis", "ldes", "summary", "subject", "keywords", "genre"),
        *("artist", "album_artist", "album", "author", "composer", "performer", "show", "episode_id", "network"),
        *("lyrics", "copyright", "publisher"),
    }
)


def read_tags(metadata: Mapping[str, str]) -> tuple[tuple[Tag, ...], tuple[str, ...]]:
    """(tags, problems): the container's words, control characters removed, each text once per name."""
    tags: dict[Tag, None] = {}
    problems = []
    for key, value in metadata.items():
        # "com.apple.quicktime.title" and "title-eng" are the title.
        name = key.lower().rsplit(".", 1)[-1].split("-", 1)[0]
        if name not in _SPOKEN:
            continue
        text = "".join(character for character in str(value) if character.isprintable() or character == "\n").strip()
        if len(text) > MAX_TAG_CHARACTERS:
            problems.append(
                f"The file's {name} is {len(text)} characters long; only the first {MAX_TAG_CHARACTERS} were read."
            )
            text = text[:MAX_TAG_CHARACTERS]
        if text:
            tags[Tag(name, text)] = None
    return tuple(tags), tuple(problems)
