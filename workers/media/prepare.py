"""One pass over a media file: pictures, sound and subtitles leave the demuxer together, each to its consumer."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError
from av.packet import Packet

from workers.media.demux import Demuxer, claimed_duration_s, media_clock, refuse_overlong, stream_clock, too_long
from workers.media.errors import MediaRejected
from workers.media.frame_hashes import write_hashes
from workers.media.keyframes import choose_keyframes
from workers.media.metadata import read_tags
from workers.media.pictures import PictureTrack
from workers.media.problems import Problems
from workers.media.softsubs import SoftSubtitles
from workers.media.sound import SoundWriter
from workers.media.source import encrypted_rejection, open_media, pick_streams
from workers.media.types import DecodeStats, KeptFrame, MediaInfo, MediaLimits, Movement, PreparedMedia, Shot

AUDIO_FILE = "audio.flac"
HASHES_FILE = "hashes.npy"
FRAMES_FOLDER = "frames"

_REPORT_EVERY_S = 0.2


def prepare_media(
    path: Path, out: Path, limits: MediaLimits, on_progress: Callable[[float], None] | None = None
) -> PreparedMedia:
    """Decode `path` once; write `audio.flac`, `frames/NNNNNN.jpg` (kept frames) and `hashes.npy` into `out`.

    `out` must not exist or be empty (FileExistsError otherwise); nothing stays in it when this raises. `on_progress`
    is called with the share of the file that is done, 0 to 1. Runs in the calling process: for files of strangers use
    `workers.media.isolation.prepare_isolated`. Raises MediaRejected with a reason for people.
    """
    created = not out.exists()
    if not created and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty: give a folder that does not exist yet")
    out.mkdir(parents=True, exist_ok=True)
    finished = False
    try:
        refuse_overlong(path, limits)
        with open_media(path) as container:
            prepared = _Pass(path, container, out, limits, on_progress or _ignore).run()
        finished = True
        return prepared
    finally:
        if not finished:
            shutil.rmtree(out)
            if not created:
                out.mkdir()


def _ignore(_share: float) -> None:
    """Nobody wants to know."""


class _Pass:
    """The state of one pass: a clock, a consumer per stream, and what went wrong."""

    def __init__(
        self,
        path: Path,
        container: InputContainer,
        out: Path,
        limits: MediaLimits,
        on_progress: Callable[[float], None],
    ) -> None:
        self._container = container
        self._out = out
        self._limits = limits
        self._on_progress = on_progress
        self._size = max(1, path.stat().st_size)
        self._streams = pick_streams(container, path, limits)
        self._problems = Problems()
        self._clock = media_clock(container)
        self._packets = 0
        self._bytes = 0
        video, audio = self._streams.video, self._streams.audio
        self._pictures = (
            None
            if video is None
            else PictureTrack(video, stream_clock(video, self._clock), limits, claimed_duration_s(container))
        )
        self._sound_clock = None if audio is None else stream_clock(audio, self._clock)
        self._subtitles = {
            stream.index: SoftSubtitles(stream, self._clock.origin_s or 0.0) for stream in self._streams.subtitles
        }

    def run(self) -> PreparedMedia:
        started = time.perf_counter()
        with SoundWriter(self._out / AUDIO_FILE) as sound:
            self._read(sound)
        if self._pictures is not None and self._pictures.frames == 0:
            self._problems.add("The picture could not be decoded.")
            self._pictures = None
        has_sound = sound.samples > 0
        if self._streams.audio is not None and not has_sound:
            self._problems.add("The sound track holds no sound that could be decoded.")
        if self._pictures is None and not has_sound:
            raise self._nothing_decoded()
        if self._clock.jumps:
            self._problems.add(
                f"The file's clock jumps {self._clock.jumps} time(s); the jumps were cut out of the time line."
            )
        frames, shots, movement = self._keep_frames()
        hashes_file = self._keep_hashes()
        tags, tag_problems = read_tags(self._container.metadata)
        for problem in tag_problems:
            self._problems.add(problem)
        self._on_progress(1.0)
        return PreparedMedia(
            info=self._info(sound),
            frames=frames,
            shots=shots,
            audio_file=AUDIO_FILE if has_sound else None,
            audio_duration_s=sound.duration_s if has_sound else None,
            subtitle_streams=tuple(subtitles.track() for subtitles in self._subtitles.values()),
            tags=tags,
            problems=self._problems.sentences(),
            stats=DecodeStats(
                bytes_read=self._bytes,
                packets=self._packets,
                frames_decoded=self._pictures.frames if self._pictures else 0,
                decode_seconds=time.perf_counter() - started,
            ),
            movement=movement,
            hashes_file=hashes_file,
        )

    def _read(self, sound: SoundWriter) -> None:
        for name in self._streams.encrypted:
            self._problems.add(f"The {name} is encrypted and was left out.")
        demuxer = Demuxer(self._container, self._streams.wanted)
        reported = time.monotonic()
        for packet in demuxer:
            if packet.size:
                self._packets += 1
                self._bytes += packet.size
                if packet.is_corrupt:
                    self._problems.count("damaged packets", self._clock.end_s)
            if packet.has_sidedata("encryption_info"):
                self._problems.count("encrypted packets", self._clock.end_s)
                continue
            if packet.stream_index in self._subtitles:
                self._subtitles[packet.stream_index].feed(packet)
                continue
            self._decode(packet, sound)
            if self._clock.end_s > self._limits.max_duration_s + 1.0:
                raise too_long(self._limits)
            if time.monotonic() - reported >= _REPORT_EVERY_S:
                reported = time.monotonic()
                self._on_progress(min(0.99, self._bytes / self._size))
        if demuxer.errors:
            self._problems.add(f"The file is damaged or cut off: reading failed in {demuxer.errors} place(s).")
        for subtitles in self._subtitles.values():
            if subtitles.unreadable:
                self._problems.add(f"{subtitles.unreadable} subtitle line(s) inside the file could not be read.")
            if subtitles.left_out:
                self._problems.add(f"{subtitles.left_out} subtitle line(s) beyond the limit were left out.")

    def _decode(self, packet: Packet[Any], sound: SoundWriter) -> None:
        is_picture = packet.stream.type == "video"
        try:
            decoded: list[Any] = packet.decode()
        except MemoryError:
            raise
        except (FFmpegError, ValueError) as error:
            if packet.size == 0 and isinstance(error, ArgumentError):
                return  # An empty packet repeats the last picture (Theora); FFmpeg's decoders refuse to be given one.
            name = "picture" if is_picture else "sound"
            self._problems.count(f"packets of the {name} that could not be decoded", self._clock.end_s)
            return
        for frame in decoded:
            if is_picture and self._pictures is not None:
                self._pictures.take(frame, self._problems)
            else:
                self._take_sound(frame, sound)

    def _take_sound(self, frame: AudioFrame, sound: SoundWriter) -> None:
        assert self._sound_clock is not None
        lasts = frame.samples / frame.sample_rate if frame.sample_rate else None
        at = self._sound_clock.place(frame.pts, lasts)
        try:
            sound.write(frame, at)
        except MemoryError:
            raise
        except (FFmpegError, ValueError):
            self._problems.count("stretches of sound in a form that could not be converted", at)

    def _keep_frames(self) -> tuple[tuple[KeptFrame, ...], tuple[Shot, ...], Movement | None]:
        if self._pictures is None:
            return (), (), None
        candidates, shots, movement = self._pictures.finish()
        folder = self._out / FRAMES_FOLDER
        folder.mkdir()
        kept = []
        length = shots[-1].end
        for candidate, shot in choose_keyframes(candidates, shots, length, self._limits.max_frames):
            name = f"{candidate.index:06d}.jpg"
            (folder / name).write_bytes(candidate.jpeg)
            kept.append(
                KeptFrame(candidate.index, candidate.at, f"{FRAMES_FOLDER}/{name}", candidate.look.sharpness, shot)
            )
        return tuple(kept), shots, movement

    def _keep_hashes(self) -> str | None:
        if self._pictures is None:
            return None
        write_hashes(self._out / HASHES_FILE, *self._pictures.hashes())
        return HASHES_FILE

    def _info(self, sound: SoundWriter) -> MediaInfo:
        pictures = self._pictures
        ends = [pictures.end_s] if pictures is not None else []
        if sound.samples:
            ends.append(sound.duration_s)
        audio = self._streams.audio
        return MediaInfo(
            container=self._container.format.name,
            duration_s=max(ends),
            width=pictures.size[0] if pictures else None,
            height=pictures.size[1] if pictures else None,
            fps=pictures.fps if pictures else None,
            has_video=pictures is not None,
            has_audio=sound.samples > 0,
            video_codec=pictures.codec if pictures else None,
            audio_codec=audio.codec_context.codec.canonical_name if audio is not None and sound.samples else None,
            rotation=pictures.orientation.rotation if pictures else 0,
        )

    def _nothing_decoded(self) -> MediaRejected:
        if self._streams.encrypted or self._problems.counted("encrypted packets"):
            return encrypted_rejection()
        if self._packets == 0:
            return MediaRejected(
                "The file has a header but no picture or sound after it: it is cut off, or only the first piece of a "
                "stream."
            )
        return MediaRejected("Nothing in the file could be decoded: it is damaged, or its codec is not supported.")
