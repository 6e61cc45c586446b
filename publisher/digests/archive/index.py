"""Fill what the archive finds: a row for each published item, one for each edition and language.

Whoever records what is new calls this as well. It compares and writes only what differs, so an
empty table, after an upgrade or because somebody emptied it, is full again after the next run.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, delete, select, tuple_

from publisher.digests.archive.items import (
    AT_ONCE,
    DocumentRow,
    Place,
    document,
    index_items,
    present_of,
    upsert,
)
from publisher.digests.archive.rule import carried, public_editions
from publisher.digests.compose import frame
from publisher.digests.edition import Edition, Frozen, edition_of
from publisher.digests.queue import take_turns
from publisher.digests.stories import unix
from publisher.findable import FORM
from publisher.render import isolated
from publisher.settings import reshaped
from publisher.store import read, write
from publisher.store.tables import documents, edition_items, editions

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Settings


def index_archive(engine: Engine, settings: "Settings", library: "Library", now: datetime) -> None:
    """Bring what the archive finds up to date; repeat-safe, also by two processes at once."""
    changed = index_items(engine, library, now)
    with read(engine) as conn:
        stale = _stale_editions(conn, settings, now, changed)
    for number in stale:
        with write(engine) as conn:
            take_turns(conn)
            _index_edition(conn, settings, number)


def _stale_editions(
    conn: Connection, settings: "Settings", now: datetime, changed: set[Place]
) -> list[int]:
    """Return the editions that have no row yet, or carried an item that is gone or back."""
    indexed = select(documents.c.edition_id).where(
        documents.c.edition_id > 0, documents.c.mark.startswith(f"{FORM}:")
    )
    is_public = public_editions(conn, settings.root, now)
    number, left = editions.c.id, iter(sorted(changed))
    found = set(conn.scalars(select(number).where(is_public, number.not_in(indexed))))
    while page := list(islice(left, AT_ONCE)):
        place = tuple_(edition_items.c.item_key, edition_items.c.language)
        carriers = select(edition_items.c.edition_id).where(place.in_(page))
        found |= set(conn.scalars(select(number).where(is_public, number.in_(carriers))))
    return sorted(found)


def _index_edition(conn: Connection, settings: "Settings", number: int) -> None:
    kept = conn.execute(select(editions).where(editions.c.id == number)).one()
    edition, frozen = edition_of(kept), Frozen.from_json(kept.frozen)
    shape, facts = reshaped(frozen.settings, settings.root), _facts(conn, number)
    conn.execute(delete(documents).where(documents.c.edition_id == number))
    upsert(conn, [_row(edition, frozen, shape, tag, facts) for tag in shape.site.languages])


def _facts(conn: Connection, number: int) -> Mapping[Place, tuple[str, str]]:
    """Return title and summary of what an edition carried and was not withdrawn since."""
    c = edition_items.c
    rows = conn.execute(select(c.item_key, c.language, c.item).where(c.edition_id == number)).all()
    became = present_of(conn, {(row.item_key, row.language) for row in rows})
    found = {(row.item_key, row.language): json.loads(row.item) for row in rows}
    return {
        place: (item["title"], item["facts"].get("summary", ""))
        for place, item in found.items()
        if place not in became or not became[place].is_withdrawn
    }


def _row(
    edition: Edition,
    frozen: Frozen,
    shape: "Settings",
    language: str,
    facts: Mapping[Place, tuple[str, str]],
) -> DocumentRow:
    """Return an edition's row in a language: what it was called, then titles on one line."""
    places = [(chosen.key, chosen.version.language) for chosen in carried(frozen, language)]
    told = [facts[place] for place in places if place in facts]
    word = frozen.words.get(language)
    titles = " · ".join(isolated(title, language) for title, _ in told)
    text = "\n\n".join((titles, word.text if word else "", *(summary for _, summary in told)))
    shown = frame(shape, edition.digest, edition.local_slot, language, edition.id, False)
    is_empty = not places  # nobody who reads this language looks for it in a list
    return document(
        edition.id,
        "",
        language,
        "" if is_empty else shown["document_title"],
        "" if is_empty else text,
        dated_at=unix(edition.slot.due_at),
    )
