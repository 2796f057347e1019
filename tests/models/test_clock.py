import time

import pytest

from models.clock import Call, CallClock
from models.profile import Role


def test_calls_at_the_same_time_count_once() -> None:
    clock = CallClock()
    # Two that overlap (1..3, 2..4), one inside another (2..2.5), one apart (6..7), entered in no order.
    clock._calls = [Call(Role.SPEECH, start, end) for start, end in ((6.0, 7.0), (2.0, 4.0), (1.0, 3.0), (2.0, 2.5))]
    assert clock.busy_seconds(0.0, 10.0) == pytest.approx(4.0)
    assert clock.busy_seconds(2.5, 6.5) == pytest.approx(2.0)
    assert clock.busy_seconds(4.0, 6.0) == 0.0


def test_a_call_is_timed_even_when_it_fails() -> None:
    clock = CallClock()
    started = time.monotonic()

    def fail() -> None:
        with clock.measure(Role.OCR):
            time.sleep(0.02)
            raise RuntimeError("engine")

    with pytest.raises(RuntimeError, match="engine"):
        fail()
    (call,) = clock.calls()
    assert call.role is Role.OCR
    assert clock.busy_seconds(started, time.monotonic()) >= 0.02


def test_only_the_newest_calls_are_kept() -> None:
    clock = CallClock(keep=2)
    for role in (Role.TEXT, Role.OCR, Role.SOUND):
        with clock.measure(role):
            pass
    assert [call.role for call in clock.calls()] == [Role.OCR, Role.SOUND]
