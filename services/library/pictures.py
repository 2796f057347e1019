"""The pictures of a video that people look at: a poster, and a sprite of its kept frames."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from services.library.record.port import RecordPort

STAGE = "pictures"
"""Name of the stage that makes them; the record keeps its output under it."""


class Pictures(BaseModel):
    """What was made, as JPEG blobs. A video without a picture has none: keys are None and `times` is empty.

    The sprite holds one tile a kept frame, row by row, `columns` to a row; `times` says when each frame is shown,
    seconds. Sizes are pixels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    poster: str | None = None
    poster_width: int = 0
    poster_height: int = 0
    sprite: str | None = None
    tile_width: int = 0
    tile_height: int = 0
    columns: int = 0
    times: tuple[float, ...] = ()


def pictures_of(record: RecordPort, video_ids: Sequence[str]) -> dict[str, Pictures]:
    """The newest pictures of these videos, by id; videos that the stage has not seen are left out."""
    stored = record.newest_stage_results(video_ids, STAGE)
    return {video_id: Pictures.model_validate(result.output["pictures"]) for video_id, result in stored.items()}
