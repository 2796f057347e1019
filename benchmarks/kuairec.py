"""`python -m benchmarks.kuairec --captions DIR`: Chinese captions to categories and hashtags that nobody trained on.

Hashtags are cut out of the captions first, so that the answer is not in the question. Half of the videos, by a hash of
the id, may be looked at to choose a method; figures are of the other half.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.clips import LabelsUnreadable
from benchmarks.kept_vectors import KeptVectors
from benchmarks.kuairec_data import Caption, load_captions
from benchmarks.kuairec_hashtags import AT, hashtag_recall
from benchmarks.kuairec_scores import Labels, accuracy, category_scores
from models.errors import ModelError
from models.profile import load_profile
from models.runtime import Runtime
from services.settings import Settings

_NOTHING_SAID = "视频"
"""Stands for a caption without words: an empty text would be embedded as the prefix alone."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kuairec", description=__doc__)
    parser.add_argument("--captions", type=Path, required=True, help="KuaiRec's caption file, or the folder it is in")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--limit", type=int, help="only the first so many videos")
    parser.add_argument("--vectors", type=Path, help="folder to keep vectors in; a second run then embeds nothing")
    given = parser.parse_args(arguments)
    console, progress = Console(), Console(stderr=True)
    settings = Settings()
    try:
        captions = load_captions(given.captions, given.limit)
        runtime = Runtime(load_profile(settings.profile), settings.models_dir)
        figures = measure(captions, KeptVectors(runtime.text, given.vectors, progress))
    except (LabelsUnreadable, ModelError, ValueError) as error:
        progress.print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    show(console, figures)
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def load_labels(captions: Sequence[Caption]) -> tuple[Labels, frozenset[str]]:
    """The categories that captions have, and those that name no content and are not asked for."""
    mapping = _document("kuairec_categories.yaml")
    unscored = frozenset(mapping["unscored"])
    names = tuple(sorted({caption.category for caption in captions} - unscored))
    phrases = _document("kuairec_descriptions.yaml")
    return Labels(names, {name: phrases.get(name, ()) for name in names}, mapping["topics"]), unscored


def _document(name: str) -> Any:
    return yaml.safe_load(files("benchmarks").joinpath(name).read_text(encoding="utf-8"))


def measure(captions: Sequence[Caption], vectors: KeptVectors) -> dict[str, Any]:
    """All figures. Captions that had nothing but hashtags are asked for too; `with_words` leaves them out.

    Raises `ValueError` where a half has no caption to ask for.
    """
    labels, unscored = load_labels(captions)
    documents = vectors.passages([caption.text or _NOTHING_SAID for caption in captions], "embedding captions")
    scored = [i for i, caption in enumerate(captions) if caption.category not in unscored]
    tuning = [i for i in scored if captions[i].tuning]
    asked = [i for i in scored if not captions[i].tuning]
    worded = [i for i in asked if captions[i].text]
    reference = [i for i, caption in enumerate(captions) if caption.tuning and caption.text]
    if not tuning or not worded or not reference:
        raise ValueError("too few captions: both halves need some with words and a category")
    place = {name: column for column, name in enumerate(labels.names)}
    right = [place.get(caption.category, -1) for caption in captions]
    commonest = Counter(captions[i].category for i in tuning).most_common(1)[0][0]
    scores = {
        "majority": np.tile(np.array([name == commonest for name in labels.names], np.float32), (len(captions), 1)),
        **category_scores(labels, documents, reference, vectors),
    }

    def of(rows: list[int]) -> dict[str, dict[str, float]]:
        answers = [right[i] for i in rows]
        return {name: asdict(accuracy(matrix[rows], answers)) for name, matrix in scores.items()}

    on_tuning, found, with_words = of(tuning), of(asked), of(worded)
    chosen = max(on_tuning, key=lambda name: on_tuning[name]["top1"])
    tags = {
        name: hashtag_recall(captions, documents, vectors, promotion=promotion)
        for name, promotion in (("all", True), ("without_promotion", False))
    }
    return {
        "n": len(captions),
        "asked": len(asked),
        "asked_with_words": len(worded),
        "categories": len(labels.names),
        "without_topic": sorted(set(labels.names) - set(labels.stands_for.values())),
        "commonest": commonest,
        "tuning": on_tuning,
        "category": found,
        "with_words": with_words,
        "chosen": chosen,
        "top1": found[chosen]["top1"],
        "top3": found[chosen]["top3"],
        "macro_f1": found[chosen]["macro_f1"],
        "pipeline_top1": found["topics, as the pipeline"]["top1"],
        "hashtags": {name: None if recall is None else asdict(recall) for name, recall in tags.items()},
        "embedded": {"texts": vectors.texts, "seconds": round(vectors.seconds, 1)},
    }


def show(console: Console, figures: dict[str, Any]) -> None:
    title = f"Caption -> one of {figures['categories']} categories, {figures['asked']} videos"
    table = Table(title=f"{title} ({figures['asked_with_words']} with words)")
    for column in ("", "top 1", "top 3", "macro F1", "with words: top 1", "top 3"):
        table.add_column(column, justify="right" if column else "left")
    for name, found in figures["category"].items():
        cells = [found["top1"], found["top3"], found["macro_f1"]]
        cells += [figures["with_words"][name]["top1"], figures["with_words"][name]["top3"]]
        style = "bold" if name == figures["chosen"] else None
        table.add_row(name, *(f"{cell:.3f}" for cell in cells), style=style)
    console.print(table)
    console.print(f"Bold: best on the other half. No topic stands for {', '.join(figures['without_topic']) or 'none'}.")
    for kind, recall in figures["hashtags"].items():
        if recall is None:
            console.print(f"Hashtags, {kind}: none is used often enough.")
            continue
        held = f"{recall['vocabulary']} hold {recall['covered']:.0%} of uses"
        table = Table(title=f"Hashtags, {kind}: {held}; {recall['asked']} videos")
        for column in ("recall at", *map(str, AT)):
            table.add_column(column, justify="left" if column == "recall at" else "right")
        for name, at in recall["recall"].items():
            cells = [f"{at[f'at_{k}']:.3f}" for k in AT]
            table.add_row(name, *cells, style="bold" if name == recall["chosen"] else None)
        console.print(table)
    embedded = figures["embedded"]
    console.print(f"Embedded {embedded['texts']} texts in {embedded['seconds']:.0f} s.")


if __name__ == "__main__":
    sys.exit(main())
