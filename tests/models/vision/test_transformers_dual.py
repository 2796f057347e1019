"""Image and text towers from a folder: the same vectors alone and in a batch, and errors that name the folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from models.errors import EngineUnavailable, ModelError, ProfileInvalid
from models.identity import ModelIdentity
from models.vision.engines import DualOptions
from models.vision.matching import Matching
from models.vision.transformers_dual import TransformersDual
from models.vision.vocabulary import vocabulary
from tests.tiny_models import tiny_chinese_clip, tiny_clip, tiny_siglip, tiny_siglip2

MAKERS: dict[str, Callable[[Path], Path]] = {
    "siglip": tiny_siglip,
    "siglip2": tiny_siglip2,
    "clip": tiny_clip,
    "chinese_clip": tiny_chinese_clip,
}
DIMS = {"siglip": 32, "siglip2": 32, "clip": 24, "chinese_clip": 24}
IDENTITY = ModelIdentity("transformers", "tiny", "1")
TEXTS = ["a cat", "今天天气很好", "two dogs in the street", ""]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in MAKERS.items()}


@pytest.fixture(scope="module")
def load(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TransformersDual]:
    cache = tmp_path_factory.mktemp("derived")
    names = cache / "names.yaml"
    names.write_text("[[cat, 猫], [dog, 狗], [street, 街]]", encoding="utf-8")

    def make(family: str, **options: object) -> TransformersDual:
        return TransformersDual(
            folders[family],
            IDENTITY,
            DualOptions.model_validate({"batch": 3, "vocabulary": str(names)} | options),
            cache=cache / family,
        )

    return make


def pictures(count: int = 5) -> list[np.ndarray]:
    shapes = [(48, 27), (27, 48), (32, 32), (200, 100), (9, 300)]
    noise = np.random.default_rng(0)
    return [noise.integers(0, 256, (*shapes[i % 5], 3)).astype(np.uint8) for i in range(count)]


@pytest.mark.parametrize("family", MAKERS)
def test_frames_and_texts_become_unit_vectors_of_one_space(family: str, load: Callable[..., TransformersDual]) -> None:
    engine = load(family)
    frames, texts = engine.embed_frames(pictures()).vectors, engine.embed_texts(TEXTS)
    assert engine.dim == DIMS[family]
    assert (frames.shape, texts.shape) == ((5, engine.dim), (4, engine.dim))
    assert frames.dtype == texts.dtype == np.float32
    assert np.linalg.norm(frames, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert np.linalg.norm(texts, axis=1) == pytest.approx(np.ones(4), abs=1e-5)


@pytest.mark.parametrize("family", MAKERS)
def test_neighbours_in_a_batch_and_their_padding_change_nothing(
    family: str, load: Callable[..., TransformersDual]
) -> None:
    engine, shown = load(family), pictures()
    alone = np.concatenate([engine.embed_frames([picture]).vectors for picture in shown])
    assert engine.embed_frames(shown).vectors == pytest.approx(alone, abs=1e-5)
    assert engine.embed_texts(TEXTS) == pytest.approx(
        np.concatenate([engine.embed_texts([t]) for t in TEXTS]), abs=1e-5
    )


@pytest.mark.parametrize("family", MAKERS)
def test_the_same_folder_gives_the_same_vectors_again(family: str, load: Callable[..., TransformersDual]) -> None:
    first, second = load(family), load(family)
    assert np.array_equal(first.embed_frames(pictures()).vectors, second.embed_frames(pictures()).vectors)
    assert np.array_equal(first.embed_texts(TEXTS), second.embed_texts(TEXTS))


@pytest.mark.parametrize("family", MAKERS)
def test_different_pictures_and_texts_have_different_vectors(
    family: str, load: Callable[..., TransformersDual]
) -> None:
    engine = load(family)
    for vectors in (engine.embed_frames(pictures(2)).vectors, engine.embed_texts(["cat", "dog street"])):
        assert abs(float(vectors[0] @ vectors[1])) < 0.99999


@pytest.mark.parametrize("family", MAKERS)
def test_half_precision_gives_nearly_the_same_directions_as_single(
    family: str, load: Callable[..., TransformersDual]
) -> None:
    single, half = load(family), load(family, dtype="bfloat16")
    together = (single.embed_frames(pictures()).vectors * half.embed_frames(pictures()).vectors).sum(axis=1)
    assert half.embed_texts(TEXTS).dtype == np.float32
    assert float(together.min()) > 0.99


@pytest.mark.parametrize("family", MAKERS)
def test_nothing_in_nothing_out(family: str, load: Callable[..., TransformersDual]) -> None:
    engine = load(family)
    assert engine.embed_frames([]).vectors.shape == engine.embed_texts([]).shape == (0, engine.dim)


def test_the_names_that_ship_are_looked_for_unless_others_are_given() -> None:
    assert len(vocabulary()) > 1100
    assert {"tabby cat", "street dance"} & {name.en for name in vocabulary()}
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in name.zh) for name in vocabulary()[1000:])


def test_half_an_emoji_is_read_as_something(load: Callable[..., TransformersDual]) -> None:
    assert np.isfinite(load("clip").embed_texts(["cat \ud83d"])).all()


@pytest.mark.parametrize("family", MAKERS)
def test_cosines_scale_and_bias_give_the_logits_of_the_models_own_forward_pass(
    family: str, folders: dict[str, Path], load: Callable[..., TransformersDual]
) -> None:
    engine, shown, texts = load(family), pictures(), ["a cat", "two dogs"]
    model = AutoModel.from_pretrained(folders[family]).eval()
    looked = AutoImageProcessor.from_pretrained(folders[family], backend="pil")(
        images=[Image.fromarray(picture) for picture in shown], return_tensors="pt"
    )
    tokenizer = AutoTokenizer.from_pretrained(folders[family])
    if "siglip" in family:
        # As these models were trained: padded on the right to full length, and no mask.
        read = tokenizer(texts, padding="max_length", padding_side="right", max_length=16, return_tensors="pt")
        del read["attention_mask"]
    else:
        read = tokenizer(texts, padding=True, return_tensors="pt")
    read.pop("token_type_ids", None)
    with torch.inference_mode():
        theirs = model(**looked, **read).logits_per_image.numpy()
    ours = engine.matching.scale * engine.embed_frames(shown).vectors @ engine.embed_texts(texts).T
    assert ours + (engine.matching.bias or 0.0) == pytest.approx(theirs, abs=2e-3)


def test_threads_that_embed_at_once_get_what_each_would_alone(load: Callable[..., TransformersDual]) -> None:
    engine = load("clip")
    texts = [["cat" * (1 + i % 5)] for i in range(12)]
    alone = [engine.embed_texts(one) for one in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(engine.embed_texts, texts))
    assert np.concatenate(together) == pytest.approx(np.concatenate(alone), abs=1e-5)


@pytest.mark.parametrize("family", ["siglip", "clip"])
def test_a_labels_probability_is_that_of_its_family(family: str, load: Callable[..., TransformersDual]) -> None:
    engine = load(family)
    features = engine.embed_frames(pictures())
    phrase = "This is a photo of {}." if family == "siglip" else "a photo of a {}."
    texts = engine.embed_texts([phrase.format(name) for name in ("cat", "dog", "street")])
    logits = engine.matching.scale * features.vectors @ texts.T
    if family == "siglip":
        likely = 1 / (1 + np.exp(-(logits - 16.0)))
    else:
        likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for row, labels in zip(likely, features.labels, strict=True):
        assert [label.probability for label in labels] == pytest.approx(sorted(row[row >= 0.05])[::-1], abs=1e-4)
        assert {(label.name, label.name_zh) for label in labels} <= {("cat", "猫"), ("dog", "狗"), ("street", "街")}


def test_texts_are_padded_to_full_length_and_in_small_letters_for_siglip(load: Callable[..., TransformersDual]) -> None:
    engine = load("siglip")
    assert np.array_equal(engine.embed_texts(["A CAT"]), engine.embed_texts(["a cat"]))
    assert engine.matching.bias == pytest.approx(-16.0)


def test_the_languages_that_reach_pictures_follow_from_the_model(load: Callable[..., TransformersDual]) -> None:
    assert load("chinese_clip").languages == ("zh",)
    assert load("clip").languages == ("en",)


def test_a_bias_gives_each_pair_its_own_probability_and_none_shares_one() -> None:
    frames, texts = np.eye(1, 4, dtype=np.float32), np.eye(3, 4, dtype=np.float32)
    assert Matching(20.0, -10.0).each(frames, texts)[0] == pytest.approx(
        [1 / (1 + np.exp(-10)), 4.5e-5, 4.5e-5], rel=0.01
    )
    assert Matching(20.0).each(frames, texts).sum() == pytest.approx(1.0)
    assert Matching(20.0, -10.0).near == pytest.approx(0.5)
    assert Matching(1000.0).among(frames, texts)[0] == pytest.approx([1.0, 0.0, 0.0])


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 4), (4, 4, 4)])
def test_what_is_no_rgb_frame_is_refused(shape: tuple[int, ...], load: Callable[..., TransformersDual]) -> None:
    with pytest.raises(ModelError, match="a frame must be RGB"):
        load("clip").embed_frames([np.zeros(shape, np.uint8)])


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{tmp_path}.*config"):
        TransformersDual(tmp_path, IDENTITY, DualOptions(), cache=tmp_path)


def test_pickled_weights_are_not_read(folders: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folders["clip"], tmp_path / "copy"))
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no safetensors.*pytorch_model\.bin may hold code and is not read"):
        TransformersDual(copy, IDENTITY, DualOptions(), cache=tmp_path)


def test_weights_of_another_architecture_are_not_filled_up_with_random_ones(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folders["clip"], tmp_path / "copy"))
    shutil.copy(folders["chinese_clip"] / "model.safetensors", copy)
    with pytest.raises(ModelError, match="lacks weights of its own architecture"):
        TransformersDual(copy, IDENTITY, DualOptions(), cache=tmp_path)


def test_a_cut_off_file_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folders["clip"], tmp_path / "copy"))
    whole = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot be loaded"):
        TransformersDual(copy, IDENTITY, DualOptions(), cache=tmp_path)


def test_a_model_of_another_kind_is_told_apart(folders: dict[str, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folders["clip"], tmp_path / "copy"))
    (copy / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="type 'bert', which is none that embeds pictures and texts alike; known are"):
        TransformersDual(copy, IDENTITY, DualOptions(), cache=tmp_path)


def test_a_gpu_that_is_not_there_is_said_to_be(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="device cuda:7 is not there"):
        TransformersDual(folders["clip"], IDENTITY, DualOptions(device="cuda:7"), cache=tmp_path)


@pytest.mark.parametrize("text", ["[]", "cat: 猫", "[[cat]]", "[["])
def test_a_vocabulary_that_is_none_is_named(text: str, load: Callable[..., TransformersDual], tmp_path: Path) -> None:
    names = tmp_path / "wrong.yaml"
    names.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileInvalid, match=r"option 'vocabulary': .*wrong\.yaml"):
        load("clip", vocabulary=str(names))
