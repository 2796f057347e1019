"""What is worth saying of a sound: one decision, in whatever language it is said then."""

from __future__ import annotations

from enum import StrEnum

MIN_MUSIC = 0.25
"""Music ratio from which the words speak of music."""

MIN_NOISE = 0.5
"""Share of noisy frames from which the words speak of noise, where there is neither speech nor music."""

_SOME_SPEECH, _MOSTLY_SPEECH = 0.1, 0.5
_MOSTLY_SILENCE, _SILENCE = 0.6, 0.98
_SLOW_BPM, _FAST_BPM = 90, 130
_QUIET, _LOUD = 0.35, 0.75


class SoundPart(StrEnum):
    """One thing that is heard."""

    MOSTLY_SPEECH = "mostly speech"
    SOME_SPEECH = "some speech"
    MUSIC = "music"
    BEAT = "beat"
    NOISE = "noise"
    MOSTLY_SILENCE = "mostly silence"
    SILENCE = "silence"
    BACKGROUND = "background"


def parts(*, speech: float, music: float, silence: float, noise: float, tempo: float | None) -> tuple[SoundPart, ...]:
    """What is heard, the voice first; silence, noise and background only where nothing else is."""
    if silence > _SILENCE:
        return (SoundPart.SILENCE,)
    found = []
    if speech >= _SOME_SPEECH:
        found.append(SoundPart.MOSTLY_SPEECH if speech >= _MOSTLY_SPEECH else SoundPart.SOME_SPEECH)
    if music >= MIN_MUSIC:
        found.append(SoundPart.MUSIC)
    elif tempo is not None:
        found.append(SoundPart.BEAT)
    if not found and silence > _MOSTLY_SILENCE:
        found.append(SoundPart.MOSTLY_SILENCE)
    elif not found:
        found.append(SoundPart.NOISE if noise >= MIN_NOISE else SoundPart.BACKGROUND)
    return tuple(found)


def pace(tempo: float | None) -> str | None:
    """Slow, mid-tempo or fast; None where there is no beat."""
    return None if tempo is None else "slow" if tempo < _SLOW_BPM else "fast" if tempo > _FAST_BPM else "mid-tempo"


def loudness(energy: float) -> str | None:
    """Loud or quiet; None in between."""
    return "loud" if energy > _LOUD else "quiet" if energy < _QUIET else None


def english(found: tuple[SoundPart, ...], tempo: float | None, energy: float) -> str:
    """The evidence line."""
    if found == (SoundPart.SILENCE,):
        return "silence"
    said = {
        SoundPart.MUSIC: f"{pace(tempo)} music, {tempo:.0f} beats a minute" if tempo else "music without a clear beat",
        SoundPart.BEAT: f"a {pace(tempo)} beat, {tempo:.0f} a minute" if tempo else "",
        SoundPart.NOISE: "broadband noise such as applause, a crowd, rain or an engine",
        SoundPart.BACKGROUND: "background sound, no speech or music",
    }
    return ", ".join([*(said.get(part, part.value) for part in found), loudness(energy) or "moderate volume"])
