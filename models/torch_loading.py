"""Loading a PyTorch model from a local folder: safetensors only, no code from the folder, nothing from the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.engine_spec import TorchOptions
from models.errors import EngineUnavailable, ModelError

if TYPE_CHECKING:
    import torch

LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""What every `from_pretrained` is given."""


def quiet() -> None:
    """No progress bars: loading happens in workers, whose output is a log."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def torch_device(name: str) -> torch.device:
    """Where to run, by the option `device`. Raises `EngineUnavailable` for a GPU that is not there."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise EngineUnavailable(
            f"device {name} is not there (PyTorch {torch.__version__} sees {torch.cuda.device_count()}); "
            "set the option device to auto or cpu, or install a PyTorch build for this machine's GPU"
        )
    return device


def torch_dtype(options: TorchOptions, device: torch.device) -> torch.dtype:
    """The type of the weights in memory: half precision on a GPU unless the options say otherwise."""
    import torch

    named = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
    return named.get(options.dtype) or (torch.float16 if device.type == "cuda" else torch.float32)


def check_folder(folder: Path) -> None:
    """Raise `ModelError` unless the folder looks like one that `save_pretrained` writes, with safetensors."""
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} is no folder of a transformers model: it has no config.json")
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(path.name for path in folder.glob("*.bin"))
        why = f"; {', '.join(pickled)} may hold code and is not read" if pickled else ""
        raise ModelError(f"{folder} holds no safetensors{why}")


def load_model(loader: Any, folder: Path, dtype: torch.dtype, device: torch.device) -> Any:
    """The model of the folder by `loader` (an Auto class of transformers), ready for inference.

    Raises `ModelError` where the folder is none of its kind, or where weights are missing: transformers would make
    random ones in their place.
    """
    from safetensors import SafetensorError

    quiet()
    check_folder(folder)
    try:
        model, info = loader.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, output_loading_info=True, **LOCAL
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be loaded: {error}") from error
    missing = sorted(info["missing_keys"])
    if missing:
        named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise ModelError(f"{folder} lacks weights of its own architecture: {named}")
    return model.to(device).eval()


def load_part(loader: Any, folder: Path, what: str, **more: Any) -> Any:
    """A tokenizer or a processor of the folder; raises `ModelError` naming `what` is missing."""
    try:
        return loader.from_pretrained(folder, **LOCAL, **more)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} has no {what} that can be loaded: {error}") from error
