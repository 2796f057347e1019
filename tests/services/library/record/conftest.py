from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.library.record.database import open_engine
from services.library.record.store import Record
from services.library.record.types import Submission
from tests.postgres import binaries, running_server

T0 = datetime(2026, 1, 31, 18, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that a test moves by hand."""

    now: datetime = field(default=T0)

    def __call__(self) -> datetime:
        return self.now


def submission_of(content: str, **metadata: Any) -> Submission:
    digest = sha256(content.encode()).hexdigest()
    return Submission(digest, len(content), f"videos/{digest}.mp4", f"{content}.mp4", **metadata)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server's URL: the one that REELWISE_TEST_POSTGRES names, which is wiped, or one of the tests' own."""
    named = os.environ.get("REELWISE_TEST_POSTGRES")
    if named is not None:
        yield named
        return
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
    with running_server(folder) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'reelwise.db'}"
    server: str = request.getfixturevalue("postgres")
    engine = open_engine(server)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return server


@pytest.fixture
def record(url: str, clock: Clock) -> Iterator[Record]:
    with_clock = Record.open(url, clock=clock)
    yield with_clock
    with_clock.close()


@pytest.fixture
def submission() -> Any:
    return submission_of
