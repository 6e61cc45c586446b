"""Letters, what people asked for and have not confirmed, and how often somebody asked."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add what signing up and the pages of a reader need."""
    op.create_table(
        "letters",
        sa.Column("body_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="of all that shapes it"),
        sa.Column(
            "frozen", sa.Text(), nullable=False, comment="JSON: the settings and facts it says"
        ),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_letters_body_id")),
        sa.PrimaryKeyConstraint("body_id", name=op.f("pk_letters")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_letters_fingerprint")),
        comment="what a letter's body is made from; written by subscribers",
    )
    op.create_table(
        "wishes",
        sa.Column(
            "subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False, comment="as its letter's link says"),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("languages", sa.Text(), nullable=False, comment="tags in order"),
        sa.Column("time_zone", sa.Text(), server_default="", nullable=False),
        sa.Column("digests", sa.Text(), nullable=False, comment="names, parted by spaces"),
        sa.Column("kinds", sa.Text(), server_default="", nullable=False),
        sa.Column("categories", sa.Text(), server_default="", nullable=False),
        sa.Column("originals", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "replaces",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            comment="the subscriber who wants to be mailed at this one's address",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_wishes_subscriber_id")
        ),
        sa.ForeignKeyConstraint(["replaces"], ["subscribers.id"], name=op.f("fk_wishes_replaces")),
        sa.PrimaryKeyConstraint("subscriber_id", "made_at", name=op.f("pk_wishes")),
        comment="what somebody asked for and has not confirmed; written by subscribers",
    )
    op.create_table(
        "asks",
        sa.Column("who", sa.LargeBinary(), nullable=False, comment="keyed hash; empty: everybody"),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("who", "asked_at", name=op.f("pk_asks")),
        comment="how often an address or a network asked for a letter; written by subscribers",
    )
    op.create_index("ix_asks_asked_at", "asks", ["asked_at"])
