"""A profile of one's own, with engines that learned their own spaces, works from the file to the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.errors import WeightsMissing
from models.profile import Role, load_profile
from models.runtime import Runtime
from models.speech.base import SAMPLE_RATE
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.taxonomy.loader import load_taxonomy
from services.library.understanding import EvidenceKind, VideoState
from services.recommend.search import search_videos
from services.settings import Settings
from tests.tiny_models import tiny_clap, tiny_sentence_transformer, tiny_siglip
from tests.workers.conftest import Studio
from workers.stages.taxonomy_space import HALF, taxonomy_space

pytestmark = pytest.mark.models
NAMES = "[[cat, 猫], [dog, 狗], [street, 街]]"
SOUNDS = "{events: [[rain, 雨声]], music_moods: [[calm music, 平静的音乐]]}"


@pytest.fixture(scope="module")
def own(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile file whose text, vision and sound engines load tiny models from folders."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "names.yaml").write_text(NAMES, encoding="utf-8")
    (folder / "sounds.yaml").write_text(SOUNDS, encoding="utf-8")
    document = runtime.profile.model_dump(mode="json") | {"name": "own"}
    document["roles"] |= {
        "text": {
            "engine": "sentence-transformers",
            "weights": str(tiny_sentence_transformer(folder / "text", "qwen3")),
            "options": {"dim": 16},
        },
        "vision": {
            "engine": "transformers",
            "weights": str(tiny_siglip(folder / "vision")),
            "options": {"vocabulary": str(folder / "names.yaml")},
        },
        "sound": {
            "engine": "clap",
            "weights": str(tiny_clap(folder / "sound")),
            "options": {"vocabulary": str(folder / "sounds.yaml")},
        },
    }
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def engines(own: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    runtime = Runtime(load_profile(str(own)), Settings().models_dir)
    yield runtime
    runtime.close()


def test_a_clip_is_understood_indexed_and_found_by_its_pictures(
    engines: Runtime, clip: Callable[..., Path], tmp_path: Path
) -> None:
    dims = IndexDims(text=engines.text.dim, visual=engines.vision.dim, sound=engines.sound.dim)
    assert (dims.text, dims.visual, dims.sound) == (16, 32, 24)
    settings = Settings(
        data_dir=tmp_path / "data", allowed_roots=(tmp_path,), max_frames=3, max_ocr_frames=1, sweep_s=0.2
    )  # type: ignore[call-arg]
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    with Library.open(settings, dims) as library:
        studio = Studio(library, engines, tmp_path)
        video = studio.submit(clip(tmp_path / "clip.mp4", 5, 0.3 * np.sin(2 * np.pi * 440 * time)), title="two cats")
        (done,) = studio.finish(video)
        document = studio.document(video.id)
        assert done.state is VideoState.READY
        heard = [line.text for line in document.evidence if line.kind is EvidenceKind.SOUND]
        assert "sounds like rain (雨声)" in heard
        assert document.summary is not None
        assert "听起来像雨声" in document.summary.zh
        (hit,) = search_videos(library, engines, "a cat in the street")
        assert hit.video_id == video.id
        assert {"text", "visual"} <= set(hit.sources)


def test_the_taxonomy_is_placed_in_the_pictures_own_space(engines: Runtime, tmp_path: Path) -> None:
    from services.library.blobs import BlobStore

    space = taxonomy_space(engines, BlobStore(f"file://{tmp_path}"))
    again = taxonomy_space(engines, BlobStore(f"file://{tmp_path}"))
    leaves = len(load_taxonomy().leaves)
    assert space.visual.shape == (leaves, engines.vision.dim)
    assert again is space
    matching = engines.vision.matching
    assert matching is not None
    assert float(space.scale[0]) == pytest.approx(matching.scale)
    frames = space.visual[:3]
    near = space.by_frames(frames)
    likely = matching.among(frames, space.visual)
    assert near.shape == (3, leaves)
    # Even odds lie where a text's cosine would be as likely right as wrong.
    assert np.array_equal(near > HALF, likely > 0.5)
    assert np.array_equal(near.argmax(axis=1), likely.argmax(axis=1))


def test_weights_of_another_training_are_another_identity(own: Path, tmp_path: Path) -> None:
    document = yaml.safe_load(own.read_text(encoding="utf-8"))
    first = Runtime(load_profile(str(own)), Settings().models_dir).identity(Role.VISION)
    file = Path(document["roles"]["vision"]["weights"]) / "model.safetensors"
    kept = file.read_bytes()
    try:
        file.write_bytes(kept[:-4] + bytes(4))
        second = Runtime(load_profile(str(own)), Settings().models_dir).identity(Role.VISION)
    finally:
        file.write_bytes(kept)
    assert first.name == second.name
    assert first.revision != second.revision


def test_a_folder_that_is_not_there_is_named(own: Path, tmp_path: Path) -> None:
    document = yaml.safe_load(own.read_text(encoding="utf-8"))
    document["roles"]["text"]["weights"] = str(tmp_path / "nowhere")
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(WeightsMissing, match="nowhere that the profile names is not there"):
        Runtime(load_profile(str(tmp_path / "own.yaml")), tmp_path)
