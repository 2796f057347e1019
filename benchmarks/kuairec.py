"""`python -m benchmarks.kuairec --captions DIR`: Chinese captions to categories and hashtags that nobody trained on.

Half of the videos, by a hash of the id, may be looked at to choose how; figures are of the other half.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.clips import LabelsUnreadable
from benchmarks.kuairec_data import Caption, load_captions
from benchmarks.metrics.similarity import Matrix
from models.errors import ModelError
from models.profile import load_profile
from models.runtime import Runtime
from services.library.taxonomy import load_taxonomy
from services.settings import Settings

_BATCH = 64
_MIN_USES = 5
"""A hashtag that the first half uses more rarely is not asked for."""

_NEIGHBOURS = 20
_AT = 5


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of videos whose category is first, or among the first three; `macro` is the mean over categories."""

    top1: float
    top3: float
    macro: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kuairec", description=__doc__)
    parser.add_argument("--captions", type=Path, required=True, help="KuaiRec's caption file, or the folder it is in")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--limit", type=int, help="only the first so many videos")
    given = parser.parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    settings = Settings()
    try:
        captions = load_captions(given.captions, given.limit)
        runtime = Runtime(load_profile(settings.profile), settings.models_dir)
        figures = measure(captions, runtime, progress)
    except (LabelsUnreadable, ModelError, ValueError) as error:
        progress.print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    show(console, figures)
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def measure(captions: Sequence[Caption], runtime: Runtime, progress: Console) -> dict[str, Any]:
    """All figures. Videos whose caption has nothing but hashtags are asked for too, and can only be guessed."""
    mapping = yaml.safe_load(files("benchmarks").joinpath("kuairec_categories.yaml").read_text(encoding="utf-8"))

    def embed(texts: Sequence[str], said: str) -> Matrix:
        parts = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
        rows = [runtime.text.embed_passages(part) for part in track(parts, said, console=progress, transient=True)]
        return np.asarray(np.concatenate(rows), dtype=np.float32)

    # An empty text would be embedded as the prefix alone.
    documents = embed([caption.text or "视频" for caption in captions], "embedding captions")
    scored = [i for i, caption in enumerate(captions) if caption.category not in mapping["unscored"]]
    tuning = [i for i in scored if captions[i].tuning]
    asked = [i for i in scored if not captions[i].tuning]
    names = sorted({captions[i].category for i in scored})
    centre = documents[[i for i, caption in enumerate(captions) if caption.tuning]].mean(axis=0, keepdims=True)
    by_name = embed(names, "embedding names")
    leaves = load_taxonomy().leaves
    topics = embed([f"{leaf.zh}。{leaf.description_zh}" for leaf in leaves], "embedding topics")
    topics = _unit(topics - topics.mean(axis=0, keepdims=True))
    stands_for = [mapping["topics"].get(leaf.slug) or mapping["topics"].get(leaf.parent or "") for leaf in leaves]
    centred = _unit(documents - centre)

    def of_topics(cosines: Matrix) -> Matrix:
        """Of a category, the nearest of the topics that stand for it; -1 where none does."""
        columns = []
        for name in names:
            own = [i for i, category in enumerate(stands_for) if category == name]
            columns.append(cosines[:, own].max(axis=1) if own else np.full(len(cosines), -1.0, np.float32))
        return np.stack(columns, axis=1)

    cosines = centred @ topics.T
    candidates = {
        "nearest name": documents @ by_name.T,
        "nearest name, centred": centred @ _unit(by_name - by_name.mean(axis=0, keepdims=True)).T,
        "topics": of_topics(cosines),
        "topics, less hubs": of_topics(cosines - _hubness(cosines[tuning])),
    }
    commonest = Counter(captions[i].category for i in tuning).most_common(1)[0][0]
    majority = np.tile(np.array([name == commonest for name in names], np.float32), (len(captions), 1))
    chosen = max(candidates, key=lambda name: _accuracy(candidates[name], tuning, captions, names).top1)
    return {
        "n": len(captions),
        "asked": len(asked),
        "wordless": sum(not captions[i].text for i in asked) / max(1, len(asked)),
        "categories": len(names),
        "without_topic": sorted(set(names) - set(stands_for)),
        "category": {
            "majority": asdict(_accuracy(majority, asked, captions, names)),
            **{name: asdict(_accuracy(scores, asked, captions, names)) for name, scores in candidates.items()},
        },
        "chosen": chosen,
        "accuracy": _accuracy(candidates[chosen], asked, captions, names).top1,
        "hashtags": _hashtags(captions, documents, centred, lambda texts: embed(texts, "embedding hashtags")),
    }


def _hubness(cosines: Matrix, nearest: int = 10) -> Matrix:
    """Half of a topic's mean cosine with its nearest captions, as CSLS takes off (Conneau et al. 2018)."""
    return np.asarray(np.sort(cosines, axis=0)[-nearest:].mean(axis=0, keepdims=True) / 2, dtype=np.float32)


def _accuracy(scores: Matrix, rows: Sequence[int], captions: Sequence[Caption], names: Sequence[str]) -> Accuracy:
    order = np.argsort(-scores[list(rows)], axis=1, kind="stable")
    right = np.array([names.index(captions[i].category) for i in rows])
    first = order[:, 0] == right
    macro = [float(first[right == category].mean()) for category in np.unique(right)]
    return Accuracy(
        float(first.mean()), float((order[:, :3] == right[:, None]).any(axis=1).mean()), float(np.mean(macro))
    )


def _hashtags(captions: Sequence[Caption], documents: Matrix, centred: Matrix, embed: Any) -> dict[str, Any]:
    """Recall among the first five, over the hashtags of the other half that the first half uses often enough."""
    known = [i for i, caption in enumerate(captions) if caption.tuning]
    uses = Counter(tag for i in known for tag in captions[i].hashtags)
    vocabulary = [tag for tag, count in uses.most_common() if count >= _MIN_USES]
    if not vocabulary:
        return {"vocabulary": 0, "recall_at_5": {}}
    place = {tag: column for column, tag in enumerate(vocabulary)}
    right = {i: [place[tag] for tag in captions[i].hashtags if tag in place] for i in range(len(captions))}
    asked = [i for i, caption in enumerate(captions) if not caption.tuning and right[i] and caption.text]
    vectors = embed(vocabulary)
    used = np.zeros((len(known), len(vocabulary)), np.float32)
    for row, i in enumerate(known):
        used[row, right[i]] = 1.0
    alike = centred[asked] @ centred[known].T
    cut = np.sort(alike, axis=1)[:, -min(_NEIGHBOURS, alike.shape[1])][:, None]
    popularity = np.array([uses[tag] for tag in vocabulary], np.float32)
    scores = {
        "most popular": np.tile(popularity, (len(asked), 1)),
        "nearest name": documents[asked] @ vectors.T,
        "nearest name, centred": centred[asked] @ _unit(vectors - vectors.mean(axis=0, keepdims=True)).T,
        "of alike captions": np.where(alike >= cut, np.maximum(alike, 0.0), 0.0) @ used,
    }
    found = {}
    for name, matrix in scores.items():
        order = np.argsort(-matrix, axis=1, kind="stable")[:, :_AT]
        hits = [len(set(order[row]) & set(right[i])) / len(right[i]) for row, i in enumerate(asked)]
        found[name] = float(np.mean(hits)) if hits else 0.0
    return {"vocabulary": len(vocabulary), "asked": len(asked), "recall_at_5": found}


def _unit(matrix: Matrix) -> Matrix:
    return np.asarray(matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def show(console: Console, figures: dict[str, Any]) -> None:
    table = Table(title=f"Caption -> one of {figures['categories']} categories, {figures['asked']} videos")
    for column in ("", "top 1", "top 3", "macro"):
        table.add_column(column, justify="right" if column else "left")
    for name, found in figures["category"].items():
        style = "bold" if name == figures["chosen"] else None
        table.add_row(name, *(f"{found[key]:.3f}" for key in ("top1", "top3", "macro")), style=style)
    console.print(table)
    console.print(f"Bold: best on the other half. Captions without words: {figures['wordless']:.0%}.")
    tags = figures["hashtags"]
    table = Table(title=f"Hashtags, recall@{_AT} out of {tags['vocabulary']}")
    table.add_column("")
    table.add_column("recall", justify="right")
    for name, recall in tags["recall_at_5"].items():
        table.add_row(name, f"{recall:.3f}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
