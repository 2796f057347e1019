"""What a process may keep of its engines: idle ones go, those in use and those pinned stay; memory's end has a name."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from models.batching import MicroBatcher
from models.errors import OutOfMemory
from models.grouping import EngineGroups
from models.limits import RuntimeLimits
from models.profile import Role, load_profile
from models.runtime import Runtime

LITE = load_profile("lite")
SILENCE = np.zeros(16_000, np.float32)


def opened(tmp_path: Path, ttl_s: float, *pinned: Role) -> Iterator[Runtime]:
    runtime = Runtime(LITE, tmp_path, limits=RuntimeLimits(idle_ttl_s=ttl_s, pinned=frozenset(pinned)))
    yield runtime
    runtime.close()


@pytest.fixture
def brief(tmp_path: Path) -> Iterator[Runtime]:
    """Engines live for a tenth of a second after their last call."""
    yield from opened(tmp_path, 0.1)


def gone(runtime: Runtime, role: Role) -> bool:
    ends = time.monotonic() + 20
    while role in runtime.loaded() and time.monotonic() < ends:
        time.sleep(0.02)
    return role not in runtime.loaded()


def test_an_engine_that_nobody_calls_is_unloaded_and_comes_back_when_called(brief: Runtime) -> None:
    first = brief.sound
    assert gone(brief, Role.SOUND)
    assert brief.sound is not first
    assert brief.sound.listen(SILENCE).silence_ratio == 1.0


def test_an_engine_in_use_stays_however_long_the_call_takes(brief: Runtime) -> None:
    with brief.calling(Role.SOUND):
        time.sleep(0.4)
        assert brief.loaded() == (Role.SOUND,)
    assert gone(brief, Role.SOUND)


def test_without_a_time_to_live_nothing_is_ever_unloaded(tmp_path: Path) -> None:
    for runtime in opened(tmp_path, 0.0):
        _ = runtime.sound
        assert runtime.unload_idle() == ()
        assert runtime.loaded() == (Role.SOUND,)
        assert runtime._keeper is None


def test_a_pinned_engine_stays(tmp_path: Path) -> None:
    for runtime in opened(tmp_path, 0.05, Role.SOUND):
        _ = runtime.sound
        time.sleep(0.3)
        assert runtime.loaded() == (Role.SOUND,)


@pytest.mark.models
def test_the_text_engine_stays_as_long_as_vision_speaks_through_it(runtime: Runtime) -> None:
    own = Runtime(LITE, runtime._weights, limits=RuntimeLimits(idle_ttl_s=0.01, pinned=frozenset({Role.VISION})))
    own.vision.embed_texts(["a cat"])
    time.sleep(0.1)
    own.unload_idle()
    assert set(own.loaded()) == {Role.VISION, Role.TEXT}
    own.close()


def test_memory_that_runs_out_inside_a_call_is_told_with_the_role_and_what_to_do(tmp_path: Path) -> None:
    runtime = Runtime(LITE, tmp_path)
    with pytest.raises(OutOfMemory, match=r"sound signal ran out of memory .* run fewer tasks at once"):  # noqa: SIM117
        with runtime.calling(Role.SOUND):
            torch.empty(2**60, dtype=torch.uint8)
    with pytest.raises(ValueError, match="another fault"):  # noqa: SIM117
        with runtime.calling(Role.SOUND):
            raise ValueError("another fault")
    assert runtime.loaded() == (Role.SOUND,)


@pytest.mark.models
def test_batching_can_be_switched_on_and_changes_nothing_that_comes_out(runtime: Runtime) -> None:
    """The lite engines: alone, and in batches with the inputs of seven other threads."""
    joined = Runtime(LITE, runtime._weights, limits=RuntimeLimits(batching="on"))
    frames = [np.random.default_rng(n).integers(0, 256, (90, 160, 3), dtype=np.uint8) for n in range(8)]
    texts = [f"{'very ' * n}long 第{n}句话" for n in range(8)]
    alone_frames = [runtime.vision.embed_frames([frame]).vectors for frame in frames]
    alone_texts = [runtime.text.embed_passages([text]) for text in texts]
    together_frames: dict[int, np.ndarray] = {}
    together_texts: dict[int, np.ndarray] = {}
    ready = threading.Barrier(8)
    _ = joined.vision

    def task(n: int) -> None:
        ready.wait()
        together_frames[n] = joined.vision.embed_frames([frames[n]]).vectors
        together_texts[n] = joined.text.embed_passages([texts[n]])

    threads = [threading.Thread(target=task, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    joined.close()
    for n in range(8):
        np.testing.assert_allclose(together_frames[n], alone_frames[n], atol=1e-5)
        np.testing.assert_array_equal(together_texts[n], alone_texts[n])


@pytest.mark.models
def test_the_lite_engines_are_not_joined_by_default(runtime: Runtime) -> None:
    _ = runtime.vision
    assert all(loaded.groups is None for loaded in runtime._engines.values())
    on = Runtime(LITE, runtime._weights, limits=RuntimeLimits(batching="on"))
    _ = on.text
    assert isinstance(on._engines[Role.TEXT].groups, EngineGroups)
    assert all(isinstance(made, MicroBatcher) for made in on._engines[Role.TEXT].groups._made)
    on.close()
