"""What an editor can decide about, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field as PydanticField

from services.library.understanding import (
    Bilingual,
    Confidence,
    EvidenceId,
    Frozen,
    Label,
    SafetyLabel,
    Understanding,
)


class Field(StrEnum):
    """The parts of a document that are decided about. A target names one item of a field.

    Labels: the casefolded English tag, the slug of a topic, mood or occasion, the category of a safety label.
    Sentences (`summary`, `why`): the empty text. Lines (`speech`, `screen`): the evidence id.
    """

    TAG = "tag"
    TOPIC = "topic"
    MOOD = "mood"
    OCCASION = "occasion"
    SAFETY = "safety"
    SUMMARY = "summary"
    WHY = "why"
    SPEECH = "speech"
    SCREEN = "screen"


LABEL_FIELDS: Mapping[Field, str] = {
    Field.TAG: "tags",
    Field.TOPIC: "topics",
    Field.MOOD: "moods",
    Field.OCCASION: "occasions",
}
"""Field -> the document's name for it, for those that hold `Label`s."""

SENTENCE_FIELDS: Mapping[Field, str] = {Field.SUMMARY: "summary", Field.WHY: "why"}
LINE_FIELDS: Mapping[Field, str] = {Field.SPEECH: "S", Field.SCREEN: "T"}


class Action(StrEnum):
    """What an editor did. `undo` takes another decision back, and can be taken back itself."""

    ACCEPT = "accept"
    REJECT = "reject"
    EDIT = "edit"
    ADD = "add"
    UNDO = "undo"


class LineWords(Frozen):
    """A line of speech or of text on screen."""

    text: str = PydanticField(max_length=5_000)


Words = Label | SafetyLabel | Bilingual | LineWords
"""What an item says: which of the four follows from its field."""


class Decision(Frozen):
    """One entry of the log, which is only ever added to.

    `before` and `after` are what the item said to readers; `machine` what the models said then, None for what an
    editor added. `cited` are the machine's words of the evidence that `machine` and `after` cite, since a new run
    numbers lines anew. `blind` decisions were made without sight of other editors'.
    """

    id: int
    video_id: str
    field: Field
    target: str
    action: Action
    before: Words | None = None
    after: Words | None = None
    machine: Words | None = None
    cited: Mapping[EvidenceId, str] = PydanticField(default_factory=dict)
    comment: str | None = None
    account: str
    at: datetime
    undoes: int | None = None
    blind: bool = False
    bulk_id: int | None = None
    model: str | None = None
    prompt: str | None = None


class ItemState(StrEnum):
    """What stands behind an item now."""

    MACHINE = "machine"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EDITED = "edited"
    ADDED = "added"
    SUPPRESSED = "suppressed"


class Item(Frozen):
    """One item of a document: the machine's words, the words that count, and the decision between the two.

    `version` is the id of the last decision about it (undone ones included), 0 before the first: a client sends it
    back, so that nobody overwrites what they have not seen. `orphaned`: the decision is about something that the
    newest run of the models does not say. `previous` is what the item said before the decision. `anchor` is the
    target that the log knows the item by, where a new run gave its line another number.
    """

    field: Field
    target: str
    state: ItemState
    machine: Words | None
    effective: Words | None
    previous: Words | None = None
    version: int = 0
    decision_id: int | None = None
    account: str | None = None
    at: datetime | None = None
    comment: str | None = None
    confidence: Confidence | None = None
    orphaned: bool = False
    anchor: str | None = None


class Overlay(Frozen):
    """The document that readers get, and its items with their history's last word. `reviewed`: a decision counts."""

    document: Understanding
    items: tuple[Item, ...]
    reviewed: bool
