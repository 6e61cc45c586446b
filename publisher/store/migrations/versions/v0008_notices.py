"""Mails to editors, and the broken files that they were told of."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add a table for each."""
    op.create_table(
        "notices",
        sa.Column("id", _ID, nullable=False),
        sa.Column(
            "purpose",
            sa.Text(),
            nullable=False,
            comment="proof:weekly/<slot>/en, sent:17, content:…",
        ),
        sa.Column(
            "editor",
            sa.Text(),
            nullable=False,
            comment="keyed hash of an address, in hexadecimal",
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False, comment="MAIL FROM"),
        sa.Column(
            "message", sa.LargeBinary(), comment="the whole message, zlib; NULL once settled"
        ),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "next_at",
            sa.BigInteger(),
            nullable=False,
            comment="sending: until then its answer may come",
        ),
        sa.Column(
            "code", sa.Text(), nullable=False, server_default="", comment="the last answer's code"
        ),
        sa.Column("settled_at", sa.BigInteger()),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'skipped')",
            name=op.f("ck_notices_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("purpose", "editor", name=op.f("uq_notices_purpose")),
        comment="mails to editors, each made once; written by editors",
    )
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["next_at"],
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "broken_files",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column(
            "content_hash",
            sa.Text(),
            nullable=False,
            comment="of the file that editors were told of",
        ),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_broken_files")),
        comment="content files that cannot be published as they are; written by editors",
    )
