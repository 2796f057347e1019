"""The sound in words for people, in both languages; the same decision as in the evidence line."""

from __future__ import annotations

from models.sound.base import SoundProfile
from models.sound.words import SoundPart, loudness, pace, parts
from services.library.understanding import Bilingual

_WORDS = {
    SoundPart.MOSTLY_SPEECH: ("mostly speech", "以说话为主"),
    SoundPart.SOME_SPEECH: ("some speech", "有人说话"),
    SoundPart.NOISE: ("noise such as applause, a crowd, rain or an engine", "嘈杂声（掌声、人群、雨声或机器声之类）"),
    SoundPart.MOSTLY_SILENCE: ("hardly any sound", "几乎没有声音"),
    SoundPart.SILENCE: ("hardly any sound", "几乎没有声音"),
    SoundPart.BACKGROUND: ("background sound only", "只有背景声"),
}
_PACE_ZH = {"slow": "慢节奏", "mid-tempo": "中速", "fast": "快节奏"}
_MAX_NAMED = 2
_LOUDNESS_ZH = {"loud": "响亮的", "quiet": "轻柔的"}


def sound_words(sound: SoundProfile) -> Bilingual:
    """What is heard; music with its pace, tempo and, where it stands out, its loudness. Events by name come last."""
    found = parts(
        speech=sound.speech_ratio,
        music=sound.music_ratio,
        silence=sound.silence_ratio,
        noise=sound.noise_ratio,
        tempo=sound.tempo_bpm,
    )
    said = [_beat(part, sound) if part in (SoundPart.MUSIC, SoundPart.BEAT) else _WORDS[part] for part in found]
    en, zh = " and ".join(en for en, _ in said), "、".join(zh for _, zh in said)
    surest = sorted((*sound.events, *sound.music_moods), key=lambda event: -event.probability)
    named = {event.name: event.name_zh for event in surest[:_MAX_NAMED]}
    if named:
        en, zh = f"{en}, perhaps {' and '.join(named)}", f"{zh}，听起来像{'、'.join(named.values())}"
    return Bilingual(en=en, zh=zh)


def _beat(part: SoundPart, sound: SoundProfile) -> tuple[str, str]:
    tempo, how = pace(sound.tempo_bpm), loudness(sound.energy)
    en, zh = ("music", "音乐") if part is SoundPart.MUSIC else ("beat", "节拍")
    en = " ".join(word for word in (how, tempo, en) if word)
    zh = f"{_LOUDNESS_ZH.get(how or '', '')}{_PACE_ZH.get(tempo or '', '')}{zh}"
    if sound.tempo_bpm is not None:
        en, zh = f"{en} ({sound.tempo_bpm:.0f} beats a minute)", f"{zh}（每分钟{sound.tempo_bpm:.0f}拍）"
    return (en, zh) if part is SoundPart.MUSIC else (f"a {en}", zh)
