"""What tests of every package share: the lite engines, the folder of real media, and speech made on the spot."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from models.errors import EngineUnavailable, WeightsMissing
from models.profile import load_profile
from models.runtime import Runtime
from models.speech.base import SAMPLE_RATE
from services.library.blobs import BlobStore
from services.settings import Settings
from workers.stages.taxonomy_space import taxonomy_space

# Test processes beside each other are given 80 columns, which Rich would keep for good; tests set the width they need.
os.environ.pop("COLUMNS", None)

Audio = npt.NDArray[np.float32]
Spoken = Callable[..., Audio]


class WholeFiles(LoadFileScheduling):  # type: ignore[misc]
    """Files may run in processes beside each other; the console's share one library, each going on from there."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/console" if file.startswith("tests/console/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles:
    """Groups by mark would do, but xdist 3.8 does not see them under pytest 9.2."""
    return WholeFiles(config, log)


@pytest.fixture(scope="session")
def runtime() -> Iterator[Runtime]:
    """The lite profile's engines, each loaded when a test first needs it; skips where weights are missing."""
    engines = Runtime(load_profile("lite"), Settings().models_dir)
    try:
        engines.check_weights()
    except (WeightsMissing, EngineUnavailable) as error:
        pytest.skip(f"the lite weights are not here (run: make fetch, or reelwise models fetch): {error}")
    yield engines
    engines.close()


@pytest.fixture(scope="session")
def warmed(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """`warmed(data)` makes a data folder that knows the taxonomy's vectors already; they take half a minute to make."""
    blobs = tmp_path_factory.mktemp("warm")
    taxonomy_space(runtime, BlobStore(f"file://{blobs}"))

    def make(data: Path) -> Path:
        shutil.copytree(blobs, data / "blobs")
        return data

    return make


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real media: REELWISE_SHARED, or `shared` beside the repository; skips where there is none."""
    named = os.environ.get("REELWISE_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "media").is_dir():
        pytest.skip(f"the folder of real media is not here ({folder}; set REELWISE_SHARED)")
    return folder


@pytest.fixture(scope="session")
def spoken() -> Spoken:
    """`spoken(text, lang="en-us", rate=150)` says the text by espeak-ng: mono float32 at 16 kHz."""
    command = shutil.which("espeak-ng")
    if command is None:
        pytest.skip("espeak-ng is not installed (apt-get install espeak-ng)")

    def say(text: str, lang: str = "en-us", rate: int = 150) -> Audio:
        wav = subprocess.run(
            [command, "-v", lang, "-s", str(rate), "--stdout", "--", text], capture_output=True, check=True
        ).stdout
        return resampled(*soundfile.read(io.BytesIO(wav), dtype="float32"))

    return say


@pytest.fixture(scope="session")
def listened() -> Callable[[Path], Audio]:
    """`listened(path)` reads a sound file as mono float32 at 16 kHz."""

    def read(path: Path) -> Audio:
        return resampled(*soundfile.read(path, dtype="float32"))

    return read


def resampled(audio: npt.NDArray[np.float32], rate: int) -> Audio:
    """Mono audio at 16 kHz; linear interpolation is enough for speech that only tests hear."""
    mono = audio.mean(axis=1) if audio.ndim > 1 else audio
    times = np.arange(round(len(mono) * SAMPLE_RATE / rate)) / SAMPLE_RATE
    return np.interp(times, np.arange(len(mono)) / rate, mono).astype(np.float32)


@pytest.fixture(scope="session")
def _kept_spans() -> list[object]:
    """Turns traces on for this process, as it can be done once."""
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.trace import set_tracer_provider

    class Keep(trace.SpanProcessor):  # type: ignore[misc]
        def on_end(self, span: object) -> None:
            if watching:
                kept.append(span)

    kept: list[object] = []
    provider = trace.TracerProvider()
    provider.add_span_processor(Keep())
    set_tracer_provider(provider)
    return kept


watching: list[bool] = []


@pytest.fixture
def spans(_kept_spans: list[object]) -> Iterator[list[object]]:
    """The spans that end while the test runs."""
    _kept_spans.clear()
    watching.append(True)
    yield _kept_spans
    watching.clear()
