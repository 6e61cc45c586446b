"""Decisions of editors, extra editions, corrections told, readers who moved."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a table and the columns that these need."""
    op.create_table(
        "decisions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column(
            "slot", sa.Text(), nullable=False, comment="local; its edition does not exist yet"
        ),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('approved', 'held', 'cancelled')", name=op.f("ck_decisions_decision")
        ),
        sa.PrimaryKeyConstraint("digest", "slot", name=op.f("pk_decisions")),
        comment="what an editor said of an edition before its slot; written by digests",
    )
    op.add_column(
        "editions",
        sa.Column(
            "held_by",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="editor, most or nobody",
        ),
    )
    op.add_column(
        "editions",
        sa.Column(
            "is_extra",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="outside the rhythm",
        ),
    )
    op.add_column(
        "editions",
        sa.Column(
            "released_at",
            sa.BigInteger(),
            comment="when an editor let it go, whatever held it",
        ),
    )
    op.add_column(
        "segments",
        sa.Column(
            "notices", sa.Text(), nullable=False, server_default="[]", comment="JSON: what changed"
        ),
    )
    op.add_column(
        "subscriptions",
        sa.Column(
            "moved_at",
            sa.BigInteger(),
            comment="when its reader last chose otherwise; NULL: never",
        ),
    )
    op.create_index("ix_subscribers_zone", "subscribers", ["state", "time_zone"])
    op.create_index(
        "ix_subscriptions_moved",
        "subscriptions",
        ["digest", "moved_at"],
        sqlite_where=sa.text("moved_at IS NOT NULL"),
        postgresql_where=sa.text("moved_at IS NOT NULL"),
    )
