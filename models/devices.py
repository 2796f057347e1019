"""Whether an engine works on a GPU of this machine, for counting what it costs."""

from __future__ import annotations

import sys

from models.engine_spec import EngineOptions


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
