"""What an engine says of an input does not depend on whose inputs shared its batch: every family, real batches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.batching import BatchLimits
from models.grouping import EngineGroups, Grouping, alone
from models.identity import ModelIdentity
from models.sound.clap import Clap
from models.sound.engines import ClapOptions
from models.text.engines import SentenceTransformersOptions
from models.text.sentence_transformers import SentenceTransformers
from models.vision.engines import DualOptions
from models.vision.transformers_dual import TransformersDual
from tests.tiny_models import (
    tiny_chinese_clip,
    tiny_clap,
    tiny_clip,
    tiny_sentence_transformer,
    tiny_siglip,
    tiny_siglip2,
)

IDENTITY = ModelIdentity("tiny", "tiny", "1")
TASKS = 8
FLOAT32 = 1e-5
"""Largest difference between any two numbers of the unit vectors: products of matrices depend on the number of rows."""

BFLOAT16 = 2e-2
"""The same in half precision, whose numbers have three digits."""

Call = Callable[[Any, int], np.ndarray]


def vision(maker: Callable[[Path], Path]) -> Callable[[Path, Grouping, str], Any]:
    def load(folder: Path, grouping: Grouping, dtype: str) -> Any:
        made = maker(folder)
        (folder / "names.yaml").write_text("[[cat, 猫], [dog, 狗]]", encoding="utf-8")
        given = {"device": "cpu", "dtype": dtype, "batch": 8, "vocabulary": str(folder / "names.yaml")}
        options = DualOptions.model_validate(given)
        return TransformersDual(made, IDENTITY, options, cache=folder / "derived", grouping=grouping)

    return load


def text(kind: str) -> Callable[[Path, Grouping, str], Any]:
    def load(folder: Path, grouping: Grouping, dtype: str) -> Any:
        options = SentenceTransformersOptions.model_validate({"device": "cpu", "dtype": dtype, "batch": 8})
        return SentenceTransformers(tiny_sentence_transformer(folder, kind), IDENTITY, options, grouping=grouping)

    return load


def clap(folder: Path, grouping: Grouping, dtype: str) -> Any:
    made = tiny_clap(folder)
    (folder / "names.yaml").write_text("{events: [[rain, 雨]], music_moods: [[calm, 平静]]}", encoding="utf-8")
    given = {"device": "cpu", "dtype": dtype, "batch": 8, "vocabulary": str(folder / "names.yaml")}
    options = ClapOptions.model_validate(given)
    return Clap(made, IDENTITY, options, cache=folder / "derived", grouping=grouping)


def frames(engine: Any, task: int) -> np.ndarray:
    """One or two frames, each task's of another shape."""
    noise = np.random.default_rng(task)
    shapes = [(40 + 10 * task, 30, 3), (20, 30 + 10 * task, 3)]
    return engine.embed_frames(
        [noise.integers(0, 256, shape).astype(np.uint8) for shape in shapes[: 1 + task % 2]]
    ).vectors  # type: ignore[no-any-return]


def captions(task: int) -> list[str]:
    return [f"{'a very long way ' * task}home", "猫" * (1 + task)][: 1 + task % 2]


def queries(engine: Any, task: int) -> np.ndarray:
    return np.asarray(engine.embed_texts(captions(task)))


def passages(engine: Any, task: int) -> np.ndarray:
    return np.asarray(engine.embed_passages(captions(task)))


def sounds(engine: Any, task: int) -> np.ndarray:
    """Noise of two to nine seconds, louder from task to task."""
    noise = np.random.default_rng(task).normal(size=16_000 * (2 + task)).astype(np.float32)
    return np.asarray(engine.listen(0.02 * (1 + task) * noise).vector)


CASES: dict[str, tuple[Callable[[Path, Grouping, str], Any], Call]] = {
    "SigLIP frames": (vision(tiny_siglip), frames),
    "SigLIP 2 NaFlex frames": (vision(tiny_siglip2), frames),
    "CLIP frames": (vision(tiny_clip), frames),
    "Chinese-CLIP frames": (vision(tiny_chinese_clip), frames),
    "SigLIP texts": (vision(tiny_siglip), queries),
    "CLIP texts": (vision(tiny_clip), queries),
    "Chinese-CLIP texts": (vision(tiny_chinese_clip), queries),
    "Qwen3 passages, last token": (text("qwen3"), passages),
    "XLM-R passages, first token": (text("xlmr"), passages),
    "BERT passages, mean": (text("bert"), passages),
    "CLAP windows": (clap, sounds),
}


def apart(folder: Path, load: Callable[[Path, Grouping, str], Any], call: Call, dtype: str) -> tuple[float, list[int]]:
    """Largest difference between alone and together, and the sizes of the batches that were made."""
    sizes: list[int] = []
    groups = EngineGroups(BatchLimits(wait_s=0.05))

    def counted(work: Any, *, name: str, size: int, urgent: bool = False) -> Any:
        def noted(items: Sequence[Any]) -> Any:
            sizes.append(len(items))
            return work(items)

        return groups(noted, name=name, size=size)

    single, shared = load(folder / "single", alone, dtype), load(folder / "shared", counted, dtype)
    expected = [call(single, task) for task in range(TASKS)]
    sizes.clear()
    ready = threading.Barrier(TASKS)

    def task(number: int) -> np.ndarray:
        ready.wait()
        return call(shared, number)

    with ThreadPoolExecutor(TASKS) as pool:
        found = list(pool.map(task, range(TASKS)))
    groups.close()
    return max(float(np.abs(a - b).max()) for a, b in zip(expected, found, strict=True)), sizes


@pytest.mark.parametrize(("load", "call"), CASES.values(), ids=CASES)
def test_vectors_are_the_same_alone_and_in_batches_with_other_tasks(
    load: Callable[[Path, Grouping, str], Any], call: Call, tmp_path: Path
) -> None:
    difference, sizes = apart(tmp_path, load, call, "float32")
    assert difference <= FLOAT32
    assert max(sizes) > 1
    assert sum(sizes) >= TASKS


@pytest.mark.parametrize("case", ["SigLIP frames", "XLM-R passages, first token"])
def test_half_precision_differs_by_its_own_rounding_and_no_more(case: str, tmp_path: Path) -> None:
    difference, sizes = apart(tmp_path, *CASES[case], "bfloat16")
    assert difference <= BFLOAT16
    assert max(sizes) > 1
