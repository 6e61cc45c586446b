"""Deliveries folded into numbers, what is kept of them, what holds a site, where numbers begin."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add four tables, a column of editions, and two indexes."""
    op.create_table(
        "folded",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("body_id", _ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False, comment="a quarter of an hour"),
        sa.Column("deliveries", sa.Integer(), nullable=False, comment="settled in that quarter"),
        sa.CheckConstraint("state IN ('sent', 'skipped')", name=op.f("ck_folded_state")),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_folded_body_id")),
        sa.PrimaryKeyConstraint("purpose", "body_id", "state", "began_at", name=op.f("pk_folded")),
        comment="deliveries that were folded into numbers; written by delivery",
    )
    op.create_table(
        "offered",
        sa.Column("subscriber_id", _ID, nullable=False),
        sa.Column("body_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_offered_subscriber_id")
        ),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_offered_body_id")),
        sa.PrimaryKeyConstraint("subscriber_id", "body_id", name=op.f("pk_offered")),
        comment="who was sent which body, of deliveries that were folded; written by delivery",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holds",
        sa.Column("name", sa.Text(), nullable=False, comment="what is held: site"),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False, comment="for people"),
        sa.CheckConstraint("name IN ('site')", name=op.f("ck_holds_name")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_holds")),
        comment="while there is a row nothing opens and nothing is sent; written by delivery",
    )
    op.create_table(
        "floors",
        sa.Column("name", sa.Text(), nullable=False, comment="a table: editions"),
        sa.Column(
            "number", sa.BigInteger(), nullable=False, comment="new rows are numbered from it on"
        ),
        sa.CheckConstraint("name IN ('editions')", name=op.f("ck_floors_name")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_floors")),
        comment="numbers below may have been given by a copy that is lost; written by backup",
    )
    op.add_column(
        "editions",
        sa.Column(
            "folded_at", sa.BigInteger(), comment="when its deliveries were folded into numbers"
        ),
    )
    op.create_index("ix_feedback_delivery_id", "feedback", ["delivery_id"])
    op.create_index(
        "ix_deliveries_letters",
        "deliveries",
        ["settled_at"],
        sqlite_where=sa.text("priority = 0"),
        postgresql_where=sa.text("priority = 0"),
    )
