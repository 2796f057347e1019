"""A video in a few lines: what a tile in a grid shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from services.library.library import Library
from services.library.pictures import Pictures, pictures_of
from services.library.record.types import Lane, Video
from services.library.understanding import Bilingual, Label, Understanding, VideoState

_TAGS = 4


class CardLabel(BaseModel):
    """A label in both languages."""

    en: str
    zh: str
    confidence: float


class Sprite(BaseModel):
    """Where the frames are in the sprite: pixels, and the tiles to a row."""

    tile_width: int
    tile_height: int
    columns: int
    frames: int


class Card(BaseModel):
    """What a tile shows; `sprite` is None for a video without pictures."""

    id: str
    state: VideoState
    reason: str | None
    lane: Lane | None
    created_at: datetime
    updated_at: datetime
    title: str | None
    creator: str | None
    duration_s: float | None
    language: str | None
    summary: Bilingual | None
    tags: tuple[CardLabel, ...]
    moods: tuple[CardLabel, ...]
    safety: tuple[str, ...]
    sprite: Sprite | None


def cards_of(library: Library, videos: Sequence[Video]) -> list[Card]:
    """The cards of these videos, in their order, with two queries for all of them."""
    ids = [video.id for video in videos]
    documents = library.record.understandings(ids)
    pictures = pictures_of(library.record, ids)
    return [_card(library, video, documents.get(video.id), pictures.get(video.id)) for video in videos]


def _card(library: Library, video: Video, document: Understanding | None, pictures: Pictures | None) -> Card:
    title, creator = (document.video.title, document.video.creator) if document else _uploaded(library, video.id)
    has_sprite = pictures is not None and pictures.sprite is not None
    return Card(
        id=video.id,
        state=video.state,
        reason=video.reason,
        lane=video.lane,
        created_at=video.created_at,
        updated_at=video.updated_at,
        title=title,
        creator=creator,
        duration_s=document.video.duration_s if document else None,
        language=document.video.language if document else None,
        summary=document.summary if document else None,
        tags=_labels(document.tags[:_TAGS]) if document else (),
        moods=_labels(document.moods[:1]) if document else (),
        safety=tuple(label.category for label in document.safety) if document else (),
        sprite=Sprite(
            tile_width=pictures.tile_width,
            tile_height=pictures.tile_height,
            columns=pictures.columns,
            frames=len(pictures.times),
        )
        if pictures is not None and has_sprite
        else None,
    )


def _uploaded(library: Library, video_id: str) -> tuple[str | None, str | None]:
    """What the uploads say of a video that has no document yet: title (or else the source's name) and creator."""
    uploads = [upload.submission for upload in library.record.uploads(video_id)]
    titles = [said.title for said in uploads if said.title]
    creators = [said.creator for said in uploads if said.creator]
    source = uploads[-1].source.rstrip("/").rsplit("/", 1)[-1] if uploads else None
    return (titles[-1] if titles else source), (creators[-1] if creators else None)


def _labels(labels: Sequence[Label]) -> tuple[CardLabel, ...]:
    return tuple(CardLabel(en=label.label, zh=label.label_zh, confidence=label.confidence) for label in labels)
