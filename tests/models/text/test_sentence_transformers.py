"""Text encoders from a folder: prompts of their own, cut vectors of unit length, neighbours that change nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError, ProfileInvalid
from models.identity import ModelIdentity
from models.text.engines import SentenceTransformersOptions
from models.text.sentence_transformers import SentenceTransformers
from tests.tiny_models import WIDTH, tiny_sentence_transformer

KINDS = ("qwen3", "xlmr", "bert")
IDENTITY = ModelIdentity("sentence-transformers", "tiny", "1")
TEXTS = ["a cat", "今天天气很好", "two dogs in the street", "x"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {kind: tiny_sentence_transformer(tmp_path_factory.mktemp(kind), kind) for kind in KINDS}


@pytest.fixture(scope="module")
def load(folders: dict[str, Path]) -> Callable[..., SentenceTransformers]:
    def make(kind: str, **options: object) -> SentenceTransformers:
        given = SentenceTransformersOptions.model_validate({"batch": 3} | options)
        return SentenceTransformers(folders[kind], IDENTITY, given)

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_texts_become_unit_vectors(kind: str, load: Callable[..., SentenceTransformers]) -> None:
    engine = load(kind)
    for vectors in (engine.embed_queries(TEXTS), engine.embed_passages(TEXTS)):
        assert (vectors.shape, vectors.dtype) == ((4, WIDTH), np.float32)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert engine.embed_queries([]).shape == (0, engine.dim) == (0, WIDTH)


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_in_a_batch_and_their_padding_change_nothing(
    kind: str, load: Callable[..., SentenceTransformers]
) -> None:
    engine = load(kind)
    alone = np.concatenate([engine.embed_passages([text]) for text in TEXTS])
    assert engine.embed_passages(TEXTS) == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_folder_gives_the_same_vectors_again(kind: str, load: Callable[..., SentenceTransformers]) -> None:
    assert np.array_equal(load(kind).embed_queries(TEXTS), load(kind).embed_queries(TEXTS))


def test_prompts_come_from_the_models_configuration(load: Callable[..., SentenceTransformers]) -> None:
    prompted = load("qwen3")
    assert np.array_equal(prompted.embed_queries(["cat"]), prompted.embed_passages(["find: cat"]))
    assert not np.allclose(prompted.embed_queries(["cat"]), prompted.embed_passages(["cat"]))
    plain = load("bert")
    assert np.array_equal(plain.embed_queries(["cat"]), plain.embed_passages(["cat"]))


def test_prompts_of_the_profile_stand_in_where_the_model_has_none(load: Callable[..., SentenceTransformers]) -> None:
    engine = load("bert", query_prompt="query: ", passage_prompt="passage: ")
    plain = load("bert")
    assert np.array_equal(engine.embed_queries(["cat"]), plain.embed_queries(["query: cat"]))
    assert np.array_equal(engine.embed_passages(["cat"]), plain.embed_passages(["passage: cat"]))


def test_a_vector_that_is_cut_short_is_of_unit_length_again(load: Callable[..., SentenceTransformers]) -> None:
    whole, short = load("qwen3"), load("qwen3", dim=8)
    first = whole.embed_passages(TEXTS)[:, :8]
    assert short.dim == 8
    assert short.embed_passages(TEXTS) == pytest.approx(first / np.linalg.norm(first, axis=1, keepdims=True), abs=1e-6)


def test_more_numbers_than_the_model_has_are_refused(load: Callable[..., SentenceTransformers]) -> None:
    with pytest.raises(ProfileInvalid, match="option 'dim': tiny has vectors of 32 numbers, 64 are asked"):
        load("bert", dim=64)


def test_what_follows_the_longest_text_that_is_read_changes_nothing(load: Callable[..., SentenceTransformers]) -> None:
    engine = load("xlmr")
    assert engine.embed_passages(["abcdefghijklmnopqrstuvwxyz"]) == pytest.approx(
        engine.embed_passages(["abcdefghijklmnopqrs"]), abs=1e-6
    )


def test_half_precision_gives_nearly_the_same_directions(load: Callable[..., SentenceTransformers]) -> None:
    single, half = load("qwen3").embed_passages(TEXTS), load("qwen3", dtype="bfloat16").embed_passages(TEXTS)
    assert half.dtype == np.float32
    assert float((single * half).sum(axis=1).min()) > 0.99


def test_half_an_emoji_is_read_as_something(load: Callable[..., SentenceTransformers]) -> None:
    assert np.isfinite(load("bert").embed_queries(["cat \ud83d"])).all()


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no folder of a sentence-transformers model: it has no modules\.json"):
        SentenceTransformers(tmp_path, IDENTITY, SentenceTransformersOptions())


def test_pickled_weights_are_not_read(folders: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folders["bert"], tmp_path / "copy"))
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin may hold code and is not read"):
        SentenceTransformers(copy, IDENTITY, SentenceTransformersOptions())


def test_weights_of_another_architecture_are_not_filled_up_with_random_ones(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folders["qwen3"], tmp_path / "copy"))
    shutil.copy(folders["bert"] / "model.safetensors", copy)
    with pytest.raises(ModelError, match="lacks weights of its own architecture"):
        SentenceTransformers(copy, IDENTITY, SentenceTransformersOptions())


def test_code_that_a_folder_asks_for_is_not_run(folders: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folders["bert"], tmp_path / "copy"))
    (copy / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    config = json.loads((copy / "config.json").read_text())
    config |= {"auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}, "model_type": "evil"}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="cannot be loaded"):
        SentenceTransformers(copy, IDENTITY, SentenceTransformersOptions())
    assert not (tmp_path / "ran").exists()
