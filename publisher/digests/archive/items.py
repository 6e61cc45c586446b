"""What the archive knows of each item: its words while it is published, and what became of it.

A withdrawn item keeps a row without a word of it, so that editions can say it is gone. One whose
file was only renamed leaves a row that names its new key: what is withdrawn or corrected later is
so in editions that know it by the old.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, select, tuple_

from publisher.content.item import EventState, Item
from publisher.digests.compose import clean, notice_id
from publisher.digests.queue import read_seen, take_turns
from publisher.digests.stories import unix
from publisher.errors import ContentError
from publisher.findable import FORM, words
from publisher.store import insert_into, read, write
from publisher.store.tables import documents

if TYPE_CHECKING:
    from publisher.content import Library

LONGEST_TEXT = 60_000  # characters; PostgreSQL takes 1 MB of words, and few articles are longer
AT_ONCE = 100  # rows of one transaction: letters wait for it
_MOST_RENAMED = 20  # times that a file was
Place = tuple[str, str]  # key, language
DocumentRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Present:
    """What became of an item that an edition carried."""

    is_withdrawn: bool
    correction: str
    event_state: str  # moved or cancelled, else ""
    notice: str  # names what changed; "" when nothing did


@dataclass(frozen=True, slots=True)
class _Known:
    """What the table says of an item."""

    mark: str
    content_hash: str
    is_withdrawn: bool
    renamed_to: str

    @property
    def is_published(self) -> bool:
        return not self.is_withdrawn and not self.renamed_to


def index_items(engine: Engine, library: "Library", now: datetime) -> set[Place]:
    """Renew the rows of items; return the places of those that were withdrawn or came back."""
    with read(engine) as conn:
        known = _known(conn)
        was = {place: one.content_hash for place, one in known.items() if one.is_published}
        if not known:  # what was withdrawn before there was this table is withdrawn now
            was = {place: sight.content_hash for place, sight in read_seen(conn).items()}
    items = {(item.key, item.language): item for item in library.published(now)}
    marks = {place: _mark(item) for place, item in items.items()}
    fresh = [place for place, mark in marks.items() if not _is_current(known.get(place), mark)]
    keys = {(item.language, item.content_hash): item.key for item in items.values()}
    gone = sorted(place for place in was if place not in items)
    renamed = {place: keys.get((place[1], was[place]), "") for place in gone}
    _write(engine, filter(None, (_row(items[place], library, marks[place]) for place in fresh)))
    _write(engine, (_gone(place, renamed[place], now) for place in gone))
    back = {place for place in fresh if place in known and known[place].is_withdrawn}
    moved = back | {place for place in gone if not renamed[place]}
    return moved | {place for place in known if _followed(place, known) in moved}


def present_of(conn: Connection, places: Collection[Place]) -> Mapping[Place, Present]:
    """Return what became of items; one that is missing was never indexed, so nobody knows."""
    left, ways = set(places), {place: place for place in places}
    found: dict[Place, Any] = {}
    for _ in range(_MOST_RENAMED):
        rows = {(row.item_key, row.language): row for row in _rows_of(conn, left)}
        found |= {place: row for place, row in rows.items() if not row.renamed_to}
        onward = {
            place: (row.renamed_to, place[1]) for place, row in rows.items() if row.renamed_to
        }
        if not onward:
            break
        ways = {place: onward.get(at, at) for place, at in ways.items()}
        left = set(onward.values())
    return {
        place: Present(
            found[at].withdrawn_at is not None,
            found[at].correction,
            found[at].event_state,
            found[at].notice,
        )
        for place, at in ways.items()
        if at in found
    }


def upsert(conn: Connection, rows: list[DocumentRow]) -> None:
    """Write rows of documents, in place of those that are there."""
    place = ("edition_id", "item_key", "language")
    row = insert_into(conn, documents)
    renewed = {name: row.excluded[name] for name in rows[0] if name not in place}
    conn.execute(row.on_conflict_do_update(index_elements=place, set_=renewed), rows)


def document(
    edition_id: int, item_key: str, language: str, title: str = "", text: str = "", **more: Any
) -> DocumentRow:
    """Return a row of documents with the words of its title and text."""
    title, text = clean(title), clean(text)[:LONGEST_TEXT]
    title_words = " ".join(words(title))
    return {
        "edition_id": edition_id,
        "item_key": item_key,
        "language": language,
        "mark": f"{FORM}:",
        "content_hash": "",
        "title": title,
        "text": text,
        "link": "",
        "kind": "",
        "dated_at": 0,
        "correction": "",
        "event_state": "",
        "notice": "",
        "withdrawn_at": None,
        "renamed_to": "",
        "title_words": title_words,
        "words": " ".join(filter(None, (title_words, *words(text)))),
        **more,
    }


def _known(conn: Connection) -> dict[Place, _Known]:
    c = documents.c
    rows = conn.execute(
        select(c.item_key, c.language, c.mark, c.content_hash, c.withdrawn_at, c.renamed_to).where(
            c.edition_id == 0
        )
    )
    return {(r[0], r[1]): _Known(r[2], r[3], r[4] is not None, r[5]) for r in rows}


def _rows_of(conn: Connection, places: Iterable[Place]) -> Iterator[Any]:
    left = iter(sorted(places))
    while page := list(islice(left, AT_ONCE)):
        place = tuple_(documents.c.item_key, documents.c.language)
        yield from conn.execute(
            select(documents).where(documents.c.edition_id == 0, place.in_(page))
        )


def _followed(place: Place, known: Mapping[Place, _Known]) -> Place:
    """Return where a renamed item is now."""
    for _ in range(_MOST_RENAMED):
        one = known.get(place)
        if one is None or not one.renamed_to:
            break
        place = (one.renamed_to, place[1])
    return place


def _is_current(known: _Known | None, mark: str) -> bool:
    return known is not None and known.is_published and known.mark == mark


def _mark(item: Item) -> str:
    """Return what changes when a row would: also by the settings, or another file's facts."""
    shown = (item.content_hash, item.title, item.summary, item.link, item.kind, item.correction)
    told = (*shown, item.date.isoformat(), notice_id(item))
    return f"{FORM}:{sha256(json.dumps(told).encode()).hexdigest()[:32]}"


def _row(item: Item, library: "Library", mark: str) -> DocumentRow | None:
    """Return the row of an item; None when its file is another than was read: next time."""
    try:
        body = library.body(item)
    except ContentError:
        return None
    names = " · ".join(author.name for author in item.authors)
    event = item.event
    is_changed = event is not None and event.state is not EventState.PLANNED
    return document(
        0,
        item.key,
        item.language,
        item.title,
        "\n\n".join(filter(None, (item.summary, body.text, names))),
        mark=mark,
        content_hash=item.content_hash,
        link=item.link,
        kind=item.kind.value,
        dated_at=unix(item.date),
        correction=clean(item.correction),
        event_state=event.state.value if event and is_changed else "",
        notice=notice_id(item),
    )


def _gone(place: Place, renamed_to: str, now: datetime) -> DocumentRow:
    key, language = place
    withdrawn_at = None if renamed_to else unix(now)
    return document(0, key, language, withdrawn_at=withdrawn_at, renamed_to=renamed_to)


def _write(engine: Engine, rows: Iterable[DocumentRow]) -> None:
    left = iter(rows)
    while page := list(islice(left, AT_ONCE)):
        with write(engine) as conn:
            take_turns(conn)
            upsert(conn, page)
