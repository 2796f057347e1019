"""Do tags rest on what they cite? Decided here by a rule of its own, not by the code that wrote the tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.metrics.similarity import Embed, Matrix, threshold_for
from benchmarks.metrics.words import says


@dataclass(frozen=True, slots=True)
class CitedTag:
    """A tag's names, English first, and the lines of evidence that it cites."""

    names: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A tag or claim of clip number `clip` that no line says or comes near; `cosine` with the nearest, else 0."""

    clip: int
    text: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Grounding:
    """Share of tags that a cited line supports, and the threshold that decided where words did not."""

    supported_share: float
    threshold: float
    tags: int
    unsupported: tuple[Unsupported, ...] = ()


def grounding(
    tags: Sequence[Sequence[CitedTag]], lines: Sequence[Sequence[str]], passages: Embed, queries: Embed
) -> Grounding:
    """`tags[i]` are clip i's, `lines[i]` all of its evidence.

    A tag is supported when a line that it cites says every word of one of its names (case and plain plurals aside),
    or when the cosine of one of its names with a cited line reaches a threshold: the smallest that at most 1 % of
    pairs of a tag and a line of *another* clip reach, such pairs left out in which the line says the tag's words.
    A tag that cites nothing is not supported; where there is no tag at all, the share is 0. Raises `ValueError` where
    no such pair is there.
    """
    every = [tag for clip in tags for tag in clip]
    if not every:
        return Grounding(0.0, 1.0, 0)
    threshold = _threshold(tags, lines, passages, queries)
    lacking = []
    for clip, ours in enumerate(tags):
        for tag in ours:
            nearest = float(_cosines(tag, passages(tag.lines), queries).max()) if tag.lines else 0.0
            near = bool(tag.lines) and nearest >= threshold
            if not near and not any(_says(line, tag) for line in tag.lines):
                lacking.append(Unsupported(clip, tag.names[0], nearest))
    lacking.sort(key=lambda one: one.cosine)
    return Grounding(1.0 - len(lacking) / len(every), threshold, len(every), tuple(lacking))


def _threshold(
    tags: Sequence[Sequence[CitedTag]], lines: Sequence[Sequence[str]], passages: Embed, queries: Embed
) -> float:
    vectors = [passages(list(clip)) for clip in lines]
    unrelated: list[float] = []
    for clip, ours in enumerate(tags):
        for tag in ours:
            for other, theirs in enumerate(lines):
                if other != clip and theirs:
                    cosines = _cosines(tag, vectors[other], queries)
                    unrelated += [
                        float(cosine) for cosine, line in zip(cosines, theirs, strict=True) if not _says(line, tag)
                    ]
    return threshold_for(unrelated)


def _says(line: str, tag: CitedTag) -> bool:
    return any(says(line, name) for name in tag.names)


def _cosines(tag: CitedTag, lines: Matrix, queries: Embed) -> Matrix:
    """Cosine of each line with the nearest of the tag's names, shape (lines,)."""
    nearest: Matrix = (lines @ queries(tag.names).T).max(axis=1)
    return nearest
