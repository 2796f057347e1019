"""`python -m benchmarks.frames --clips DIR`: which frames to look at, how, and how to place them where text reaches.

The visual source of search alone: a caption is held against the frames of every clip. Each row changes one thing; its
last column is the change of the mean reciprocal rank against the pipeline's way, over captions in all languages, with
its standard error over clips.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.captions_zh import chinese_captions
from benchmarks.clips import LabelsUnreadable, load_clips
from benchmarks.frames_seen import Probabilities, Seen, look
from benchmarks.metrics.retrieval import Retrieval, retrieval
from benchmarks.metrics.similarity import Matrix
from models.errors import ModelError
from models.profile import load_profile
from models.runtime import Runtime
from models.text.base import TextEngine
from models.vision.conse import SemanticSpace, unit_rows
from models.vision.efficientnet import EfficientNetConse
from models.vision.label_names import coarse_name, imagenet_names
from services.settings import Settings

BUDGETS = (2, 4, 8, 12)
_BASE = "as the pipeline"

Ranks = Mapping[str, NDArray[np.int64]]
"""By language, the right clip's rank per caption, 1 first, shape (clips,)."""

Scorer = Callable[[Matrix, Sequence[Matrix]], Matrix]
"""Query vectors (queries, dim) and every clip's frame vectors to scores of shape (queries, clips)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way: its retrieval by language, frames a clip, and its change of MRR against the pipeline's way."""

    name: str
    frames: float
    found: dict[str, Retrieval]
    change: float
    standard_error: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl and the clips it names")
    parser.add_argument("--seen", type=Path, help="folder to keep what the classifier saw; a second run takes seconds")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    settings = Settings()
    try:
        clips = load_clips(given.clips)
        runtime = Runtime(load_profile(settings.profile), settings.models_dir)
        engine = runtime.vision
        if not isinstance(engine, EfficientNetConse):
            raise LabelsUnreadable(
                f"profile {settings.profile} looks at frames without ConSE: there is nothing to compare"
            )
        with Progress(console=progress, transient=True) as bar:
            task = bar.add_task("looking at clips", total=len(clips))
            seen = look(clips, engine, BUDGETS, given.seen, lambda done: bar.update(task, completed=done))
        captions = {"en": [clip.caption for clip in clips]}
        translated = chinese_captions(clips)
        if translated is not None:
            captions["zh"] = list(translated)
        rows = compare(seen, captions, runtime.text)
    except (LabelsUnreadable, ModelError) as error:
        progress.print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    show(console, rows, len(clips))
    if given.json is not None:
        data = {"n": len(clips), "rows": {row.name: asdict(row) for row in rows}}
        given.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def compare(seen: Sequence[Seen], captions: Mapping[str, Sequence[str]], text: TextEngine) -> list[Row]:
    """All ways, the pipeline's first."""
    names = imagenet_names()
    english, chinese = (
        text.embed_passages([name.en for name in names]),
        text.embed_passages([name.zh for name in names]),
    )
    coarse = [coarse_name(index) or name for index, name in enumerate(names)]
    queries = {language: text.embed_queries(texts) for language, texts in captions.items()}
    most = max(BUDGETS)
    chosen = [one.chosen[most] for one in seen]
    ours = SemanticSpace(english, chinese)
    rows: list[Row] = []
    base: dict[str, NDArray[np.int64]] = {}

    def add(
        name: str, frames: Sequence[Probabilities], space: SemanticSpace = ours, score: Scorer = max_similarity
    ) -> None:
        placed = [space.images(one) for one in frames]
        ranks = {language: ranks_of(score(space.texts(vectors), placed)) for language, vectors in queries.items()}
        base.update(ranks if not base else {})
        rows.append(_row(name, frames, ranks, base))

    add(_BASE, chosen)
    for budget in BUDGETS:
        add(f"at most {budget}: chosen", [one.chosen[budget] for one in seen])
        add(f"at most {budget}: as many, evenly spaced", [one.uniform[budget] for one in seen])
        add(f"always {budget}, evenly spaced", [one.full[budget] for one in seen])
    add("pooled: mean vector", chosen, score=mean_vector)
    add("pooled: mean similarity", chosen, score=mean_similarity)
    for view in seen[0].views:
        add(f"view: {view}", [one.views[view] for one in seen])
    add("names: English only", chosen, SemanticSpace(english))
    prompts = [text.embed_passages([prompt.format(name.en) for name in names]) for prompt in _PROMPTS]
    add("names: English in prompts", chosen, SemanticSpace(english, *prompts))
    groups = [text.embed_passages([name.en for name in coarse]), text.embed_passages([name.zh for name in coarse])]
    add("names: both, and of coarse groups", chosen, SemanticSpace(english, chinese, *groups))
    for top in (1, 5, 20, len(names)):
        add(f"classes: {top} likeliest", chosen, SemanticSpace(english, chinese, top=top))
    add("not centred", chosen, _Uncentred(english, chinese))
    reference = ours.texts(text.embed_queries([name.en for name in names]))
    for nearest in (10, 50, len(names)):
        add(f"CSLS: {nearest} nearest names", chosen, score=_Csls(reference, nearest))
    return rows


_PROMPTS = ("a photo of a {}", "a video of {}")


def max_similarity(queries: Matrix, clips: Sequence[Matrix]) -> Matrix:
    """A clip is as near as its nearest frame (a multivector's MaxSim)."""
    return np.stack([(queries @ frames.T).max(axis=1) for frames in clips], axis=1)


def mean_similarity(queries: Matrix, clips: Sequence[Matrix]) -> Matrix:
    """A clip is as near as its frames are on average."""
    return np.stack([(queries @ frames.T).mean(axis=1) for frames in clips], axis=1)


def mean_vector(queries: Matrix, clips: Sequence[Matrix]) -> Matrix:
    """A clip is one vector, the direction of its frames' mean."""
    return np.asarray(queries @ unit_rows(np.stack([frames.mean(axis=0) for frames in clips])).T, dtype=np.float32)


class _Csls:
    """MaxSim less half of a clip's mean similarity with the reference texts nearest to it (Conneau et al. 2018)."""

    def __init__(self, reference: Matrix, nearest: int) -> None:
        self._reference = reference
        self._nearest = nearest

    def __call__(self, queries: Matrix, clips: Sequence[Matrix]) -> Matrix:
        near = np.sort(max_similarity(self._reference, clips), axis=0)[-self._nearest :]
        return np.asarray(max_similarity(queries, clips) - near.mean(axis=0) / 2, dtype=np.float32)


class _Uncentred(SemanticSpace):
    """ConSE as published: names and queries as the encoder gives them."""

    def __init__(self, *names: Matrix) -> None:
        super().__init__(*names)
        self._mean = np.zeros_like(self._mean)
        self._classes = unit_rows(np.stack(names).sum(axis=0))


def ranks_of(scores: Matrix) -> NDArray[np.int64]:
    """Rank of clip i for query i, 1 first; of clips with equal scores the right one is last."""
    return np.asarray((scores >= np.diagonal(scores)[:, None] - 1e-9).sum(axis=1), dtype=np.int64)


def change_of(ranks: Ranks, base: Ranks) -> tuple[float, float]:
    """Mean change of the reciprocal rank, and its standard error; a clip's captions in all languages are one draw."""
    gains = np.mean([1.0 / ranks[language] - 1.0 / base[language] for language in ranks], axis=0)
    return float(gains.mean()), float(gains.std(ddof=1) / len(gains) ** 0.5)


def _row(name: str, frames: Sequence[Probabilities], ranks: Ranks, base: Ranks) -> Row:
    found = {language: retrieval([int(rank) for rank in values]) for language, values in ranks.items()}
    return Row(name, float(np.mean([len(one) for one in frames])), found, *change_of(ranks, base))


def show(console: Console, rows: Sequence[Row], clips: int) -> None:
    table = Table(title=f"Caption -> clip by frames alone, {clips} clips")
    table.add_column("")
    for column in ("frames", *(f"{name} {figure}" for name in rows[0].found for figure in ("R@1", "R@5", "MRR"))):
        table.add_column(column, justify="right")
    table.add_column("change", justify="right", no_wrap=True)
    for row in rows:
        figures = [f"{value:.2f}" for one in row.found.values() for value in (one.r_at_1, one.r_at_5, one.mrr)]
        change = f"{row.change:+.3f} ± {row.standard_error:.3f}"
        table.add_row(row.name, f"{row.frames:.1f}", *figures, "" if row.name == _BASE else change)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
