"""The measures are librosa's: held to its numbers on noise, notes, a tone and clicks."""

import librosa
import numpy as np
import pytest

from models.sound import spectral
from models.speech.base import SAMPLE_RATE

TIME = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.standard_normal(len(TIME))
# A little noise everywhere: without it the lowest levels are rounding errors of either FFT.
SOUNDS = {
    "noise": 0.1 * NOISE,
    "notes": sum(0.1 * np.sin(2 * np.pi * hertz * 1.013 * TIME) for hertz in (262, 330, 523)) * (TIME % 0.7 < 0.5)
    + 0.001 * NOISE,
    "tone": 0.3 * np.sin(2 * np.pi * 440 * TIME) + 1e-3 * NOISE,
    "clicks": 0.3 * NOISE * (TIME % 0.5 < 0.005) + 1e-4 * NOISE,
}


@pytest.mark.filterwarnings("ignore:Trying to estimate tuning")
@pytest.mark.parametrize("name", SOUNDS)
def test_measures_agree_with_librosa(name: str) -> None:
    audio = SOUNDS[name].astype(np.float32)
    frames = spectral.frames_of(audio)
    power = spectral.power_spectrum(frames)
    theirs = np.abs(librosa.stft(audio, n_fft=spectral.FFT, hop_length=spectral.HOP)) ** 2
    mel = librosa.feature.melspectrogram(S=theirs, sr=SAMPLE_RATE, n_mels=64)
    mel_db = librosa.power_to_db(mel)
    magnitude = np.sqrt(theirs)
    pairs = {
        "power": (power / theirs.max(), theirs / theirs.max()),
        "rms": (spectral.rms(frames), librosa.feature.rms(y=audio)[0]),
        "flatness": (spectral.flatness(power), librosa.feature.spectral_flatness(S=magnitude)[0]),
        "centroid": (
            spectral.centroid(power) / 8000,
            librosa.feature.spectral_centroid(S=magnitude, sr=16000)[0] / 8000,
        ),
        "decibels": (spectral.decibels(mel), mel_db),
        "onset": (spectral.onset_strength(mel_db), librosa.onset.onset_strength(S=mel_db, sr=SAMPLE_RATE)),
        "mfcc": (spectral.mfcc(mel_db, 20), librosa.feature.mfcc(S=mel_db, n_mfcc=20)),
        "chroma": (spectral.chroma(power), librosa.feature.chroma_stft(S=theirs, sr=SAMPLE_RATE)),
    }
    apart = {measure: float(np.abs(ours - reference).max()) for measure, (ours, reference) in pairs.items()}
    assert {measure: error for measure, error in apart.items() if error > 1e-3} == {}
