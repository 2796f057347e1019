"""A file that crashes, hangs or devours memory takes down its decoder process and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.media_factory import scenes, sine, textured, write_video
from workers.media.errors import MediaCrashed, MediaRejected
from workers.media.isolation import DecoderPool, prepare_isolated
from workers.media.types import MediaLimits

LIMITS = MediaLimits(timeout_s=60.0)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("short") / "short.mp4", scenes([1, 2], 1.0), sound=sine(2.0))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three minutes that take a second or two to decode."""
    pictures = [textured(seed, 320, 240) for seed in range(18)]
    frames = (np.roll(picture, step, axis=1) for picture in pictures for step in range(250))
    return write_video(tmp_path_factory.mktemp("long") / "long.mp4", frames, sound=sine(180.0))


def once_decoding(pool: DecoderPool, number: signal.Signals) -> Callable[[float], None]:
    """A progress callback that sends the child a signal the first time it is called."""
    sent: list[int] = []

    def send(_share: float) -> None:
        if not sent:
            sent.extend(pool.pids)
            os.kill(sent[0], number)

    return send


def gone(pid: int, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_one_process_serves_many_files(short: Path, tmp_path: Path) -> None:
    with DecoderPool() as pool:
        first = pool.prepare(short, tmp_path / "a", LIMITS)
        pids = pool.pids
        second = pool.prepare(short, tmp_path / "b", LIMITS)
        assert pool.pids == pids
        assert len(pids) == 1
    assert (first.frames, first.shots) == (second.frames, second.shots)
    assert (tmp_path / "b" / second.frames[0].file).is_file()
    assert gone(pids[0])


def test_a_process_is_replaced_after_its_share_of_files(short: Path, tmp_path: Path) -> None:
    with DecoderPool(max_files=1) as pool:
        pool.prepare(short, tmp_path / "a", LIMITS)
        assert pool.pids == ()
        pool.prepare(short, tmp_path / "b", LIMITS)


def test_a_crash_is_told_and_the_next_file_is_served(short: Path, long: Path, tmp_path: Path) -> None:
    with DecoderPool() as pool:
        with pytest.raises(MediaCrashed, match="SIGSEGV"):
            pool.prepare(long, tmp_path / "a", LIMITS, once_decoding(pool, signal.SIGSEGV))
        assert not (tmp_path / "a").exists()
        assert pool.prepare(short, tmp_path / "b", LIMITS).frames


def test_a_hanging_process_is_killed_when_time_is_up(short: Path, long: Path, tmp_path: Path) -> None:
    with DecoderPool() as pool:
        pool.prepare(short, tmp_path / "warm", LIMITS)
        (pid,) = pool.pids
        started = time.monotonic()
        with pytest.raises(MediaCrashed, match="longer than 2 seconds"):
            pool.prepare(long, tmp_path / "a", MediaLimits(timeout_s=2.0), once_decoding(pool, signal.SIGSTOP))
        assert time.monotonic() - started < 6.0
        assert gone(pid)
        assert not (tmp_path / "a").exists()


def test_a_busy_process_is_killed_when_time_is_up(long: Path, tmp_path: Path) -> None:
    with DecoderPool() as pool, pytest.raises(MediaCrashed, match="decode_timeout_s"):
        pool.prepare(long, tmp_path / "a", MediaLimits(timeout_s=0.4))


def test_a_process_that_grows_too_much_is_killed(tmp_path: Path) -> None:
    large = write_video(tmp_path / "large.mp4", (textured(seed, 3840, 2160) for seed in range(12)))
    with DecoderPool() as pool, pytest.raises(MediaCrashed, match="decode_memory_bytes"):
        pool.prepare(large, tmp_path / "a", MediaLimits(memory_bytes=8 * 2**20))
    assert not (tmp_path / "a").exists()


def test_a_rejection_keeps_its_reason_and_its_process(short: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video at all")
    with DecoderPool() as pool:
        with pytest.raises(MediaRejected, match="text file") as caught:
            pool.prepare(tmp_path / "text.mp4", tmp_path / "a", LIMITS)
        assert not isinstance(caught.value, MediaCrashed)
        assert len(pool.pids) == 1
        assert not (tmp_path / "a").exists()


def test_an_error_of_the_progress_callback_stops_the_decoding(short: Path, long: Path, tmp_path: Path) -> None:
    def cancel(_share: float) -> None:
        raise InterruptedError("enough")

    with DecoderPool() as pool:
        with pytest.raises(InterruptedError, match="enough"):
            pool.prepare(long, tmp_path / "a", LIMITS, cancel)
        assert not (tmp_path / "a").exists()
        assert pool.prepare(short, tmp_path / "b", LIMITS).frames


def test_threads_share_a_pool(short: Path, tmp_path: Path) -> None:
    seen: set[int] = set()
    lock = threading.Lock()

    def work(number: int) -> int:
        def note(_share: float) -> None:
            with lock:
                seen.update(pool.pids)

        return len(pool.prepare(short, tmp_path / str(number), LIMITS, note).frames)

    with DecoderPool(size=2) as pool, ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(work, range(8)))) == 1
    assert 1 <= len(seen) <= 2


def test_memory_stays_flat_over_a_long_video(short: Path, long: Path, tmp_path: Path) -> None:
    resident: list[int] = []

    def measure(_share: float) -> None:
        fields = Path(f"/proc/{pool.pids[0]}/statm").read_text().split()
        resident.append(int(fields[1]) * os.sysconf("SC_PAGE_SIZE"))

    if not Path("/proc/self/statm").exists():
        pytest.skip("resident memory is read from /proc")
    with DecoderPool() as pool:
        pool.prepare(short, tmp_path / "warm", LIMITS)
        prepared = pool.prepare(long, tmp_path / "long", LIMITS, measure)
    assert prepared.info.duration_s == pytest.approx(180.0, abs=0.2)
    assert len(prepared.frames) == 12
    assert len(resident) >= 4
    # 4,500 pictures of 320x240 are a gigabyte as RGB, three minutes of sound 6 MB at 16 kHz.
    assert max(resident) - resident[0] < 40 * 2**20


def test_children_end_with_their_parent(short: Path, tmp_path: Path) -> None:
    script = (
        "import sys, os, signal; from pathlib import Path\n"
        "from workers.media.isolation import shared_pool, prepare_isolated\n"
        "from workers.media.types import MediaLimits\n"
        "prepare_isolated(Path(sys.argv[1]), Path(sys.argv[2]), MediaLimits())\n"
        "print(shared_pool().pids[0], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", script, str(short), str(tmp_path / "out")], capture_output=True, text=True, timeout=60
    )
    assert parent.returncode == -signal.SIGKILL
    assert gone(int(parent.stdout))


def test_the_process_of_the_decoder_is_light() -> None:
    script = "import sys, workers.media.child; print(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "celery", "sqlalchemy", "librosa", "onnxruntime", "fastapi", "models", "services"} & set(
        loaded
    )


def test_the_shared_pool_serves_without_being_asked_for(short: Path, tmp_path: Path) -> None:
    assert prepare_isolated(short, tmp_path / "out", LIMITS).info.has_audio
