"""Which engines there are for each role. A role's own table is in `models/<role>/engines.py`."""

from __future__ import annotations

from typing import Any

from models.engine_spec import EngineOptions, EngineSpec
from models.errors import ProfileInvalid
from models.language.engines import LANGUAGE_ENGINES
from models.ocr.engines import OCR_ENGINES
from models.profile import Profile, Role
from models.sound.engines import SOUND_ENGINES
from models.speech.engines import SPEECH_ENGINES
from models.text.engines import TEXT_ENGINES
from models.vision.engines import VISION_ENGINES

ENGINES: dict[Role, dict[str, EngineSpec[Any]]] = {
    Role.SPEECH: SPEECH_ENGINES,
    Role.TEXT: TEXT_ENGINES,
    Role.VISION: VISION_ENGINES,
    Role.OCR: OCR_ENGINES,
    Role.SOUND: SOUND_ENGINES,
    Role.LANGUAGE: LANGUAGE_ENGINES,
}


def engine_spec(role: Role, engine: str) -> EngineSpec[Any]:
    """The engine of that name. Raises `ProfileInvalid` naming the ones there are."""
    try:
        return ENGINES[role][engine]
    except KeyError:
        known = ", ".join(ENGINES[role])
        raise ProfileInvalid(f"no engine {engine!r} for {role}; there are {known}") from None


def engine_options(profile: Profile) -> dict[Role, EngineOptions]:
    """The options of all engines, checked. Raises `ProfileInvalid` naming profile, role, engine and option."""
    language = profile.roles[Role.LANGUAGE].engine
    if profile.asking.images and not engine_spec(Role.LANGUAGE, language).sees:
        seeing = ", ".join(name for name, spec in LANGUAGE_ENGINES.items() if spec.sees)
        raise ProfileInvalid(
            f"profile {profile.name!r}: asking.images is {profile.asking.images}, but engine {language!r} reads no "
            f"images; set it to 0 or choose one of {seeing}"
        )
    return {
        role: engine_spec(role, spec.engine).parse(
            spec.options, f"profile {profile.name!r}, {role}: engine {spec.engine!r}"
        )
        for role, spec in profile.roles.items()
    }
