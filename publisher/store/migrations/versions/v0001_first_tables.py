"""The first schema: every table as the first release has it."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "bodies",
        sa.Column("id", _ID, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False, comment="'' for letters"),
        sa.Column(
            "headers",
            sa.Text(),
            nullable=True,
            comment="JSON: header names and values, with splice marks",
        ),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column(
            "html",
            sa.LargeBinary(),
            nullable=True,
            comment="zlib; NULL until the first delivery needs it",
        ),
        sa.Column("plain", sa.LargeBinary(), nullable=True, comment="zlib"),
        sa.Column("made_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies")),
    )
    op.create_table(
        "editions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column(
            "slot", sa.Text(), nullable=False, comment="local calendar slot: 2026-03-29T07:00"
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False, comment="the slot as an instant"),
        sa.Column(
            "frozen_at",
            sa.BigInteger(),
            nullable=True,
            comment="what was eligible by then is in it",
        ),
        sa.Column(
            "frozen", sa.Text(), nullable=False, comment="JSON: the settings that shape its bytes"
        ),
        sa.Column(
            "opened_through",
            _ID,
            nullable=True,
            comment="opening: subscribers up to this id have their rows",
        ),
        sa.Column(
            "note", sa.Text(), server_default="", nullable=False, comment="why it is held or paused"
        ),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('opening', 'draft', 'held', 'approved', 'sending', 'paused', 'sent', 'missed', 'cancelled')",
            name=op.f("ck_editions_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("digest", "slot", name=op.f("uq_editions_digest")),
    )
    op.create_table(
        "editors",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editors")),
        sa.UniqueConstraint("name", name=op.f("uq_editors_name")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_table(
        "seen_items",
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item_key", "language", name=op.f("pk_seen_items")),
        comment="the only memory of what is new",
    )
    op.create_table(
        "signatures",
        sa.Column("id", _ID, nullable=False),
        sa.Column(
            "languages", sa.Text(), nullable=False, comment="tags in order, parted by spaces"
        ),
        sa.Column(
            "kinds", sa.Text(), nullable=False, comment="sorted, parted by spaces; '' is all"
        ),
        sa.Column(
            "categories", sa.Text(), nullable=False, comment="sorted, parted by spaces; '' is all"
        ),
        sa.Column("originals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
        sa.UniqueConstraint(
            "languages", "kinds", "categories", "originals", name=op.f("uq_signatures_languages")
        ),
        comment="the distinct preferences that subscriptions point at; written by subscribers",
    )
    op.create_table(
        "starts",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_starts")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False, comment="in signed links"),
        sa.Column("address", sa.Text(), nullable=True, comment="as given; NULL once erased"),
        sa.Column("address_key", sa.Text(), nullable=True, comment="normalised; NULL once erased"),
        sa.Column(
            "address_hash", sa.LargeBinary(), nullable=False, comment="keyed; survives erasing"
        ),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "languages", sa.Text(), nullable=False, comment="tags in order, parted by spaces"
        ),
        sa.Column("time_zone", sa.Text(), server_default="", nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("originals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'unsubscribed', 'erased')",
            name=op.f("ck_subscribers_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscribers_address_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscribers_public_id")),
    )
    op.create_index("ix_subscribers_hash", "subscribers", ["address_hash"], unique=False)
    op.create_table(
        "suppressions",
        sa.Column(
            "address_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed, so it survives erasing",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "consents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subscriber_id", _ID, nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "act",
            sa.Text(),
            nullable=False,
            comment="signed up, confirmed, imported, unsubscribed…",
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_consents_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        comment="append-only",
    )
    op.create_index(op.f("ix_consents_subscriber_id"), "consents", ["subscriber_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", _ID, nullable=False),
        sa.Column(
            "purpose", sa.Text(), nullable=False, comment="edition:17, confirm:<hour>, welcome"
        ),
        sa.Column("subscriber_id", _ID, nullable=False),
        sa.Column("body_id", _ID, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False, comment="0 letters, 1 editions"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("doubts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_until_at", sa.BigInteger(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True, comment="the last answer's code"),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("bounced_at", sa.BigInteger(), nullable=True),
        sa.Column("complained_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'in doubt', 'held', 'skipped')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_deliveries_body_id")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_deliveries_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("purpose", "subscriber_id", name=op.f("uq_deliveries_purpose")),
    )
    op.create_index(
        "ix_deliveries_queued",
        "deliveries",
        ["priority", "next_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_deliveries_sending",
        "deliveries",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_deliveries_subscriber", "deliveries", ["subscriber_id"], unique=False)
    op.create_table(
        "edition_items",
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "item", sa.Text(), nullable=False, comment="JSON: what was frozen, for templates"
        ),
        sa.Column("html", sa.LargeBinary(), nullable=False, comment="rendered block, zlib"),
        sa.Column("plain", sa.LargeBinary(), nullable=False, comment="rendered block, zlib"),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_edition_items_edition_id")
        ),
        sa.PrimaryKeyConstraint(
            "edition_id", "item_key", "language", name=op.f("pk_edition_items")
        ),
    )
    op.create_table(
        "segments",
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("body_id", _ID, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False, comment="JSON: [key, language] in order"),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["body_id"], ["bodies.id"], name=op.f("fk_segments_body_id")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_segments_edition_id")
        ),
        sa.PrimaryKeyConstraint("edition_id", "body_id", name=op.f("pk_segments")),
        sa.UniqueConstraint("body_id", name=op.f("uq_segments_body_id")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("subscriber_id", _ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), server_default="", nullable=False, comment="'' is all"),
        sa.Column("categories", sa.Text(), server_default="", nullable=False, comment="'' is all"),
        sa.Column("active", sa.Integer(), server_default="1", nullable=False),
        sa.Column("signature_id", _ID, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signatures.id"], name=op.f("fk_subscriptions_signature_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriptions_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "digest", name=op.f("pk_subscriptions")),
    )
    op.create_index(
        "ix_subscriptions_digest",
        "subscriptions",
        ["digest", "active", "signature_id"],
        unique=False,
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "answer", sa.Text(), nullable=False, comment="the address replaced by <recipient>"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempts")),
        comment="only attempts that did not succeed",
    )
    op.create_table(
        "feedback",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", _ID, nullable=True),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_feedback_delivery_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_feedback_source")),
    )
