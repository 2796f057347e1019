"""What a viewer says they want, in words, as labels of the taxonomy: by its names, or else by meaning.

No language model: the same words always give the same labels.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from models.text.base import TextEngine
from services.intake.errors import ServiceError
from services.library.taxonomy import Taxonomy
from services.library.taxonomy.types import Entry, Topic
from services.recommend.indexed import LabelKey

MAX_WISH_CHARACTERS = 500
"""Longest wish, characters."""

_MARGIN = 0.008
"""Cosine by which another entry may be further from the words than the nearest one and still be meant."""

_STANDS_OUT = 0.033
"""Cosine by which the nearest entry must be nearer than the average one; tried on 18 words, nonsense among them."""

_MOST_BY_MEANING = 4
_LETTER = re.compile(r"[^\W\d_]")
_CLAUSE = re.compile(r"[，,。.;；!！?？\n]+|但是?|而是|不过|\bbut\b|\brather\b", re.IGNORECASE)
_AGAINST = re.compile(
    r"不(?:太|怎么|再)?(?:想|要|喜欢|爱|看)|别(?:再|给)|讨厌|少(?:推|来|看)|腻了|看够"
    r"|\b(?:no|not|don['’]?t|do not|never|hate|dislike|less|fewer|without|stop|sick of|tired of)\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"我|最近|现在|今天|喜欢|想要?|爱看|看|多|一些|一点|些|类型?|方面|相关|有关|关于|的|视频|内容|推荐|给|请|来"
    r"|\b(?:i|i'm|me|my|want|would|like|to|see|watch|more|some|videos?|clips?|about|of|recently|lately|these|days"
    r"|please|show|love|really|the|a|an|into|am)\b",
    re.IGNORECASE,
)


class WishNotUnderstood(ServiceError):
    """The words name nothing that videos are labelled with."""

    code = "wish_not_understood"
    status = 422


@dataclass(frozen=True, slots=True)
class Wished:
    """One label that a wish is about; `wanted` is False for what the viewer does not want. `named` tells a label whose
    name occurs in the words from one that is merely near them in meaning.
    """

    label: LabelKey
    wanted: bool
    named: bool


def understand_wish(text: str, taxonomy: Taxonomy, engine: TextEngine) -> tuple[Wished, ...]:
    """The labels that the words are about, clause by clause ("不想看美食，想看运动" has two).

    Topics of the first level stand for their leaves and are given alone. English names match as words, Chinese ones
    anywhere. Raises `WishNotUnderstood`.
    """
    found: dict[LabelKey, Wished] = {}
    for clause in (part.strip() for part in _CLAUSE.split(text)):
        wanted = _AGAINST.search(clause) is None
        rest = _AGAINST.sub(" ", clause)
        labels = _named(rest, taxonomy)
        named = bool(labels)
        core = " ".join(_FILLER.sub(" ", rest).split())
        if not labels and len(_LETTER.findall(core)) > 1:
            labels = _near(core, taxonomy, engine)
        for label in labels:
            found.setdefault(label, Wished(label, wanted, named))
    if not found:
        topics = ", ".join(f"{topic.en} ({topic.zh})" for topic in taxonomy.first_level)
        raise WishNotUnderstood(
            "These words name no topic, mood or occasion.", remedy=f"Say it with one of: {topics}; or a mood."
        )
    return tuple(found.values())


def _named(text: str, taxonomy: Taxonomy) -> list[LabelKey]:
    folded = text.casefold()
    moods = [LabelKey("moods", one.slug) for one in taxonomy.moods if _says(folded, one.names)]
    occasions = [LabelKey("occasions", one.slug) for one in taxonomy.occasions if _says(folded, (one.en, one.zh))]
    topics = [topic for topic in taxonomy.topics if _says(folded, (topic.en, topic.zh, *_chinese(topic.examples)))]
    parents = {topic.slug for topic in topics if topic.parent is None}
    leaves = [topic.slug for topic in topics if topic.parent is not None and topic.parent not in parents]
    return [LabelKey("topics", slug) for slug in (*sorted(parents), *leaves)] + moods + occasions


def _says(folded: str, names: Iterable[str]) -> bool:
    for name in (one.casefold() for one in names):
        if name.isascii():
            if re.search(rf"(?<![a-z0-9]){re.escape(name)}(?:e?s)?(?![a-z0-9])", folded):
                return True
        elif name in folded:
            return True
    return False


def _chinese(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.isascii() and len(word) > 1)


class _Space:
    """The taxonomy's entries as vectors of one engine, made when first needed: some seconds with the lite profile."""

    def __init__(self, taxonomy: Taxonomy, engine: TextEngine) -> None:
        entries: list[tuple[str, Entry]] = [("topics", topic) for topic in taxonomy.topics if _spoken(topic)]
        entries += [("moods", mood) for mood in taxonomy.moods]
        entries += [("occasions", occasion) for occasion in taxonomy.occasions]
        self.labels = [LabelKey(field, entry.slug) for field, entry in entries]
        self.vectors: NDArray[np.float32] = engine.embed_passages([f"{entry.zh} {entry.en}" for _, entry in entries])


def _spoken(topic: Topic) -> bool:
    return "other" not in (topic.slug, topic.parent)


_spaces: WeakKeyDictionary[TextEngine, _Space] = WeakKeyDictionary()
_making = threading.Lock()


def _near(core: str, taxonomy: Taxonomy, engine: TextEngine) -> list[LabelKey]:
    with _making:
        space = _spaces.get(engine)
        if space is None:
            space = _spaces[engine] = _Space(taxonomy, engine)
    cosines = space.vectors @ engine.embed_queries([core])[0]
    order = np.argsort(-cosines)[:_MOST_BY_MEANING]
    if cosines[order[0]] - cosines.mean() < _STANDS_OUT:
        return []
    near = [space.labels[place] for place in order if cosines[place] >= cosines[order[0]] - _MARGIN]
    parents = {label.value for label in near if label.field == "topics"}
    return [label for label in near if label.field != "topics" or taxonomy.topic(label.value).parent not in parents]
