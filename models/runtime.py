"""Loads the engines of a profile, each once per process and when first used, and clocks every call into them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from models.clock import CallClock
from models.devices import works_on_gpu
from models.engine_spec import BuildInputs
from models.engines import engine_options, engine_spec
from models.identity import ModelIdentity
from models.language.base import LanguageEngine
from models.ocr.base import OcrEngine
from models.own_weights import folder_revision
from models.profile import Profile, Role, RoleSpec
from models.sound.base import SoundEngine
from models.speech.base import SpeechEngine
from models.text.base import TextEngine
from models.vision.base import VisionEngine
from models.weights.catalogue import default_catalogue
from models.weights.fetch import path_of


class Runtime:
    """The engines of one profile. Safe to use from many threads: two that need the same engine load it once.

    `identity(role)` is known without loading anything, so fingerprints cost nothing. Raises `ProfileInvalid` when made
    with a profile whose engines or options there are not.
    """

    def __init__(self, profile: Profile, weights: Path, *, threads: int = 0) -> None:
        self.profile = profile
        self._options = engine_options(profile)
        self.clock = CallClock()
        self._weights = weights
        self._threads = threads or os.cpu_count() or 1
        self._engines: dict[Role, Any] = {}
        # One lock a role: loading Whisper must not hold up a search that needs the text encoder.
        self._locks = {role: threading.RLock() for role in Role}
        self._identities = {role: self._identify(role) for role in Role}

    def identity(self, role: Role) -> ModelIdentity:
        """Who will speak for that role."""
        return self._identities[role]

    @property
    def speech(self) -> SpeechEngine:
        """The speech engine, loaded if need be."""
        return cast("SpeechEngine", self._engine(Role.SPEECH))

    @property
    def vision(self) -> VisionEngine:
        """The vision engine, loaded if need be."""
        return cast("VisionEngine", self._engine(Role.VISION))

    @property
    def text(self) -> TextEngine:
        """The text engine, loaded if need be."""
        return cast("TextEngine", self._engine(Role.TEXT))

    @property
    def ocr(self) -> OcrEngine:
        """The OCR engine, loaded if need be."""
        return cast("OcrEngine", self._engine(Role.OCR))

    @property
    def sound(self) -> SoundEngine:
        """The sound engine, loaded if need be."""
        return cast("SoundEngine", self._engine(Role.SOUND))

    @property
    def language(self) -> LanguageEngine:
        """The language engine, loaded if need be."""
        return cast("LanguageEngine", self._engine(Role.LANGUAGE))

    @contextmanager
    def calling(self, role: Role) -> Iterator[None]:
        """Count what happens inside as time in a model of that role; load the engine before, not inside."""
        self._engine(role)
        with self.clock.measure(role):
            yield

    def check_weights(self) -> None:
        """Raise `WeightsMissing`, naming the command that fetches them, unless all weights are there."""
        for name in self.profile.weights():
            path_of(name, self._weights)

    def probe(self) -> tuple[str, ...]:
        """Ask the servers that the profile's engines speak to whether they have their models; a sentence for each.

        Raises `ModelUnavailable` where one does not answer, and `EndpointMisconfigured` where it never would.
        """
        specs = [(role, engine_spec(role, self.profile.roles[role].engine)) for role in Role]
        return tuple(spec.probe(self._options[role]) for role, spec in specs if spec.probe is not None)

    def works_on_gpu(self, role: Role) -> bool:
        """Whether that role's engine runs on a GPU of this machine; ask after it has worked."""
        return works_on_gpu(self._options[role])

    def asks_a_server(self, role: Role) -> bool:
        """Whether that role's engine asks a server, so that tokens are what it costs here."""
        return engine_spec(role, self.profile.roles[role].engine).probe is not None

    def loaded(self) -> tuple[Role, ...]:
        """Roles whose engine is in memory."""
        return tuple(self._engines)

    def close(self) -> None:
        """Forget the engines; their memory goes when nobody holds them."""
        self._engines.clear()

    def _engine(self, role: Role) -> Any:
        with self._locks[role]:
            if role not in self._engines:
                spec = self.profile.roles[role]
                inputs = BuildInputs(
                    folder=self._folder(spec),
                    identity=self._identities[role],
                    options=self._options[role],
                    threads=self._threads,
                    cache=self._weights / "derived",
                    text=lambda: self.text,
                )
                self._engines[role] = engine_spec(role, spec.engine).build(inputs)
            return self._engines[role]

    def _folder(self, spec: RoleSpec) -> Path | None:
        if spec.weights is None or spec.folder is not None:
            return spec.folder
        return path_of(spec.weights, self._weights)

    def _identify(self, role: Role) -> ModelIdentity:
        spec = self.profile.roles[role]
        engine = engine_spec(role, spec.engine)
        options = engine.telling(spec.options)
        if engine.in_text_space:
            options = f"{options} text={self._identify(Role.TEXT)}".strip()
        if spec.weights is None:
            name = str(getattr(self._options[role], engine.named_by)) if engine.named_by else "signal"
            return ModelIdentity(spec.engine, name, str(engine.version), options)
        if spec.folder is not None:
            return ModelIdentity(
                spec.engine, spec.folder.name, f"{folder_revision(spec.folder)}.{engine.version}", options
            )
        weight = default_catalogue().weight(spec.weights)
        return ModelIdentity(spec.engine, weight.name, f"{weight.revision}.{engine.version}", options)
