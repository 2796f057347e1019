"""The names that zero-shot engines look for in a frame: ImageNet's classes, and what short video shows besides.

ImageNet names things and animals. People, what they do, places, dishes and screens, which short video is full of, are
in `short_video_names.yaml`. An operator's own file has the same form.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from models.errors import ProfileInvalid
from models.vision.label_names import LabelName, Words, imagenet_names

_SHORT_VIDEO = Path(__file__).with_name("short_video_names.yaml")
_PAIRS = TypeAdapter(list[tuple[Words, Words]])


@cache
def vocabulary(file: str = "") -> tuple[LabelName, ...]:
    """All names, each once. `file` is a YAML list of [English, Chinese] that stands in for all of them.

    Raises `ProfileInvalid` naming the file when it cannot be read.
    """
    own = _read(Path(file).expanduser() if file else _SHORT_VIDEO)
    return tuple(dict.fromkeys(own if file else (*imagenet_names(), *own)))


def _read(path: Path) -> list[LabelName]:
    try:
        pairs = _PAIRS.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise ProfileInvalid(
            f"option 'vocabulary': {path} is no YAML list of [English, Chinese] names: {error}"
        ) from error
    if not pairs:
        raise ProfileInvalid(f"option 'vocabulary': {path} names nothing")
    return [LabelName(en, zh) for en, zh in pairs]
