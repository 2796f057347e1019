"""The sound track as mono 16 kHz 16-bit FLAC, written while it is decoded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

SAMPLE_RATE = 16_000
# Below this, a difference between timestamps and samples is rounding (an AAC frame lasts 21 ms), not a gap.
_MIN_GAP_S = 0.1


class SoundWriter:
    """Writes sound to `file` so that sample n is heard n / 16,000 s after the video's start: gaps become silence."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.samples = 0
        self._flac: soundfile.SoundFile | None = None
        self._resampler: AudioResampler | None = None
        self._format: tuple[str, str, int] | None = None

    def __enter__(self) -> SoundWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def duration_s(self) -> float:
        """Seconds written so far, leading silence included."""
        return self.samples / SAMPLE_RATE

    def write(self, frame: AudioFrame, at: float) -> None:
        """Append `frame`, which begins at `at` seconds. Raises FFmpegError or ValueError when it can't be resampled."""
        gap = at - self.duration_s
        if gap > _MIN_GAP_S or (self.samples == 0 and gap > 0.0):
            self._flush()
            self._silence(round(at * SAMPLE_RATE) - self.samples)
        layout = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or layout != self._format:
            # Streams may change their format half-way (spliced broadcasts); a resampler serves exactly one.
            self._flush()
            self._resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            self._format = layout
        # The clock has been read; the resampler must not move samples by it a second time.
        frame.pts = None
        self._append(self._resampler.resample(frame))

    def close(self) -> None:
        """Finish the file. Without a single sample there is no file."""
        self._flush()
        if self._flac is not None:
            self._flac.close()
            self._flac = None

    def _flush(self) -> None:
        if self._resampler is not None:
            resampler, self._resampler = self._resampler, None
            self._append(resampler.resample(None))

    def _silence(self, samples: int) -> None:
        while samples > 0:
            chunk = min(samples, SAMPLE_RATE)
            self._write(np.zeros(chunk, dtype=np.int16))
            samples -= chunk

    def _append(self, frames: Iterable[AudioFrame]) -> None:
        for frame in frames:
            self._write(frame.to_ndarray().reshape(-1))

    def _write(self, samples: np.ndarray) -> None:
        if samples.size == 0:
            return
        if self._flac is None:
            self._flac = soundfile.SoundFile(
                self.file, "w", samplerate=SAMPLE_RATE, channels=1, subtype="PCM_16", format="FLAC"
            )
        self._flac.write(samples)
        self.samples += int(samples.size)
