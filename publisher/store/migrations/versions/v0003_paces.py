"""What shapes a body's bytes beside its text; what was learnt of servers; how much left when."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add two tables, and to bodies the columns that these need."""
    op.add_column(
        "bodies",
        sa.Column(
            "composer",
            sa.Integer(),
            nullable=False,
            server_default="1",
            comment="version of its form",
        ),
    )
    op.add_column(
        "bodies",
        sa.Column(
            "key_id", sa.Text(), nullable=False, server_default="", comment="signs its links"
        ),
    )
    op.add_column(
        "bodies",
        sa.Column(
            "selectors", sa.Text(), nullable=False, server_default="", comment="of DKIM, by spaces"
        ),
    )
    op.create_table(
        "paces",
        sa.Column("name", sa.Text(), nullable=False, comment="server:host:port or group:gmail.com"),
        sa.Column("per_second", sa.Float(), comment="what it may get now; NULL: no limit learnt"),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0", comment="in a row"),
        sa.Column("rests_until", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column(
            "words", sa.Text(), nullable=False, server_default="", comment="its last refusal"
        ),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_paces")),
        comment="what was learnt of servers and receivers; written by delivery",
    )
    op.create_table(
        "tallies",
        sa.Column("span", sa.Text(), nullable=False, comment="minute or day"),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.CheckConstraint("span IN ('minute', 'day')", name=op.f("ck_tallies_span")),
        sa.PrimaryKeyConstraint("span", "began_at", name=op.f("pk_tallies")),
        comment="how many messages left when, for limits and warm-up; written by delivery",
    )
