"""Search the archive: published items and public editions, by the words that occur in them.

Whatever has all words in its title comes first, then the newest: both databases find the same
things in the same order, and a reader can see why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from publisher.digests.archive.query import Piece, Term, excerpt
from publisher.digests.archive.rule import public_editions
from publisher.digests.stories import moment_of
from publisher.store.tables import documents, editions

if TYPE_CHECKING:
    from sqlalchemy import Select

_INDEX = table("document_words", column("rowid"))  # of SQLite


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found."""

    title: str
    language: str
    kind: str  # of an item; "" for an edition
    dated_at: datetime
    link: str  # of an item, absolute; "" for an edition
    digest: str  # of an edition, else ""
    slot: str  # of an edition, local: "2026-03-29T07:00"
    excerpt: tuple[Piece, ...]


def search(
    conn: Connection,
    root: Path,
    terms: Sequence[Term],
    language: str,
    now: datetime,
    *,
    page: int = 1,
    per_page: int = 20,
) -> tuple[tuple[Hit, ...], bool]:
    """Return a page of what holds all terms, and whether there is more.

    root       the site's folder
    language   in which an edition is looked for: it has a page in each, and is found once; items
               are found whatever their language
    page       from 1
    """
    if not terms:
        return (), False
    c = documents.c
    in_title = _holds(conn, terms, "title_words")
    found = (
        select(documents, editions.c.digest, editions.c.slot)
        .join(editions, editions.c.id == c.edition_id, isouter=True)
        .where(
            _holds(conn, terms, "words"),
            or_(c.edition_id == 0, and_(c.language == language, public_editions(conn, root, now))),
        )
        .order_by(
            case((in_title, 0), else_=1),
            c.dated_at.desc(),
            case((c.language == language, 0), else_=1),
            c.id,
        )
        .limit(per_page + 1)
        .offset((page - 1) * per_page)
    )
    rows = conn.execute(found).all()
    return tuple(_hit(row, terms) for row in rows[:per_page]), len(rows) > per_page


def _holds(conn: Connection, terms: Sequence[Term], name: str) -> ColumnElement[bool]:
    if conn.dialect.name == "sqlite":
        return documents.c.id.in_(_matching(terms, name))
    # As the index has it, letter for letter, else PostgreSQL would not use it.
    vector = func.array_to_tsvector(func.string_to_array(documents.c[name], literal_column("' '")))
    wanted = cast(literal(_tsquery(terms)), TSQUERY)
    together = [_stand_together(term, name) for term in terms if len(term.words) > 1]
    return and_(vector.bool_op("@@")(wanted), *together)


def _matching(terms: Sequence[Term], name: str) -> "Select[Any]":
    # Words hold nothing but letters, digits and marks: within quotes nothing of them is FTS5's.
    said = " ".join(f'"{" ".join(term.words)}"{" *" * term.is_beginning}' for term in terms)
    wanted = f"{name} : ({said})"
    return select(_INDEX.c.rowid).where(literal_column("document_words").op("MATCH")(wanted))


def _tsquery(terms: Sequence[Term]) -> str:
    # Cast, not parsed as a text, so that no dictionary of the server's has a say.
    each = (
        (word, term.is_beginning and place == len(term.words) - 1)
        for term in terms
        for place, word in enumerate(term.words)
    )
    return " & ".join(f"'{word}'{':*' * is_beginning}" for word, is_beginning in each)


def _stand_together(term: Term, name: str) -> ColumnElement[bool]:
    said = " ".join(term.words) + ("" if term.is_beginning else " ")
    return func.strpos(literal(" ") + documents.c[name] + literal(" "), f" {said}") > 0


def _hit(row: Row[Any], terms: Sequence[Term]) -> Hit:
    return Hit(
        title=row.title,
        language=row.language,
        kind=row.kind,
        dated_at=moment_of(row.dated_at),
        link=row.link,
        digest=row.digest or "",
        slot=row.slot or "",
        excerpt=excerpt(row.text, terms),
    )
