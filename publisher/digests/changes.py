"""What changed about items after they went out, and which readers were offered them before.

A reader is told a change once: whoever got the item as it was before, and was not told since. The
ledger knows: bodies belong to segments, and segments say what stood in them.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, or_, select

from publisher.content.item import Item
from publisher.digests.compose import notice_id
from publisher.digests.segment import Segment, Told
from publisher.digests.stories import unix
from publisher.store.tables import edition_items, editions, segments

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Settings

_STREAM = {"yield_per": 1_000}  # an edition of a large site has thousands of segments


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to be told one change: readers of these bodies and of none of those."""

    told: Told
    offered: frozenset[int]  # bodies with the item as it was before
    knowing: frozenset[int]  # bodies that say what changed
    editions: frozenset[int]  # of all these bodies


def changed_items(
    conn: Connection,
    settings: "Settings",
    library: "Library",
    name: str,
    now: datetime,
    keys: Collection[str] | None = None,
) -> tuple[Item, ...]:
    """Return the published items whose change some reader of a digest may not know of.

    A change is told for as long as an item counts as new, from the first edition that tells it.

    keys  of these items only
    """
    suspects = {
        (item.key, item.language): item
        for item in library.published(now)
        if notice_id(item) and not _is_over(item, now) and (keys is None or item.key in keys)
    }
    if not suspects:
        return ()
    horizon = unix(now - settings.digests[name].max_age)
    first = _first_told(conn, name)
    return tuple(
        item
        for (key, language), item in suspects.items()
        if first.get((key, language, notice_id(item)), horizon) >= horizon
        and _before(_frozen_items(conn, name, key, language), notice_id(item))
    )


def audiences(conn: Connection, name: str, told: Collection[Told]) -> tuple[Audience, ...]:
    """Return who is to be told each of these changes, by the bodies they were sent."""
    if not told:
        return ()
    froze = {each: _frozen_items(conn, name, each[0], each[1]) for each in told}
    before = {each: _before(froze[each], each[2]) for each in told}
    offered: dict[Told, set[int]] = {each: set() for each in told}
    knowing: dict[Told, set[int]] = {each: set() for each in told}
    concerned: dict[Told, set[int]] = {each: set() for each in told}
    # Of the segments of years, those of editions that had one of the items or told of something.
    had = {edition for rows in froze.values() for edition, _ in rows}
    is_of_these = or_(segments.c.edition_id.in_(had), segments.c.notices != "[]")
    for row in conn.execute(_segments_of(name).where(is_of_these), execution_options=_STREAM):
        kept = _segment(row)
        places = {(part.key, part.language) for part in kept.parts}
        for each in told:
            if each in kept.notices:
                bodies = knowing[each]
            elif each[:2] in places:
                bodies = (offered if row.edition_id in before[each] else knowing)[each]
            else:
                continue
            bodies.add(row.body_id)
            concerned[each].add(row.edition_id)
    return tuple(
        Audience(
            each, frozenset(offered[each]), frozenset(knowing[each]), frozenset(concerned[each])
        )
        for each in told
    )


def _frozen_items(
    conn: Connection, name: str, key: str, language: str
) -> tuple[tuple[int, str], ...]:
    """Return the editions that froze an item, each with the change it knew of."""
    rows = conn.execute(
        select(edition_items.c.edition_id, edition_items.c.item)
        .join(editions, editions.c.id == edition_items.c.edition_id)
        .where(
            editions.c.digest == name,
            editions.c.frozen_at.is_not(None),
            edition_items.c.item_key == key,
            edition_items.c.language == language,
        )
    )
    return tuple((number, _notice(kept)) for number, kept in rows)


def _before(froze: Collection[tuple[int, str]], change: str) -> frozenset[int]:
    """Return the editions that froze an item as it was before a change."""
    return frozenset(number for number, knew in froze if knew != change)


def _first_told(conn: Connection, name: str) -> Mapping[Told, int]:
    """Return when each change was first told."""
    found: dict[Told, int] = {}
    rows = conn.execute(_segments_of(name).where(segments.c.notices != "[]"))
    for row in rows:
        for told in _segment(row).notices:
            found[told] = min(row.frozen_at, found.get(told, row.frozen_at))
    return found


def _segments_of(name: str) -> Any:
    return (
        select(segments, editions.c.frozen_at)
        .join(editions, editions.c.id == segments.c.edition_id)
        .where(editions.c.digest == name, editions.c.frozen_at.is_not(None))
    )


def _segment(row: Row[Any]) -> Segment:
    return Segment.from_json(row.language, json.loads(row.items), json.loads(row.notices))


def _notice(kept: str) -> str:
    return str(json.loads(kept).get("facts", {}).get("notice", ""))


def _is_over(item: Item, now: datetime) -> bool:
    """Return whether a change of an event is of no use any more."""
    event = item.event
    return not item.correction and event is not None and event.last_moment <= now
