"""The labelled clips' captions in Chinese, from `captions_zh.yaml` beside this file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import yaml

from benchmarks.clips import Clip


def chinese_captions(clips: Sequence[Clip]) -> tuple[str, ...] | None:
    """One a clip, in order, by file name; None where a clip has none, as in other people's folders of clips."""
    known = yaml.safe_load(files("benchmarks").joinpath("captions_zh.yaml").read_text(encoding="utf-8"))
    found = [known.get(clip.path.name) for clip in clips]
    return tuple(found) if all(found) else None
