from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from services.library.index.schema import IndexDims
from services.library.library import Library
from services.library.record import checkpoints
from services.library.record.events import EditKind, ImpressionBatch, ProfileEdit
from services.settings import Settings

NOTE = ImpressionBatch("r", "amy", datetime.now(UTC), "balanced", "", (), {})
DIMS = IndexDims(text=4, visual=4, sound=4)


def in_the_file_alone(folder: Path, *, beside: Path) -> int:
    """Notes that the database's file holds without its log."""
    beside.write_bytes((folder / "reelwise.db").read_bytes())
    with sqlite3.connect(beside) as copy:
        return int(copy.execute("SELECT count(*) FROM impression_batches").fetchone()[0])


def test_notes_are_carried_over_in_a_thread_of_its_own(tmp_path: Path) -> None:
    with Library.open(Settings(data_dir=tmp_path), DIMS) as library:
        with closing(library.record.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()  # the tables
        for number in range(checkpoints.NOTES - 1):
            library.record.put_impressions(replace(NOTE, request_id=f"r{number}"))
        assert in_the_file_alone(tmp_path, beside=tmp_path / "before.db") == 0
        library.record.put_impressions(replace(NOTE, request_id="last"))
        library.record._checkpoints.close()
        assert in_the_file_alone(tmp_path, beside=tmp_path / "after.db") == checkpoints.NOTES


def test_a_note_never_carries_the_log_over_itself_and_others_do(tmp_path: Path) -> None:
    with Library.open(Settings(data_dir=tmp_path), DIMS) as library:
        record, pages = library.record, list[int]()

        @event.listens_for(record.engine, "before_cursor_execute")
        def ask(connection, cursor, statement, parameters, context, many):
            if statement.startswith("INSERT"):
                pages.append(connection.connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0])

        record.put_impressions(NOTE)
        record.add_profile_edits([ProfileEdit("e1", "amy", EditKind.MUTE, "tags", "cat", 1.0, datetime.now(UTC))])
        record.put_impressions(replace(NOTE, request_id="r2"))
        assert pages == [0, 1000, 0]


def test_a_log_that_cannot_be_carried_over_is_told_and_notes_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Library.open(Settings(data_dir=tmp_path), DIMS) as library:
        record = library.record

        def fails() -> None:
            raise sqlite3.OperationalError("disk I/O error")

        with monkeypatch.context() as broken:
            broken.setattr(record.engine, "raw_connection", fails)
            counted = checkpoints.Checkpoints(record.engine, every=1)
            counted.noted()
            counted.close()
        assert "reelwise.db was not carried over: disk I/O error" in caplog.text
        record.put_impressions(NOTE)
        assert record.impressions(NOTE.request_id) is not None
