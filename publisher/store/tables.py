"""Every table, in one place because order matters; each has one room that writes it.

Times are unix seconds. States are words, checked by the database. Column comments say what a name
cannot. Two databases read this: only what SQLite and PostgreSQL both accept may stand here.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives rowid keys only to INTEGER, PostgreSQL wants 64 bits.
Id = BigInteger().with_variant(Integer, "sqlite")


def _state(name: str, *words: str) -> CheckConstraint:
    allowed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{name} IN ({allowed})", name=name)


subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True, comment="in signed links"),
    Column("address", Text, comment="as given; NULL once erased"),
    Column("address_key", Text, unique=True, comment="normalised; NULL once erased"),
    Column("address_hash", LargeBinary, nullable=False, comment="keyed; survives erasing"),
    Column("name", Text, nullable=False, server_default=""),
    Column("languages", Text, nullable=False, comment="tags in order, parted by spaces"),
    Column("time_zone", Text, nullable=False, server_default=""),
    Column("paused_until", BigInteger),
    Column("originals", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
    _state("state", "pending", "active", "unsubscribed", "erased"),
    Index("ix_subscribers_hash", "address_hash"),
    Index("ix_subscribers_zone", "state", "time_zone"),
)

signatures = Table(
    "signatures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("languages", Text, nullable=False, comment="tags in order, parted by spaces"),
    Column("kinds", Text, nullable=False, comment="sorted, parted by spaces; '' is all"),
    Column("categories", Text, nullable=False, comment="sorted, parted by spaces; '' is all"),
    Column("originals", Integer, nullable=False),
    UniqueConstraint("languages", "kinds", "categories", "originals"),
    comment="the distinct preferences that subscriptions point at; written by subscribers",
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("kinds", Text, nullable=False, server_default="", comment="'' is all"),
    Column("categories", Text, nullable=False, server_default="", comment="'' is all"),
    Column("active", Integer, nullable=False, server_default="1"),
    Column("signature_id", ForeignKey("signatures.id"), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("moved_at", BigInteger, comment="when its reader last chose otherwise; NULL: never"),
    Index("ix_subscriptions_digest", "digest", "active", "signature_id"),
    Index(
        "ix_subscriptions_moved",
        "digest",
        "moved_at",
        sqlite_where=text("moved_at IS NOT NULL"),
        postgresql_where=text("moved_at IS NOT NULL"),
    ),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False, index=True),
    Column("happened_at", BigInteger, nullable=False),
    Column("act", Text, nullable=False, comment="signed up, confirmed, imported, unsubscribed…"),
    Column("source", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    comment="append-only",
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", LargeBinary, primary_key=True, comment="keyed, so it survives erasing"),
    Column("reason", Text, nullable=False),
    Column("since_at", BigInteger, nullable=False),
    Column("until_at", BigInteger),
    Column("note", Text, nullable=False, server_default=""),
)

seen_items = Table(
    "seen_items",
    metadata,
    Column("item_key", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("first_seen_at", BigInteger, nullable=False),
    Column("content_hash", Text, nullable=False),
    comment="the only memory of what is new",
)

starts = Table(
    "starts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("started_at", BigInteger, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("slot", Text, nullable=False, comment="local calendar slot: 2026-03-29T07:00"),
    Column("state", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False, comment="the slot as an instant"),
    Column("frozen_at", BigInteger, comment="what was eligible by then is in it"),
    Column("frozen", Text, nullable=False, comment="JSON: the settings that shape its bytes"),
    Column("opened_through", Id, comment="opening: subscribers up to this id have their rows"),
    Column("note", Text, nullable=False, server_default="", comment="why it is held or paused"),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("held_by", Text, nullable=False, server_default="", comment="editor, most or nobody"),
    Column("is_extra", Integer, nullable=False, server_default="0", comment="outside the rhythm"),
    Column("released_at", BigInteger, comment="when an editor let it go, whatever held it"),
    Column("folded_at", BigInteger, comment="when its deliveries were folded into numbers"),
    UniqueConstraint("digest", "slot"),
    _state(
        "state",
        "opening",
        "draft",
        "held",
        "approved",
        "sending",
        "paused",
        "sent",
        "missed",
        "cancelled",
    ),
)

decisions = Table(
    "decisions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("slot", Text, primary_key=True, comment="local; its edition does not exist yet"),
    Column("decision", Text, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    _state("decision", "approved", "held", "cancelled"),
    comment="what an editor said of an edition before its slot; written by digests",
)

edition_items = Table(
    "edition_items",
    metadata,
    Column("edition_id", ForeignKey("editions.id"), primary_key=True),
    Column("item_key", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("item", Text, nullable=False, comment="JSON: what was frozen, for templates"),
    Column("html", LargeBinary, nullable=False, comment="rendered block, zlib"),
    Column("plain", LargeBinary, nullable=False, comment="rendered block, zlib"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, nullable=False, comment="0: an item"),
    Column("item_key", Text, nullable=False, comment="'' for editions"),
    Column("language", Text, nullable=False),
    Column("mark", Text, nullable=False, comment="another one when there is something to renew"),
    Column("content_hash", Text, nullable=False, comment="of an item's file; finds one renamed"),
    Column("title", Text, nullable=False, comment="'' for an edition with nothing in it"),
    Column("text", Text, nullable=False, comment="what excerpts are cut from"),
    Column("link", Text, nullable=False, comment="'' for editions, whose address follows"),
    Column("kind", Text, nullable=False, comment="of an item; '' for editions"),
    Column("dated_at", BigInteger, nullable=False),
    Column("correction", Text, nullable=False, server_default="", comment="as it is now"),
    Column("event_state", Text, nullable=False, server_default="", comment="moved or cancelled"),
    Column("notice", Text, nullable=False, server_default="", comment="names what changed"),
    Column("withdrawn_at", BigInteger, comment="NULL: it was not"),
    Column("renamed_to", Text, nullable=False, server_default="", comment="its key by now"),
    Column("title_words", Text, nullable=False, comment="folded, parted by one space"),
    Column("words", Text, nullable=False, comment="of title and text, folded likewise"),
    UniqueConstraint("edition_id", "item_key", "language"),
    comment="what the archive finds and knows of items and editions; written by digests",
)

bodies = Table(
    "bodies",
    metadata,
    Column("id", Id, primary_key=True),
    Column("language", Text, nullable=False),
    Column("digest", Text, nullable=False, server_default="", comment="'' for letters"),
    Column("headers", Text, comment="JSON: header names and values, with splice marks"),
    Column("subject", Text),
    Column("html", LargeBinary, comment="zlib; NULL until the first delivery needs it"),
    Column("plain", LargeBinary, comment="zlib"),
    Column("made_at", BigInteger),
    Column("composer", Integer, nullable=False, server_default="1", comment="version of its form"),
    Column("key_id", Text, nullable=False, server_default="", comment="signs its links"),
    Column("selectors", Text, nullable=False, server_default="", comment="of DKIM, by spaces"),
)

letters = Table(
    "letters",
    metadata,
    Column("body_id", ForeignKey("bodies.id"), primary_key=True),
    Column("letter", Text, nullable=False),
    Column("fingerprint", Text, nullable=False, unique=True, comment="of all that shapes it"),
    Column("frozen", Text, nullable=False, comment="JSON: the settings and facts it says"),
    comment="what a letter's body is made from; written by subscribers",
)

wishes = Table(
    "wishes",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("made_at", BigInteger, primary_key=True, comment="as its letter's link says"),
    Column("name", Text, nullable=False, server_default=""),
    Column("languages", Text, nullable=False, comment="tags in order"),
    Column("time_zone", Text, nullable=False, server_default=""),
    Column("digests", Text, nullable=False, comment="names, parted by spaces"),
    Column("kinds", Text, nullable=False, server_default=""),
    Column("categories", Text, nullable=False, server_default=""),
    Column("originals", Integer, nullable=False, server_default="0"),
    Column(
        "replaces",
        ForeignKey("subscribers.id"),
        comment="the subscriber who wants to be mailed at this one's address",
    ),
    comment="what somebody asked for and has not confirmed; written by subscribers",
)

asks = Table(
    "asks",
    metadata,
    Column("who", LargeBinary, primary_key=True, comment="keyed hash; empty: everybody"),
    Column("asked_at", BigInteger, primary_key=True),
    Column("number", Integer, nullable=False),
    Index("ix_asks_asked_at", "asked_at"),
    comment="how often an address or a network asked for a letter; written by subscribers",
)

segments = Table(
    "segments",
    metadata,
    Column("edition_id", ForeignKey("editions.id"), primary_key=True),
    Column("body_id", ForeignKey("bodies.id"), primary_key=True, unique=True),
    Column("language", Text, nullable=False),
    Column("items", Text, nullable=False, comment="JSON: [key, language] in order"),
    Column("notices", Text, nullable=False, server_default="[]", comment="JSON: what changed"),
    Column("recipients", Integer, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purpose", Text, nullable=False, comment="edition:17, confirm:<hour>, welcome"),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False),
    Column("body_id", ForeignKey("bodies.id"), nullable=False),
    Column("priority", Integer, nullable=False, comment="0 letters, 1 editions"),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("doubts", Integer, nullable=False, server_default="0"),
    Column("queued_at", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("worker", Text),
    Column("lease_until_at", BigInteger),
    Column("remote_id", Text),
    Column("code", Text, comment="the last answer's code"),
    Column("settled_at", BigInteger),
    Column("bounced_at", BigInteger),
    Column("complained_at", BigInteger),
    UniqueConstraint("purpose", "subscriber_id"),
    _state("state", "queued", "sending", "sent", "failed", "in doubt", "held", "skipped"),
    Index(
        "ix_deliveries_queued",
        "priority",
        "next_at",
        "id",
        sqlite_where=text("state = 'queued'"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "ix_deliveries_sending",
        "id",
        sqlite_where=text("state = 'sending'"),
        postgresql_where=text("state = 'sending'"),
    ),
    Index("ix_deliveries_subscriber", "subscriber_id"),
    Index(
        "ix_deliveries_letters",
        "settled_at",
        sqlite_where=text("priority = 0"),
        postgresql_where=text("priority = 0"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id"), primary_key=True),
    # From 1; -3 is no attempt but an operator's `retry` after the third.
    Column("number", Integer, primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("answer", Text, nullable=False, comment="the address replaced by <recipient>"),
    comment="only attempts that did not succeed",
)

folded = Table(
    "folded",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("body_id", ForeignKey("bodies.id"), primary_key=True),
    Column("state", Text, primary_key=True),
    Column("began_at", BigInteger, primary_key=True, comment="a quarter of an hour"),
    Column("deliveries", Integer, nullable=False, comment="settled in that quarter"),
    _state("state", "sent", "skipped"),
    comment="deliveries that were folded into numbers; written by delivery",
)

offered = Table(
    "offered",
    metadata,
    Column("subscriber_id", ForeignKey("subscribers.id"), primary_key=True),
    Column("body_id", ForeignKey("bodies.id"), primary_key=True),
    comment="who was sent which body, of deliveries that were folded; written by delivery",
    sqlite_with_rowid=False,
)

holds = Table(
    "holds",
    metadata,
    Column("name", Text, primary_key=True, comment="what is held: site"),
    Column("since_at", BigInteger, nullable=False),
    Column("why", Text, nullable=False, comment="for people"),
    _state("name", "site"),
    comment="while there is a row nothing opens and nothing is sent; written by delivery",
)

floors = Table(
    "floors",
    metadata,
    Column("name", Text, primary_key=True, comment="a table: editions"),
    Column("number", BigInteger, nullable=False, comment="new rows are numbered from it on"),
    _state("name", "editions"),
    comment="numbers below may have been given by a copy that is lost; written by backup",
)

paces = Table(
    "paces",
    metadata,
    Column("name", Text, primary_key=True, comment="server:host:port or group:gmail.com"),
    Column("per_second", Float, comment="what it may get now; NULL: no limit learnt"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    Column("rests_until", BigInteger, nullable=False, server_default="0"),
    Column("words", Text, nullable=False, server_default="", comment="its last refusal"),
    Column("changed_at", BigInteger, nullable=False),
    comment="what was learnt of servers and receivers; written by delivery",
)

tallies = Table(
    "tallies",
    metadata,
    Column("span", Text, primary_key=True, comment="minute or day"),
    Column("began_at", BigInteger, primary_key=True),
    Column("sent", Integer, nullable=False),
    _state("span", "minute", "day"),
    comment="how many messages left when, for limits and warm-up; written by delivery",
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("delivery_id", ForeignKey("deliveries.id"), index=True),
    Column("code", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    UniqueConstraint("source", "source_id"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purpose", Text, nullable=False, comment="proof:weekly/<slot>/en, sent:17, content:…"),
    Column("editor", Text, nullable=False, comment="keyed hash of an address, in hexadecimal"),
    Column("state", Text, nullable=False),
    Column("sender", Text, nullable=False, comment="MAIL FROM"),
    Column("message", LargeBinary, comment="the whole message, zlib; NULL once settled"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("queued_at", BigInteger, nullable=False),
    Column(
        "next_at", BigInteger, nullable=False, comment="sending: until then its answer may come"
    ),
    Column("code", Text, nullable=False, server_default="", comment="the last answer's code"),
    Column("settled_at", BigInteger),
    UniqueConstraint("purpose", "editor"),
    _state("state", "queued", "sending", "sent", "failed", "skipped"),
    Index(
        "ix_notices_waiting",
        "next_at",
        sqlite_where=text("settled_at IS NULL"),
        postgresql_where=text("settled_at IS NULL"),
    ),
    comment="mails to editors, each made once; written by editors",
)

broken_files = Table(
    "broken_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("content_hash", Text, nullable=False, comment="of the file that editors were told of"),
    Column("told_at", BigInteger, nullable=False),
    comment="content files that cannot be published as they are; written by editors",
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_at", BigInteger, nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False, comment="a keyed hash; tells nothing of the key"),
    Column("first_used_at", BigInteger, nullable=False),
    comment="by which machines see that they have the same var/secret; written by subscribers",
)

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
)

editors = Table(
    "editors",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("happened_at", BigInteger, nullable=False),
    Column("editor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
)
