"""Alembic's entry: runs on the connection that `upgrade` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from services.library.record import event_tables  # noqa: F401 - its tables belong to the metadata
from services.library.record.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
context.run_migrations()
