from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from services.library.errors import RecordUnavailable
from services.library.record.database import open_engine, writing
from services.library.record.events import EventCount, EventKind
from services.library.record.migrations import _config, upgrade
from services.library.record.store import Record
from services.library.record.tables import Base


def test_the_migrations_make_exactly_the_tables(url):
    engine = open_engine(url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_opening_at_once_migrates_once(url):
    with ThreadPoolExecutor(6) as pool:
        records = list(pool.map(lambda _: Record.open(url), range(6)))
    assert [sum(record.counts().values()) for record in records] == [0] * 6
    for record in records:
        record.close()


def test_a_new_file_that_another_process_writes_to_is_waited_for(tmp_path):
    path = tmp_path / "reelwise.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE taken (id)")
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.rollback)
    release.start()
    engine = open_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()
    release.join()
    other.close()


def test_a_record_of_a_newer_version_is_refused_with_a_remedy(url):
    Record.open(url).close()
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(RecordUnavailable, match=r"another version of Reelwise.*upgrade"):
        Record.open(url)
    engine.dispose()


@pytest.mark.parametrize("bad", ["not a url", "nosuchdb://x/y"])
def test_a_url_that_does_not_work_names_the_setting(bad):
    with pytest.raises(RecordUnavailable, match="REELWISE_DATABASE_URL"):
        Record.open(bad)


def test_a_file_that_is_no_database_is_said_to_be_the_record(tmp_path):
    (tmp_path / "reelwise.db").write_bytes(b"this is a letter, not a database" * 200)
    with pytest.raises(RecordUnavailable, match=r"reelwise\.db"):
        Record.open(f"sqlite:///{tmp_path / 'reelwise.db'}")


def test_interactions_become_events_and_counts(tmp_path):
    url = f"sqlite:///{tmp_path / 'reelwise.db'}"
    engine = open_engine(url)
    with writing(engine).begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO videos (id, sha256, size_bytes, blob_key, state, attempts, dirty, created_at, updated_at) "
                "VALUES ('v', 's', 1, 'k', 'ready', 0, false, '2026-01-01', '2026-01-01')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO interactions (user_id, video_id, kind, at, watch_ratio) "
                "VALUES ('amy', 'v', 'play', '2026-01-01 10:20:30.500000', 0.5)"
            )
        )
    engine.dispose()
    record = Record.open(url)
    (event,) = record.events("amy")
    assert (event.kind, event.video_id, event.watch_ratio) == (EventKind.PLAY, "v", 0.5)
    assert event.at == datetime(2026, 1, 1, 10, 20, 30, 500_000, tzinfo=UTC)
    hour = event.at.replace(minute=0, second=0, microsecond=0)
    assert record.event_counts(since=hour) == [EventCount("v", EventKind.PLAY, hour, 1)]
    record.close()
