from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from services.library.errors import InvalidValue
from services.library.record.cleaning import CleaningRules, fault, minute_of, normalised, over_rate
from services.library.record.events import Event, EventKind

NOW = datetime(2026, 1, 31, 18, 0, tzinfo=UTC)
RULES = CleaningRules()

texts = st.text(st.characters(exclude_categories=()), max_size=300)  # lone surrogates and control characters included
times = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]))
numbers = st.none() | st.floats() | st.integers(-(10**6), 10**9).map(float)
events = st.builds(
    Event,
    id=texts,
    user_id=texts,
    kind=st.sampled_from(EventKind),
    at=times | st.datetimes() | st.floats(-9e5, 9e7).map(lambda age: NOW - timedelta(seconds=age)),
    video_id=st.none() | texts,
    creator=st.none() | texts,
    watch_s=numbers,
    duration_s=numbers,
    watch_ratio=numbers,
    query=st.none() | texts,
    request_id=st.none() | texts,
    position=st.none() | st.integers(),
    utc_offset_minutes=st.none() | st.integers(),
    audience=st.none() | texts,
)


@given(events)
def test_whatever_is_sent_is_refused_in_words_or_becomes_an_event_that_can_have_happened(event: Event) -> None:
    refusal = ""
    try:
        kept = normalised(event)
    except InvalidValue as error:
        refusal = str(error)
    if refusal:
        assert refusal.endswith(".")
        return
    assert normalised(kept) == kept or kept.watch_ratio != kept.watch_ratio  # NaN is not equal to itself
    for text in (kept.id, kept.user_id, kept.creator, kept.query, kept.audience, kept.request_id):
        assert text is None or (text == text.strip() != "" and "\x00" not in text and text.encode())
    assert kept.at == event.at
    assert kept.at.tzinfo is UTC
    wrong = fault(kept, RULES, NOW)
    if wrong is not None:
        assert wrong[1].endswith(".")
        return
    assert NOW - timedelta(days=RULES.max_age_days) <= kept.at <= NOW + timedelta(seconds=RULES.max_ahead_s)
    assert kept.watch_s is None or 0 <= kept.watch_s <= RULES.max_watch_s
    assert kept.watch_ratio is None or 0 <= kept.watch_ratio <= RULES.max_watch_ratio


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 150))),
    st.integers(1, 5),
    st.integers(0, 6),
)
def test_no_minute_of_a_user_gets_more_than_the_limit_and_the_earliest_stay(
    sent: list[tuple[str, int]], limit: int, already: int
) -> None:
    batch = [
        Event(str(n), user, EventKind.PLAY, NOW + timedelta(seconds=second), "v")
        for n, (user, second) in enumerate(sent)
    ]
    over = over_rate(batch, {("a", NOW): already}, limit)
    kept = Counter((one.user_id, minute_of(one.at)) for n, one in enumerate(batch) if n not in over)
    sent_in = Counter((one.user_id, minute_of(one.at)) for one in batch)
    for key, count in sent_in.items():
        room = max(0, limit - (already if key == ("a", NOW) else 0))
        assert kept[key] == min(count, room)
        minute = [(one.at, n in over) for n, one in enumerate(batch) if (one.user_id, minute_of(one.at)) == key]
        times_kept = [at for at, dropped in minute if not dropped]
        times_over = [at for at, dropped in minute if dropped]
        assert not times_kept or not times_over or max(times_kept) <= min(times_over)
