"""What the record does with its connections."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, event, text

from services.library.errors import RecordUnavailable
from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record import database
from services.library.record.events import EditKind, ImpressionBatch, ProfileEdit
from services.settings import Settings


@pytest.fixture(params=["postgresql"])
def url(request, postgres):
    """An empty database of a server."""
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres


def cut_all(url):
    """As a server does that is started anew."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()


def test_a_connection_that_was_cut_while_it_rested_is_made_anew_unnoticed(record, url, monkeypatch):
    record.counts()
    cut_all(url)
    monkeypatch.setattr(database, "REST_S", 0.0)
    record.counts()


def test_of_connections_that_were_cut_in_use_the_first_call_fails_and_the_next_does_not(record, url, monkeypatch):
    monkeypatch.setattr(database, "REST_S", 60.0)
    with record.engine.connect(), record.engine.connect():
        pass  # two in the pool
    cut_all(url)
    with pytest.raises(RecordUnavailable, match="did not answer"):
        record.counts()
    with record.engine.connect() as first, record.engine.connect() as second:
        assert [one.scalar(text("SELECT 1")) for one in (first, second)] == [1, 1]
    record.counts()


def test_what_was_prepared_outlives_a_read_and_a_write(record, submission):
    video, _ = record.submit(submission("a"))
    for _ in range(10):
        assert record.video(video.id) is not None
        assert record.find(video.id[:8]) != []  # in a session
        record.mark_published(video.id, 1)
    with record.engine.connect() as connection:
        prepared = connection.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
    assert prepared >= 3


def test_nothing_stays_in_a_transaction_after_a_statement_of_its_own(record, submission):
    video, _ = record.submit(submission("a"))
    assert record.video(video.id) is not None
    with record.engine.connect() as connection:
        assert connection.get_isolation_level() == "READ COMMITTED"
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert connection.scalar(text(idle)) == 0


def test_only_notes_of_answers_do_not_wait_for_the_disk(tmp_path):
    with Library.open(Settings(data_dir=tmp_path), IndexDims(text=4, visual=4, sound=4)) as library:
        record, said = library.record, []

        @event.listens_for(record.engine, "before_cursor_execute")
        def ask(connection, cursor, statement, parameters, context, many):
            if statement.startswith("INSERT"):
                synchronous = connection.connection.execute("PRAGMA synchronous").fetchone()[0]
                said.append((statement.split()[2], synchronous))

        batch = ImpressionBatch("r1", "amy", datetime.now(UTC), "balanced", "", (), {})
        edit = ProfileEdit("e1", "amy", EditKind.MUTE, "tags", "cat", 1.0, datetime.now(UTC))
        record.put_impressions(batch)
        record.add_profile_edits([edit])
        record.put_impressions(replace(batch, request_id="r2"))
        full, normal = 2, 1
        assert said == [("impression_batches", normal), ("profile_edits", full), ("impression_batches", normal)]
        assert record.impressions("r1") is not None


def test_connections_that_many_threads_had_at_once_are_kept_and_the_warmest_is_used(record):
    def backends(count):
        with ExitStack() as stack:
            held = [stack.enter_context(record.engine.connect()) for _ in range(count)]
            return [one.scalar(text("SELECT pg_backend_pid()")) for one in held]

    first = backends(database.CONNECTIONS)
    assert set(backends(database.CONNECTIONS)) == set(first)
    assert backends(1) == backends(1)
