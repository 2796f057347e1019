"""Alembic migrations, run by the library itself: opening the record brings its schema up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, text

from services.library.errors import RecordUnavailable
from services.library.record.database import naming_the_database, writing

_ADVISORY_LOCK = 0x7265656C
"""PostgreSQL's key for 'somebody is migrating'; any constant does."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def head() -> str:
    """The newest revision this version of the code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def upgrade(engine: Engine) -> None:
    """Bring the schema to `head()`, in one transaction; processes that open at once take turns.

    Raises `RecordUnavailable` when the database cannot be reached or is newer than this code.
    """
    with naming_the_database(engine):
        with engine.connect() as connection:
            if MigrationContext.configure(connection).get_current_revision() == head():
                return
        with writing(engine).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            config = _config()
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                where = engine.url.render_as_string(hide_password=True)
                raise RecordUnavailable(
                    f"The record {where} was written by another version of Reelwise ({error}): upgrade this one."
                ) from error
