from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.library.record.events import Event, EventKind
from services.recommend.evidence import (
    DayPart,
    Moment,
    ProfileParameters,
    decay,
    expected_watch_ratio,
    is_skip,
    moment_of,
    weight_of,
)

NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # a Friday


def play(watch_s: float, duration_s: float) -> float:
    event = Event("1", "amy", EventKind.PLAY, NOW, "v", watch_s=watch_s, duration_s=duration_s)
    return weight_of(event, ProfileParameters())


def test_the_same_share_of_a_longer_video_says_more() -> None:
    assert 0 < play(9, 10) < play(54, 60) == ProfileParameters().play
    durations = [1, 5, 15, 60, 600, 7200]
    expected = [expected_watch_ratio(duration) for duration in durations]
    assert expected == sorted(expected, reverse=True)
    assert 0 < min(expected) < max(expected) < 1


def test_leaving_at_once_is_a_skip_and_a_skip_is_no_dislike() -> None:
    parameters = ProfileParameters()
    assert play(1, 60) == parameters.skip
    assert play(12, 60) == 0
    for kind, a_skip in ((EventKind.SKIP, True), (EventKind.NOT_INTERESTED, False), (EventKind.REPORT, False)):
        event = Event("1", "amy", kind, NOW, "v")
        assert weight_of(event, parameters) < 0
        assert is_skip(event, weight_of(event, parameters)) is a_skip
    assert abs(parameters.skip) < abs(parameters.not_interested)


def test_every_kind_but_an_impression_counts() -> None:
    weights = {kind: weight_of(Event("1", "amy", kind, NOW, "v"), ProfileParameters()) for kind in EventKind}
    assert [kind for kind, weight in weights.items() if weight == 0] == [EventKind.IMPRESSION]


@pytest.mark.parametrize(
    ("offset", "moment"),
    [
        (0, Moment(DayPart.NIGHT, weekend=False)),
        (480, Moment(DayPart.MORNING, weekend=True)),
        (-480, Moment(DayPart.AFTERNOON, weekend=False)),
        (840, Moment(DayPart.MIDDAY, weekend=True)),
        (None, None),
    ],
)
def test_a_moment_is_the_viewers_local_one(offset, moment) -> None:
    event = Event("1", "amy", EventKind.LIKE, NOW, "v", utc_offset_minutes=offset)
    assert moment_of(event) == moment


def test_the_small_hours_belong_to_the_day_before() -> None:
    assert Moment.of(datetime(2026, 11, 21, 2, 0)) == Moment(DayPart.NIGHT, weekend=False)  # noqa: DTZ001 - a local time
    assert Moment.of(datetime(2026, 11, 23, 2, 0)) == Moment(DayPart.NIGHT, weekend=True)  # noqa: DTZ001


def test_evidence_halves_with_every_half_life() -> None:
    assert decay(NOW - timedelta(days=42), NOW, 21) == pytest.approx(0.25)
    assert decay(NOW + timedelta(days=1), NOW, 21) == 1
