"""Copies of a clip as people make them, written by the ffmpeg command: what `benchmarks.near_duplicates` looks for."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FONT = "fontcolor=white:borderw=2:bordercolor=black"
_CANVAS = (
    "split[a][b];[a]scale=360:640:force_original_aspect_ratio=increase,crop=360:640,boxblur=12:2[back];"
    "[b]scale=360:640:force_original_aspect_ratio=decrease[front];[back][front]overlay=(W-w)/2:(H-h)/2"
)
_CAPTION = (
    "drawbox=x=0:y=ih*0.8:w=iw:h=ih*0.14:color=black@0.55:t=fill,"
    f"drawtext=text='Wait for the end of this one':{_FONT}:fontsize=h*0.07:x=(w-tw)/2:y=h*0.83,"
    f"drawtext=text='PART 2':{_FONT}:fontsize=h*0.09:x=(w-tw)/2:y=h*0.05"
)
_STICKER = "drawbox=x=iw*0.68:y=ih*0.08:w=iw*0.26:h=ih*0.26:color=yellow:t=fill"


@dataclass(frozen=True, slots=True)
class Change:
    """How a copy differs. `video` and `audio` are ffmpeg filters; `cut` are the shares of the length that it keeps.

    `moderate` changes are those that are to be recognised; the others show where recognition ends. `kinds` are words
    that the link should use of it.
    """

    video: str | None = None
    audio: str | None = None
    cut: tuple[float, float] | None = None
    sound: str = "kept"
    quality: int = 28
    moderate: bool = True
    kinds: tuple[str, ...] = ()


CHANGES: Mapping[str, Change] = {
    "re-encoded": Change(quality=36),
    "small, 12 fps": Change(video="scale=-2:180,fps=12", quality=34),
    "brighter": Change(video="eq=brightness=0.08:contrast=1.25:saturation=1.4"),
    "letterboxed": Change(video="scale=480:-2,pad=480:max(ih\\,720):0:(oh-ih)/2:black"),
    "on a blurred canvas": Change(video=_CANVAS),
    "cropped to 90 %": Change(video="crop=iw*0.9:ih*0.9", kinds=("cropped",)),
    "cropped to 80 %": Change(video="crop=iw*0.8:ih*0.8", kinds=("cropped",)),
    "cropped to 85 %, off centre": Change(video="crop=iw*0.85:ih*0.85:0:0", kinds=("cropped",)),
    "mirrored": Change(video="hflip", kinds=("mirrored",)),
    "captioned": Change(video=_CAPTION),
    "sticker": Change(video=_STICKER),
    "middle 60 %": Change(cut=(0.2, 0.8), kinds=("trimmed",)),
    "last third": Change(cut=(0.66, 1.0), kinds=("trimmed",)),
    "slowed to 0.8": Change(video="setpts=PTS/0.8", audio="atempo=0.8", kinds=("slowed down",)),
    "sped up to 1.25": Change(video="setpts=PTS/1.25", audio="atempo=1.25", kinds=("sped up",)),
    "sped up, higher voice": Change(
        video="setpts=PTS/1.12", audio="aresample=44100,asetrate=49392,aresample=44100", kinds=("sped up",)
    ),
    "muted": Change(sound="none", kinds=("sound removed",)),
    "other music": Change(sound="music", kinds=("sound replaced",)),
    "mirrored, cropped, captioned, 1.1 times": Change(
        video=f"hflip,crop=iw*0.9:ih*0.9,{_CAPTION},setpts=PTS/1.1",
        audio="atempo=1.1",
        kinds=("mirrored", "sped up"),
    ),
    "upright stripe of a wide picture": Change(video="crop=min(iw\\,ih*9/16):ih", moderate=False),
    "cropped to 65 %": Change(video="crop=iw*0.65:ih*0.65", moderate=False),
    "turned by 8 degrees": Change(video="rotate=8*PI/180", moderate=False),
    "corner of a larger picture": Change(video="scale=iw*0.5:ih*0.5,pad=iw*2:ih*2:iw*0.9:ih*0.9:gray", moderate=False),
}
"""Every change that is tried, by name."""

_TUNE = "sine=frequency=330,tremolo=f=3:d=0.8[a];sine=frequency=494,tremolo=f=2:d=0.9[b];[a][b]amix=inputs=2"


class CannotMake(Exception):
    """ffmpeg is not here, or did not make the copy; the text says which."""


MASTER_LINES = 360
"""Lines of the version that copies are made from; making hundreds of copies at full size takes hours."""


def make_master(source: Path, target: Path, seconds: float) -> Path:
    """The first `seconds` of a clip at `MASTER_LINES` lines on the shorter side at most. Raises `CannotMake`."""
    size = f"scale=w='if(gt(iw,ih),-2,min(iw,{MASTER_LINES}))':h='if(gt(iw,ih),min(ih,{MASTER_LINES}),-2)'"
    even = "scale=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1"
    _run("-t", f"{seconds:.3f}", "-i", str(source), "-vf", f"{size},{even}", *_codecs(18), str(target))
    return target


def make_copy(source: Path, target: Path, change: Change, duration_s: float, *, has_sound: bool) -> Path:
    """Write the changed copy of `source` to `target` (MP4). Raises `CannotMake`."""
    arguments: list[str] = []
    if change.cut is not None:
        start, end = change.cut
        arguments += ["-ss", f"{start * duration_s:.3f}", "-t", f"{(end - start) * duration_s:.3f}"]
    arguments += ["-i", str(source)]
    if change.sound == "music":
        arguments += ["-f", "lavfi", "-t", f"{duration_s:.3f}", "-i", _TUNE, "-map", "0:v:0", "-map", "1:a:0"]
    else:
        arguments += ["-map", "0:v:0", *(["-map", "0:a:0"] if has_sound and change.sound == "kept" else [])]
    even = "scale=trunc(iw/2)*2:trunc(ih/2)*2"
    arguments += ["-vf", f"{change.video},{even}" if change.video else even]
    if change.audio is not None and has_sound and change.sound == "kept":
        arguments += ["-af", change.audio]
    _run(*arguments, *_codecs(change.quality), str(target))
    return target


def _codecs(quality: int) -> tuple[str, ...]:
    video = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", str(quality), "-pix_fmt", "yuv420p")
    return (*video, "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-sn", "-dn")


def _run(*arguments: str) -> None:
    command = shutil.which("ffmpeg")
    if command is None:
        raise CannotMake("the ffmpeg command is not installed (apt-get install ffmpeg)")
    whole = [command, "-v", "error", "-nostdin", "-y", "-threads", "1", *arguments]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMake(f"ffmpeg did not make {Path(arguments[-1]).name}: {done.stderr.strip()[-400:]}")
