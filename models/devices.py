"""Where an engine runs, as far as that can be told without touching a GPU."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.engine_spec import EngineOptions, EngineSpec

_PROBE = """
import json, torch
count = torch.cuda.device_count() if torch.cuda.is_available() else 0
print(json.dumps([[torch.cuda.get_device_name(i), *torch.cuda.mem_get_info(i)] for i in range(count)]))
"""
_PROBE_S = 120.0

_DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""What the drivers of NVIDIA's and AMD's GPUs, and of Windows' subsystem for Linux, put there."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU as PyTorch sees it; bytes free now, and in all."""

    name: str
    free: int
    total: int


def gpus() -> tuple[Gpu, ...]:
    """The GPUs that PyTorch sees, asked in a process of its own.

    A process that has touched CUDA can't be forked any more, and keeps a few hundred MiB of the GPU; this one may be
    the parent of workers. No GPU, or no PyTorch that can use one: empty. Without a driver nobody is asked, as starting
    PyTorch takes seconds.
    """
    if sys.platform == "linux" and not any(Path(driver).exists() for driver in _DRIVERS):
        return ()
    try:
        answer = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, timeout=_PROBE_S, check=True, text=True
        ).stdout
        return tuple(Gpu(*one) for one in json.loads(answer.strip().splitlines()[-1]))
    except (subprocess.SubprocessError, OSError, ValueError, IndexError):
        return ()


def asked_device(spec: EngineSpec[Any], options: EngineOptions) -> str:
    """The device that the options name: "cpu" for an engine that knows no other, "auto" where it is left open."""
    return str(getattr(options, "device", "cpu")) if spec.uses_gpu else "cpu"


def runs_on_gpu(spec: EngineSpec[Any], options: EngineOptions, *, there: bool) -> bool:
    """Whether the engine will run on a GPU, where `there` is one."""
    device = asked_device(spec, options)
    return device.startswith("cuda") or (device == "auto" and there)


def works_on_gpu(options: EngineOptions) -> bool:
    """Whether an engine with these options runs on a GPU here: as its option `device` says, "auto" included.

    "auto" means a GPU where one is seen by a library that is already loaded; none is loaded to find out.
    """
    device = str(getattr(options, "device", "cpu"))
    if device != "auto":
        return device.startswith("cuda")
    if (torch := sys.modules.get("torch")) is not None and torch.cuda.is_available():
        return True
    ctranslate2 = sys.modules.get("ctranslate2")
    return ctranslate2 is not None and ctranslate2.get_cuda_device_count() > 0
