"""What the classifier sees of clips whose frames were chosen in different ways."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import Clip, LabelsUnreadable
from models.vision.efficientnet import EfficientNetConse
from services.settings import Settings
from workers.media.prepare import prepare_media
from workers.stages.media import media_limits

Picture = NDArray[np.uint8]
Probabilities = NDArray[np.float32]

_SIDE = 260
"""Pixels: the classifier's input, to which the middle square of every decoded picture is cut down at once."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Class probabilities, each of shape (frames, classes), of one clip.

    `chosen[b]`: the pipeline's choice of at most b frames. `uniform[b]`: as many evenly spaced ones as it chose.
    `full[b]`: b evenly spaced ones. `views[v]`: the frames of `chosen[max]`, looked at in another way.
    """

    chosen: dict[int, Probabilities]
    uniform: dict[int, Probabilities]
    full: dict[int, Probabilities]
    views: dict[str, Probabilities]


def look(
    clips: Sequence[Clip],
    engine: EfficientNetConse,
    budgets: Sequence[int],
    kept: Path | None,
    said: Callable[[int], None],
) -> list[Seen]:
    """Look at all clips; with a folder `kept`, what was seen before is read. `said` hears how many are done.

    Raises `LabelsUnreadable` for a clip without pictures.
    """
    found = []
    for number, clip in enumerate(clips, start=1):
        file = None
        if kept is not None:
            content = hashlib.sha256(clip.path.read_bytes()).hexdigest()
            key = hashlib.sha256(f"2 {content} {engine.identity} {list(budgets)}".encode()).hexdigest()[:24]
            kept.mkdir(parents=True, exist_ok=True)
            file = kept / f"{key}.npz"
        if file is not None and file.is_file():
            with np.load(file, allow_pickle=False) as stored:
                arrays = {name: np.asarray(stored[name], np.float32) for name in stored.files}
        else:
            arrays = _arrays(clip, engine, budgets)
            if file is not None:
                np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        found.append(
            Seen(
                chosen={budget: arrays[f"chosen-{budget}"] for budget in budgets},
                uniform={budget: arrays[f"uniform-{budget}"] for budget in budgets},
                full={budget: arrays[f"full-{budget}"] for budget in budgets},
                views={name.removeprefix("view-"): rows for name, rows in arrays.items() if name.startswith("view-")},
            )
        )
        said(number)
    return found


def _arrays(clip: Clip, engine: EfficientNetConse, budgets: Sequence[int]) -> dict[str, Probabilities]:
    squares = list(_squares(clip.path))
    if not squares:
        raise LabelsUnreadable(f"{clip.path.name} has no picture that can be decoded.")
    choices = {budget: _chosen(clip.path, budget) for budget in budgets}
    wanted = {f"uniform-{budget}": _even(len(squares), len(choices[budget])) for budget in budgets}
    wanted |= {f"full-{budget}": _even(len(squares), budget) for budget in budgets}
    every = sorted({index for indices in wanted.values() for index in indices})
    rows = dict(zip(every, engine.classify([squares[index] for index in every]), strict=True))
    arrays = {name: np.stack([rows[index] for index in indices]) for name, indices in wanted.items()}
    arrays |= {f"chosen-{budget}": engine.classify(pictures) for budget, pictures in choices.items()}
    most = choices[max(budgets)]
    for name, view in VIEWS.items():
        seen = [
            engine.classify([np.ascontiguousarray(part) for part in view(picture)]).mean(axis=0) for picture in most
        ]
        arrays[f"view-{name}"] = np.stack(seen)
    return arrays


def _squares(path: Path) -> Iterator[Picture]:
    """The middle square of every picture, RGB."""
    video = cv2.VideoCapture(str(path))
    try:
        while True:
            read, picture = video.read()
            if not read:
                return
            square = _square(np.asarray(picture, np.uint8))
            yield np.asarray(cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)[:, :, ::-1], np.uint8)
    finally:
        video.release()


def _chosen(path: Path, budget: int) -> list[Picture]:
    limits = media_limits(Settings().model_copy(update={"max_frames": budget}))
    with tempfile.TemporaryDirectory(prefix="reelwise-benchmark-") as scratch:
        out = Path(scratch) / "media"
        pictures = [cv2.imread(str(out / kept.file)) for kept in prepare_media(path, out, limits).frames]
    return [np.asarray(picture[:, :, ::-1], np.uint8) for picture in pictures if picture is not None]


def _even(count: int, wanted: int) -> list[int]:
    """The middles of `wanted` equal stretches of `count` pictures; fewer where there are fewer pictures."""
    return sorted({int((place + 0.5) * count / wanted) for place in range(wanted)})


def _square(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def _thirds(picture: Picture) -> list[Picture]:
    """Squares at the beginning, the middle and the end of the longer side."""
    height, width = picture.shape[:2]
    side = min(height, width)
    places = [(0, 0), ((height - side) // 2, (width - side) // 2), (height - side, width - side)]
    return [picture[top : top + side, left : left + side] for top, left in places]


def _closer(picture: Picture) -> list[Picture]:
    """The middle square, and its middle at 1.5 times the size."""
    square = _square(picture)
    edge = len(square) // 6
    return [square, square[edge : len(square) - edge, edge : len(square) - edge]]


def _squeezed(picture: Picture) -> list[Picture]:
    side = min(picture.shape[:2])
    return [cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA).astype(np.uint8)]


VIEWS: dict[str, Callable[[Picture], list[Picture]]] = {
    "middle and its mirror image": lambda picture: [_square(picture), _square(picture)[:, ::-1]],
    "three squares": _thirds,
    "middle and closer": _closer,
    "squeezed": _squeezed,
    "middle and squeezed": lambda picture: [_square(picture), *_squeezed(picture)],
}
"""Test-time crops: the probabilities of a frame's views are averaged."""
