"""Changes to a label wherever it occurs: suppressed, renamed, merged into another or renamed by the taxonomy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import Field as PydanticField

from services.library.overlay.types import Field
from services.library.understanding import Frozen, Label

LabelT = TypeVar("LabelT", bound=Label)


class NamedLabel(Frozen):
    """A label's key and its names. `slug` is None for a free tag."""

    key: str
    en: str
    zh: str
    slug: str | None = None


class Amendments(Frozen):
    """What holds for every video. `suppressed` are the keys nobody is to see; `renamed` maps a key to its new name.

    A chain of renames is followed to its end. Rules never loop (`services.review` refuses one that would).
    """

    suppressed: Mapping[Field, frozenset[str]] = PydanticField(default_factory=dict)
    renamed: Mapping[Field, Mapping[str, NamedLabel]] = PydanticField(default_factory=dict)

    def key(self, field: Field, key: str) -> str:
        """The key that stands for `key` now."""
        named = self._name(field, key)
        return named.key if named else key

    def hides(self, field: Field, key: str) -> bool:
        """Whether the label is suppressed."""
        return key in self.suppressed.get(field, frozenset())

    def label(self, field: Field, label: Label) -> Label:
        """The label under the name that counts now."""
        named = self._name(field, key_of(field, label))
        if named is None:
            return label
        return label.model_copy(update={"label": named.en, "label_zh": named.zh, "slug": named.slug})

    def _name(self, field: Field, key: str) -> NamedLabel | None:
        names, found, seen = self.renamed.get(field, {}), None, {key}
        while (following := names.get(key)) is not None:
            found, key = following, following.key
            if key in seen:
                break
            seen.add(key)
        return found


def key_of(field: Field, label: Label) -> str:
    """What a label is told by: the casefolded English word of a tag, the slug of any other."""
    return label.label.casefold() if field is Field.TAG or label.slug is None else label.slug
