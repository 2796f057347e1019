"""Engines that answer at once, and at whose door a test can put a fault: the tests' profile has no others.

They stand in for the real models alone. Everything around them is real: decoding, stages, record, index, broker and
processes. `Faults` is a folder that the test and the processes under test share: a file named after a role holds the
fault that whoever calls that role's engine runs into.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.engine_spec import BuildInputs, EngineLane, EngineOptions, EngineSpec, Tested, takes
from models.engines import ENGINES
from models.errors import ModelUnavailable
from models.identity import ModelIdentity
from models.language.base import Completion
from models.profile import Asking, Profile, Role, RoleSpec
from models.sound.base import SoundProfile
from models.speech.base import Transcript
from models.vision.base import FrameFeatures, VisualLabel

PATIENCE_S = 120.0
"""How long anything is waited for."""

_DIM = 32


class Fault(StrEnum):
    """What happens to a call."""

    WAIT = "wait"
    RAISE = "raise"
    AWAY = "away"
    SEGFAULT = "segfault"


@dataclass(frozen=True)
class Faults:
    """Faults by the name of a door (a role, "index", "language-poison"), in files that all processes see."""

    folder: Path

    def set(self, door: str, fault: Fault) -> None:
        """Calls run into the fault from now on."""
        (self.folder / f"{door}.met").unlink(missing_ok=True)
        aside = self.folder / f"{door}.aside"
        aside.write_text(fault, encoding="utf-8")
        aside.replace(self.folder / door)

    def clear(self, door: str) -> None:
        """Calls pass, those that wait as well."""
        (self.folder / door).unlink(missing_ok=True)

    def met(self, door: str) -> int | None:
        """The id of the process that ran into the fault last, since it was set."""
        try:
            return int((self.folder / f"{door}.met").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def pass_by(self, door: str) -> None:
        """Called by whatever a fault may hit."""
        fault = self._fault(door)
        if fault is None:
            return
        aside = self.folder / f"{door}.met.{os.getpid()}"
        aside.write_text(str(os.getpid()), encoding="utf-8")
        aside.replace(self.folder / f"{door}.met")
        if fault is Fault.RAISE:
            raise RuntimeError(f"the {door} is out of its mind")
        if fault is Fault.AWAY:
            raise ModelUnavailable(f"the {door} server cannot be reached")
        if fault is Fault.SEGFAULT:
            ctypes.string_at(0)
        ends = time.monotonic() + PATIENCE_S
        while self._fault(door) is Fault.WAIT and time.monotonic() < ends:
            time.sleep(0.02)

    def _fault(self, door: str) -> Fault | None:
        try:
            return Fault((self.folder / door).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None


class QuickOptions(EngineOptions):
    """`faults` is the folder of faults."""

    neutral: ClassVar[frozenset[str]] = frozenset({"faults"})

    faults: str


class _Quick:
    def __init__(self, role: Role, inputs: BuildInputs[QuickOptions]) -> None:
        self.identity: ModelIdentity = inputs.identity
        self._role, self._faults = role, Faults(Path(inputs.options.faults))

    def _called(self) -> None:
        self._faults.pass_by(self._role)


class QuickText(_Quick):
    """Counts letters."""

    dim = _DIM

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return _letters(texts)  # requests are to go on whatever the workers run into

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._called()
        return _letters(texts)


class QuickVision(_Quick):
    """Sees a cat in every frame, and the letters of texts."""

    dim = _DIM
    languages = ("en", "zh")
    matching = None
    near_text = 0.9

    def embed_frames(self, frames: Sequence[NDArray[np.uint8]]) -> FrameFeatures:
        self._called()
        cat = VisualLabel("cat", "猫", 0.9)
        return FrameFeatures(_letters(["cat"] * len(frames)), tuple((cat,) for _ in frames))

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return _letters(texts)


class QuickOcr(_Quick):
    """Reads nothing."""

    def read(self, frame: NDArray[np.uint8]) -> tuple[()]:
        self._called()
        return ()


class QuickSpeech(_Quick):
    """Hears nobody."""

    def transcribe(self, audio: NDArray[np.float32], *, prior: object = None) -> Transcript:
        self._called()
        return Transcript(None, 0.0, (), ())


class QuickSound(_Quick):
    """Hears silence."""

    dim = 8

    def listen(self, audio: NDArray[np.float32], *, voiced: object = ()) -> SoundProfile:
        self._called()
        return SoundProfile(0.0, 0.0, 1.0, None, 0.0, (1.0, *[0.0] * 7), "silence")


class QuickLanguage(_Quick):
    """Says what every video is: a clip. One that is called "poison" has a door of its own."""

    def complete(self, *, user: str, schema: Mapping[str, Any], **_: object) -> Completion:
        self._called()
        if "poison" in user:
            self._faults.pass_by(f"{self._role}-poison")
        answer = {"summary": "a clip", "why": "a clip", "tags": []}
        return Completion({name: answer[name] for name in schema["properties"]}, prompt_tokens=10, completion_tokens=2)


_QUICK: dict[Role, type[_Quick]] = {
    Role.TEXT: QuickText,
    Role.VISION: QuickVision,
    Role.OCR: QuickOcr,
    Role.SPEECH: QuickSpeech,
    Role.SOUND: QuickSound,
    Role.LANGUAGE: QuickLanguage,
}


def register() -> None:
    """Put the engines into the table of this process."""
    for role, kind in _QUICK.items():
        ENGINES[role]["quick"] = EngineSpec(
            version=1,
            options=QuickOptions,
            build=_builder(role, kind),
            lanes=frozenset(EngineLane),
            memory=takes(cpu=0.0, gpu=None, working_gib=0.0),
            tested=Tested.TINY,
            modules=(),
            install="",
        )


def unregister() -> None:
    """Take them out again."""
    for role in _QUICK:
        del ENGINES[role]["quick"]


def _builder(role: Role, kind: type[_Quick]) -> Callable[[BuildInputs[QuickOptions]], _Quick]:
    return lambda inputs: kind(role, inputs)


def quick_profile(faults: Faults) -> Profile:
    """A profile whose every role is one of these engines; the language model is asked about every video."""
    spec = RoleSpec(engine="quick", options={"faults": str(faults.folder)})
    return Profile(name="quick", roles=dict.fromkeys(Role, spec), asking=Asking(prompts="brief"))


def _letters(texts: Sequence[str]) -> NDArray[np.float32]:
    rows = np.full((len(texts), _DIM), 0.01, np.float32)
    for row, text in zip(rows, texts, strict=True):
        for letter in text:
            row[ord(letter) % _DIM] += 1
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
