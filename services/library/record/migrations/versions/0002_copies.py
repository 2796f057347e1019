"""Signatures of videos, the words they are found by, and which video is a copy of which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "signatures",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("video_id", sa.String(32), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_signatures"),
        sa.UniqueConstraint("video_id", name="uq_signatures_video_id"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name="fk_signatures_video_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "signature_words",
        sa.Column("word", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("word", "number", name="pk_signature_words"),
        sa.ForeignKeyConstraint(
            ["number"], ["signatures.number"], name="fk_signature_words_number", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signature_words_number", "signature_words", ["number"])
    op.create_table(
        "signature_stop_words",
        sa.Column("word", sa.Integer, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("word", name="pk_signature_stop_words"),
    )
    op.create_table(
        "copies",
        sa.Column("copy_id", sa.String(32), nullable=False),
        sa.Column("original_id", sa.String(32), nullable=False),
        sa.Column("match", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("copy_id", "original_id", name="pk_copies"),
        sa.ForeignKeyConstraint(["copy_id"], ["videos.id"], name="fk_copies_copy_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["original_id"], ["videos.id"], name="fk_copies_original_id", ondelete="CASCADE"),
    )
    op.create_index("ix_copies_original_id", "copies", ["original_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("copies", "signature_stop_words", "signature_words", "signatures"):
        op.drop_table(table)
