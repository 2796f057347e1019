"""What a new prompt costs: the same videos are sent through again after the prompt's version has changed.

Nothing else is touched: the fingerprints say what is stale, and the lanes redo that. The prompt's words stay the same,
so that the model's work does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

from benchmarks.run import Batch, Bench
from workers.stages import describe
from workers.stages.prompts.load import Prompt, load_prompt


@dataclass(frozen=True, slots=True)
class PromptChange:
    """Wall clock of the second pass, its ratio to the first, and which stages ran again, over all videos.

    `work_ratio` compares the seconds of the stages that ran again with those of all stages of the first pass.
    """

    wall_s: float
    full_wall_s: float
    ratio: float
    work_ratio: float
    ran_again: tuple[str, ...]
    reused: tuple[str, ...]


def prompt_change(bench: Bench, paths: Sequence[Path], first: Batch) -> PromptChange:
    """Change the version, send the files of `first` again, and change it back. Raises `ClipFailed`."""
    with _changed_prompt():
        second = bench.analyse(paths)
    ran = {stage.name for one in second.understandings for stage in one.stages if not stage.reused}
    order = [stage.name for stage in second.understandings[0].stages]
    again = sum(stage.seconds for one in second.understandings for stage in one.stages if not stage.reused)
    return PromptChange(
        wall_s=second.wall_s,
        full_wall_s=first.wall_s,
        ratio=second.wall_s / first.wall_s,
        work_ratio=again / max(sum(first.seconds.values()), 1e-9),
        ran_again=tuple(name for name in order if name in ran),
        reused=tuple(name for name in order if name not in ran),
    )


@contextmanager
def _changed_prompt() -> Iterator[None]:
    """Inside, the describe stage reads prompts of another version."""

    @cache
    def another(name: str, language: str) -> Prompt:
        prompt = load_prompt(name, language)
        return prompt.model_copy(update={"version": f"{prompt.version}+benchmark"})

    with patch.object(describe, "load_prompt", another):
        yield
