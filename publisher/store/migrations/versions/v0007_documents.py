"""What the archive finds: items and editions, and the index of their words.

The index follows its table by itself, also when a backup is brought back: on SQLite an FTS5 table
kept by triggers, on PostgreSQL a GIN index over an expression. Words come folded and parted by
spaces, so that neither database needs a dictionary, and both find the same.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FTS5 = (
    # Left behind by a table that was dropped, it would keep the words of rows that are gone.
    "DROP TABLE IF EXISTS document_words",
    "CREATE VIRTUAL TABLE document_words USING fts5(title_words, words, content='documents', "
    "content_rowid='id', tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")",
    "CREATE TRIGGER document_words_added AFTER INSERT ON documents BEGIN "
    "INSERT INTO document_words (rowid, title_words, words) "
    "VALUES (new.id, new.title_words, new.words); END",
    "CREATE TRIGGER document_words_gone AFTER DELETE ON documents BEGIN "
    "INSERT INTO document_words (document_words, rowid, title_words, words) "
    "VALUES ('delete', old.id, old.title_words, old.words); END",
    "CREATE TRIGGER document_words_changed AFTER UPDATE ON documents BEGIN "
    "INSERT INTO document_words (document_words, rowid, title_words, words) "
    "VALUES ('delete', old.id, old.title_words, old.words); "
    "INSERT INTO document_words (rowid, title_words, words) "
    "VALUES (new.id, new.title_words, new.words); END",
)
_GIN = (
    "CREATE INDEX document_words ON documents "
    "USING gin (array_to_tsvector(string_to_array(words, ' ')))"
)


def upgrade() -> None:
    """Add the documents and the index of their words."""
    op.create_table(
        "documents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("edition_id", _ID, nullable=False, comment="0: an item"),
        sa.Column("item_key", sa.Text(), nullable=False, comment="'' for editions"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "mark",
            sa.Text(),
            nullable=False,
            comment="another one when there is something to renew",
        ),
        sa.Column(
            "content_hash",
            sa.Text(),
            nullable=False,
            comment="of an item's file; finds one renamed",
        ),
        sa.Column(
            "title", sa.Text(), nullable=False, comment="'' for an edition with nothing in it"
        ),
        sa.Column("text", sa.Text(), nullable=False, comment="what excerpts are cut from"),
        sa.Column(
            "link", sa.Text(), nullable=False, comment="'' for editions, whose address follows"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="of an item; '' for editions"),
        sa.Column("dated_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "correction", sa.Text(), server_default="", nullable=False, comment="as it is now"
        ),
        sa.Column(
            "event_state",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="moved or cancelled",
        ),
        sa.Column(
            "notice", sa.Text(), server_default="", nullable=False, comment="names what changed"
        ),
        sa.Column("withdrawn_at", sa.BigInteger(), comment="NULL: it was not"),
        sa.Column(
            "renamed_to", sa.Text(), server_default="", nullable=False, comment="its key by now"
        ),
        sa.Column("title_words", sa.Text(), nullable=False, comment="folded, parted by one space"),
        sa.Column("words", sa.Text(), nullable=False, comment="of title and text, folded likewise"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint(
            "edition_id", "item_key", "language", name=op.f("uq_documents_edition_id")
        ),
        comment="what the archive finds and knows of items and editions; written by digests",
    )
    for statement in _FTS5 if op.get_bind().dialect.name == "sqlite" else (_GIN,):
        op.execute(sa.text(statement))
