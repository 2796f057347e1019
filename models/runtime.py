"""Loads the engines of a profile, each once per process and when first used, and clocks every call into them."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from models.clock import CallClock
from models.devices import asked_device, works_on_gpu
from models.engine_spec import BuildInputs, EngineSpec, Groups
from models.engines import engine_options, engine_spec
from models.exhaustion import free_memory, told_as_out_of_memory
from models.grouping import EngineGroups, Grouping, alone
from models.identity import ModelIdentity
from models.language.base import LanguageEngine
from models.limits import RuntimeLimits
from models.ocr.base import OcrEngine
from models.own_weights import folder_revision
from models.profile import Profile, Role, RoleSpec
from models.sound.base import SoundEngine
from models.speech.base import SpeechEngine
from models.text.base import TextEngine
from models.vision.base import VisionEngine
from models.weights.fetch import path_of
from models.weights.pinned import catalogue_at

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Loaded:
    """An engine in memory; `users` are at work with it, the last was at `used` (monotonic seconds)."""

    engine: Any
    groups: EngineGroups | None
    users: int = 0
    used: float = field(default_factory=time.monotonic)


class Runtime:
    """The engines of one profile. Safe to use from many threads: two that need the same engine load it once.

    `identity(role)` is known without loading anything, so fingerprints cost nothing. Raises `ProfileInvalid` when made
    with a profile whose engines or options there are not.
    """

    def __init__(
        self, profile: Profile, weights: Path, *, threads: int = 0, limits: RuntimeLimits | None = None
    ) -> None:
        self.profile = profile
        self._options = engine_options(profile)
        self.clock = CallClock()
        self._weights = weights
        self._threads = threads or os.cpu_count() or 1
        self._limits = limits or RuntimeLimits()
        self._engines: dict[Role, _Loaded] = {}
        # One lock a role: loading Whisper must not hold up a search that needs the text encoder.
        self._locks = {role: threading.RLock() for role in Role}
        self._identities = {role: self._identify(role) for role in Role}
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

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
        """Count what happens inside as time in a model of that role; load the engine before, not inside.

        The engine stays loaded meanwhile. Raises `OutOfMemory` where memory runs out.
        """
        with ExitStack() as stack:
            for used in self._behind(role):
                stack.enter_context(self._using(used))
            stack.enter_context(told_as_out_of_memory(f"{role} {self._identities[role].name}"))
            with self.clock.measure(role):
                yield

    def check_weights(self, roles: frozenset[Role] = frozenset(Role)) -> None:
        """Raise `WeightsMissing`, naming the command that fetches them, unless all weights of the roles are there."""
        for name in self.profile.weights(roles):
            path_of(name, self._weights)

    def probe(self, roles: frozenset[Role] = frozenset(Role)) -> tuple[str, ...]:
        """Ask the servers that the roles' engines speak to whether they have their models; a sentence for each.

        Raises `ModelUnavailable` where one does not answer, and `EndpointMisconfigured` where it never would.
        """
        specs = [(role, engine_spec(role, self.profile.roles[role].engine)) for role in Role if role in roles]
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

    def unload_idle(self) -> tuple[Role, ...]:
        """Forget the engines that nobody called for the time to live; those in use and the pinned ones stay."""
        if not self._limits.idle_ttl_s:
            return ()
        gone: list[Role] = []
        # Vision may speak through text, so text is looked at after it.
        for role in sorted(Role, key=lambda role: role is Role.TEXT):
            with self._locks[role]:
                loaded = self._engines.get(role)
                if loaded is not None and self._is_idle(role, loaded):
                    del self._engines[role]
                    if loaded.groups is not None:
                        loaded.groups.rest()
                    gone.append(role)
        if gone:
            free_memory()
            _log.info("unloaded after %g s without a call: %s", self._limits.idle_ttl_s, ", ".join(gone))
        return tuple(gone)

    def close(self) -> None:
        """Finish what waits in batches and forget the engines; their memory goes when nobody holds them."""
        self._closed.set()
        for loaded in list(self._engines.values()):
            if loaded.groups is not None:
                loaded.groups.close()
        self._engines.clear()

    def _engine(self, role: Role) -> Any:
        with self._locks[role]:
            if role not in self._engines:
                self._engines[role] = self._load(role)
                self._keep_watch()
            loaded = self._engines[role]
            loaded.used = time.monotonic()
            return loaded.engine

    def _load(self, role: Role) -> _Loaded:
        given = self.profile.roles[role]
        spec = engine_spec(role, given.engine)
        groups = EngineGroups(self._limits.batch) if self._joins(spec, role) else None
        grouping: Grouping = groups or alone
        inputs = BuildInputs(
            folder=self._folder(given),
            identity=self._identities[role],
            options=self._options[role],
            threads=self._threads,
            cache=self._weights / "derived",
            text=lambda: self.text,
            grouping=grouping,
        )
        with told_as_out_of_memory(f"loading {role} {self._identities[role].name}"):
            return _Loaded(spec.build(inputs), groups)

    def _joins(self, spec: EngineSpec[Any], role: Role) -> bool:
        if self._limits.batching != "auto":
            return self._limits.batching == "on"
        if spec.groups is not Groups.ON_GPU:
            return spec.groups is Groups.ALWAYS
        from models.torch_loading import torch_device

        return torch_device(asked_device(spec, self._options[role])).type == "cuda"

    def _behind(self, role: Role) -> tuple[Role, ...]:
        """The role, and the one that it speaks through."""
        through_text = engine_spec(role, self.profile.roles[role].engine).in_text_space
        return (Role.TEXT, role) if through_text else (role,)

    @contextmanager
    def _using(self, role: Role) -> Iterator[None]:
        with self._locks[role]:
            self._engine(role)
            loaded = self._engines[role]
            loaded.users += 1
        try:
            yield
        finally:
            with self._locks[role]:
                loaded.users -= 1
                loaded.used = time.monotonic()

    def _is_idle(self, role: Role, loaded: _Loaded) -> bool:
        if role in self._limits.pinned or loaded.users:
            return False
        if any(role in self._behind(other) for other in tuple(self._engines) if other is not role):
            return False
        return time.monotonic() - loaded.used >= self._limits.idle_ttl_s

    def _keep_watch(self) -> None:
        if self._limits.idle_ttl_s and self._keeper is None:
            self._keeper = threading.Thread(target=self._watch, name="idle-engines", daemon=True)
            self._keeper.start()

    def _watch(self) -> None:
        while not self._closed.wait(max(0.05, self._limits.idle_ttl_s / 4)):
            self.unload_idle()

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
        weight = catalogue_at(self._weights).weight(spec.weights)
        return ModelIdentity(spec.engine, weight.name, f"{weight.revision}.{engine.version}", options)
