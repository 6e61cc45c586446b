"""The archive: which editions there are, and each as it was, without any reader's part of it.

What was withdrawn since is not shown, and what was corrected says so beside it; all else is as it
was frozen. Nothing here writes, or looks at a subscriber, a delivery or a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from publisher.digests.archive.items import Present, present_of
from publisher.digests.archive.rule import carried, carried_for_all, public_editions
from publisher.digests.body import blocks_of
from publisher.digests.compose import Block, Notice, Opening, frame, opening
from publisher.digests.edition import Edition, Frozen, edition_of
from publisher.digests.rule import Chosen
from publisher.language import base
from publisher.settings import reshaped
from publisher.store.tables import documents, editions, segments

if TYPE_CHECKING:
    from publisher.settings import Settings


@dataclass(frozen=True, slots=True)
class ArchivedDigest:
    """A digest of which there is something to read."""

    name: str
    editions: int
    latest: datetime  # local, without a zone


@dataclass(frozen=True, slots=True)
class ArchivedEdition:
    """An edition as a list shows it."""

    digest: str
    slot: str  # local: "2026-03-29T07:00"
    at: datetime  # the same as a local time, without a zone
    titles: str  # of its items, on one line; "" until it is indexed


@dataclass(frozen=True, slots=True)
class Shown:
    """One item of an edition's page."""

    block: Block
    is_pinned: bool
    is_translated: bool  # else a line says that it is in another language than the page
    is_withdrawn: bool
    correction: str  # made since; "" where there is none, or the block has it
    event_state: str  # moved or cancelled since, else ""


@dataclass(frozen=True, slots=True)
class EditionPage:
    """A whole edition in one language."""

    edition: Edition
    language: str
    languages: tuple[str, ...]  # in which it had something
    settings: "Settings"  # as it froze them
    frame: Mapping[str, Any]  # what stands around the items: title, slot, colours, links
    word: Opening
    notices: tuple[Notice, ...]
    items: tuple[Shown, ...]


def archived_digests(
    conn: Connection, settings: "Settings", language: str, now: datetime
) -> tuple[ArchivedDigest, ...]:
    """Return the digests with public editions in a language, in the order of the settings."""
    rows = conn.execute(
        select(editions.c.digest, func.count(), func.max(editions.c.slot))
        .where(_is_listed(conn, settings, language, now))
        .group_by(editions.c.digest)
    ).all()
    order = {name: place for place, name in enumerate(settings.digests)}
    found = [
        ArchivedDigest(name, number, datetime.fromisoformat(slot)) for name, number, slot in rows
    ]
    return tuple(sorted(found, key=lambda one: (order.get(one.name, len(order)), one.name)))


def archived_editions(
    conn: Connection,
    settings: "Settings",
    name: str,
    language: str,
    now: datetime,
    *,
    page: int = 1,
    per_page: int = 50,
) -> tuple[tuple[ArchivedEdition, ...], bool]:
    """Return a page of a digest's public editions in a language, newest first, and if there are older.

    page   from 1
    """
    rows = conn.execute(
        select(editions.c.id, editions.c.digest, editions.c.slot)
        .where(editions.c.digest == name, _is_listed(conn, settings, language, now))
        .order_by(editions.c.slot.desc())
        .limit(per_page + 1)
        .offset((page - 1) * per_page)
    ).all()
    titles = _titles(conn, [row.id for row in rows], language)
    found = tuple(
        ArchivedEdition(
            row.digest, row.slot, datetime.fromisoformat(row.slot), titles.get(row.id, "")
        )
        for row in rows[:per_page]
    )
    return found, len(rows) > per_page


def edition_page(
    conn: Connection, settings: "Settings", name: str, slot: str, language: str, now: datetime
) -> EditionPage | None:
    """Return a public edition in a language; None when there is none, or not in this language.

    Besides those of the site there is a page in each language that some reader's mail was written
    in, because that mail leads there.
    """
    row = conn.execute(
        select(editions).where(
            editions.c.digest == name,
            editions.c.slot == slot,
            public_editions(conn, settings.root, now),
        )
    ).one_or_none()
    if row is None:
        return None
    edition, frozen = edition_of(row), Frozen.from_json(row.frozen)
    shape = reshaped(frozen.settings, settings.root)
    known = (*settings.site.languages, *shape.site.languages)
    if language not in known and not _was_written(conn, edition.id, language):
        return None
    around = frame(shape, name, edition.local_slot, language, edition.id, False)
    page = EditionPage(
        edition,
        language,
        tuple(tag for tag in shape.site.languages if carried(frozen, tag)),
        shape,
        around,
        opening(frozen.words.get(language), language, around["light"].accent),
        _notices(conn, frozen, language),
        _items(conn, edition.id, frozen, language),
    )
    return page if page.items or page.notices else None


def _is_listed(
    conn: Connection, settings: "Settings", language: str, now: datetime
) -> ColumnElement[bool]:
    """Return the condition that an edition is public, and not known to lack anything to list."""
    empty = select(documents.c.edition_id).where(
        documents.c.edition_id > 0, documents.c.language == language, documents.c.title == ""
    )
    return and_(public_editions(conn, settings.root, now), editions.c.id.not_in(empty))


def _titles(conn: Connection, numbers: list[int], language: str) -> dict[int, str]:
    rows = conn.execute(
        select(documents.c.edition_id, documents.c.language, documents.c.text)
        .where(documents.c.edition_id.in_(numbers))
        .order_by(documents.c.id)
    )
    found: dict[int, str] = {}
    for number, tag, text in rows:
        line = text.partition("\n")[0]
        if tag == language:
            found[number] = line
        else:
            found.setdefault(number, line)
    return found


def _was_written(conn: Connection, number: int, language: str) -> bool:
    mine = segments.c.edition_id == number, segments.c.language == language
    return conn.scalar(select(segments.c.body_id).where(*mine).limit(1)) is not None


def _items(conn: Connection, number: int, frozen: Frozen, language: str) -> tuple[Shown, ...]:
    chosen = carried(frozen, language) or carried_for_all(frozen, language)
    places = [(one.key, one.version.language) for one in chosen]
    blocks, became = blocks_of(conn, number, places), present_of(conn, places)
    return tuple(
        _shown(one, blocks[place], became.get(place), language)
        for one, place in zip(chosen, places, strict=True)
        if place in blocks
    )


def _shown(chosen: Chosen, block: Block, became: Present | None, language: str) -> Shown:
    is_changed = became is not None and became.notice != block.facts.get("notice", "")
    return Shown(
        block,
        chosen.version.is_pinned,
        base(block.language) == base(language),
        became is not None and became.is_withdrawn,
        became.correction if became and is_changed else "",
        became.event_state if became and is_changed else "",
    )


def _notices(conn: Connection, frozen: Frozen, language: str) -> tuple[Notice, ...]:
    """Return what the edition told of earlier ones, each change once, best in this language."""
    site = tuple(frozen.settings["site"]["languages"])
    order = {tag: place for place, tag in enumerate(dict.fromkeys((language, *site)))}
    best: dict[str, Notice] = {}
    for notice in sorted(frozen.notices, key=lambda one: order.get(one.language, len(order))):
        best.setdefault(notice.key, notice)
    became = present_of(conn, {(one.key, one.language) for one in best.values()})
    gone = {place for place, one in became.items() if one.is_withdrawn}
    return tuple(one for one in best.values() if (one.key, one.language) not in gone)
