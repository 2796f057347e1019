"""When memory runs out: how the libraries say so, and what frees some."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import OutOfMemory

_WORDS = (
    "out of memory",  # CUDA, cuBLAS, CTranslate2 ("CUDA failed with error out of memory")
    "not enough memory",  # PyTorch's allocator for the CPU
    "can't allocate memory",  # the same, from the system's words
    "cannot allocate memory",
    "failed to allocate memory",  # ONNX Runtime's arenas
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "bad_alloc",  # C++ libraries: CTranslate2, ONNX Runtime
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a library says by this error that memory ran out, on the host or on a GPU."""
    if isinstance(error, MemoryError):
        return True
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    # Most say it by a plain RuntimeError; some have a class of their own.
    return isinstance(error, (RuntimeError, OSError)) and any(words in str(error).lower() for words in _WORDS)


def free_memory() -> None:
    """Give back what nobody uses, of the host and of a GPU."""
    gc.collect()
    torch = sys.modules.get("torch")
    # Nothing of CUDA is touched by a process that has not begun to use it.
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


@contextmanager
def told_as_out_of_memory(what: str) -> Iterator[None]:
    """Raise `OutOfMemory`, naming `what`, where memory runs out inside."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        free_memory()
        raise OutOfMemory(out_of_memory_text(what, error)) from error


def out_of_memory_text(what: str, error: BaseException) -> str:
    """What to say to whoever has to find the memory."""
    said = str(error).strip().splitlines()
    return (
        f"{what} ran out of memory ({type(error).__name__}: {said[0] if said else 'it said no more'}). "
        "It is tried again later; run fewer tasks at once, set a smaller `batch` in the profile or take smaller weights"
    )
