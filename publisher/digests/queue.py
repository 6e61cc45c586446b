"""The queue's memory: when each item was first seen published, and where each digest starts.

An item's date is what an author wrote; the moment it was first seen is what decides which edition
it waits for. That moment is a number that only grows from one edition's freeze to the next item:
it keeps its order even when a clock is set back, or two things happen in one second.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    bindparam,
    case,
    delete,
    func,
    select,
    text,
    update,
)

from publisher.digests.period import Slot, Zones, last_hour, last_slot, next_slot
from publisher.digests.rule import Earlier, Rule, Window
from publisher.digests.stories import moment_of, rule_of, unix
from publisher.digests.zones import READERS, zones_of
from publisher.store import insert_into, read
from publisher.store.tables import edition_items, editions, seen_items, starts, subscriptions

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Digest, Settings

_REMEMBERED = 8  # changes of a digest's settings
_QUEUE = 7_085_362  # any number of our own: on PostgreSQL, seeing and freezing take turns


@dataclass(frozen=True, slots=True)
class Sight:
    """What is remembered of one (key, language)."""

    first_seen_at: int
    content_hash: str


def start(conn: Connection, settings: "Settings", now: datetime) -> None:
    """Start each digest that has not started; editions exist only for slots after its start."""
    rows = [{"digest": name, "started_at": unix(now)} for name in settings.digests]
    if rows:
        conn.execute(insert_into(conn, starts).on_conflict_do_nothing(), rows)


def record_seen(conn: Connection, library: "Library", now: datetime) -> None:
    """Remember which published items are here for the first time; twice changes nothing.

    A file that only got another key keeps its moment. One that was withdrawn before any edition
    could have carried it is forgotten, so that it is new when it comes back.
    """
    take_turns(conn)
    at, known = present(conn, now), read_seen(conn)
    found = {(item.key, item.language): item.content_hash for item in library.published(now)}
    gone = {place: sight for place, sight in known.items() if place not in found}
    moved = {(place[1], sight.content_hash): sight for place, sight in gone.items()}
    new, changed = [], []
    for (key, language), content_hash in found.items():
        sight = known.get((key, language))
        if sight is None:
            before = moved.get((language, content_hash))
            row = {"item_key": key, "language": language, "content_hash": content_hash}
            new.append({**row, "first_seen_at": before.first_seen_at if before else at})
        elif sight.content_hash != content_hash:
            place = {"at_key": key, "at_language": language}
            changed.append({**place, "new_hash": content_hash})
    _write(conn, new, changed)
    _forget(conn, gone)


def read_seen(conn: Connection) -> dict[tuple[str, str], Sight]:
    """Return all that was seen, by key and language."""
    rows = conn.execute(select(seen_items))
    return {(r.item_key, r.language): Sight(r.first_seen_at, r.content_hash) for r in rows}


def present(conn: Connection, now: datetime) -> int:
    """Return the moment that something seen or frozen now gets: after the last freeze, always."""
    last = conn.scalar(select(func.max(editions.c.frozen_at)))
    return unix(now) if last is None else max(unix(now), last + 1)


def take_turns(conn: Connection) -> None:
    """Let no other transaction see or freeze before this one ends; SQLite's writers are alone."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _QUEUE})


@dataclass(frozen=True, slots=True)
class Position:
    """Where a digest stands: its start, its freezes, the slots it had; extra editions are apart."""

    started_at: datetime
    first_freeze: int | None
    last_freeze: int | None
    last_slot: str  # local; of its latest edition, missed and cancelled ones too; "" before any
    gaps: tuple[tuple[int | None, int], ...] = ()  # what cancelled editions before it left to do

    def is_new(self, slot: Slot, zones: Zones) -> bool:
        """Return whether a slot comes after the start, for any reader, and after all there were."""
        return last_hour(slot, zones) > self.started_at and slot.local > self.last_slot


def read_position(conn: Connection, name: str, now: datetime) -> Position:
    """Return where a digest stands; one that has not started is taken to start now."""
    started = conn.scalar(select(starts.c.started_at).where(starts.c.digest == name))
    started_at = now if started is None else moment_of(started)
    first, last, slot = conn.execute(
        select(
            func.min(editions.c.frozen_at),
            func.max(editions.c.frozen_at),
            # A slot that is still to come was opened by a clock that ran ahead: it silences nobody.
            func.max(case((editions.c.due_at <= unix(now), editions.c.slot))),
        ).where(editions.c.digest == name, editions.c.is_extra == 0)
    ).one()
    return Position(started_at, first, last, slot or "", _gaps(conn, name, last))


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known when one digest's next edition is asked for."""

    seen: Mapping[tuple[str, str], int]  # (key, language) -> when
    position: Position
    at: int  # what is seen or frozen now gets this moment
    zones: tuple[ZoneInfo, ...]  # in which its slots begin
    extras: Mapping[str, int] = field(default_factory=dict)  # key -> when an extra carried it
    called_off: Mapping[str, tuple[int | None, int]] = field(default_factory=dict)  # key -> window
    earlier: tuple[Earlier, ...] = ()  # what the settings said before
    has_movers: bool = False  # somebody chose otherwise not long ago

    def window(self, slot: Slot | None, digest: "Digest") -> Window:
        """Return the window of an edition that would freeze now.

        slot   None: its time is not known yet
        """
        after, gaps = self.position.last_freeze, self.position.gaps
        following = next_slot(digest, self.zones, slot.due_at) if slot else None
        if slot is None or following is None:
            return Window(after, self.at, gaps=gaps)
        next_at, last_at = (unix(last_hour(one, self.zones)) for one in (following, slot))
        return Window(after, self.at, next_at, gaps, last_at)


def recall(conn: Connection, settings: "Settings", name: str, now: datetime) -> Memory:
    """Return what the database remembers for a digest."""
    position = read_position(conn, name, now)
    return Memory(
        seen={place: sight.first_seen_at for place, sight in read_seen(conn).items()},
        position=position,
        at=present(conn, now),
        zones=zones_of(conn, settings, name),
        extras=_extras(conn, name),
        called_off=_called_off(conn, name),
        earlier=_earlier(conn, settings, name, position.last_freeze),
        has_movers=_has_movers(conn, name, moved_since(settings, name, now)),
    )


def next_due(engine: Engine | None, settings: "Settings", now: datetime) -> dict[str, Slot]:
    """Return the next slot of each digest that has one by the calendar, soonest first."""
    found = {}
    for name, digest in settings.digests.items():
        zones: tuple[ZoneInfo, ...] = (settings.site.zone,)
        if engine is not None and digest.zone == READERS:
            with read(engine) as conn:
                zones = zones_of(conn, settings, name)
        slot = next_slot(digest, zones, now)
        if slot:
            found[name] = slot
    return dict(sorted(found.items(), key=lambda pair: pair[1].due_at))


def blank(settings: "Settings", now: datetime) -> Memory:
    """Return the memory of a site without a database: its digests would start now."""
    return Memory({}, Position(now, None, None, ""), unix(now), (settings.site.zone,))


def moved_since(settings: "Settings", name: str, now: datetime) -> int:
    """Return from when on a reader's change of mind still matters to the next edition.

    What a reader had before can come again in other languages only while it is new enough, and
    waits for no translation longer than it may.
    """
    return unix(now - settings.digests[name].longest_memory)


def rule_for(settings: "Settings", name: str, memory: Memory) -> Rule:
    """Return a digest's rule with its start: one period before the first slot after it.

    A digest of single items has no period; its past ends where it starts.
    """
    digest, position = settings.digests[name], memory.position
    before = last_slot(digest, settings.site.zone, position.started_at)
    floor = before.due_at if before else position.started_at
    first, earlier = position.first_freeze, memory.earlier
    return rule_of(settings, digest, floor=floor, first_freeze=first, earlier=earlier)


def _earlier(
    conn: Connection, settings: "Settings", name: str, last_freeze: int | None
) -> tuple[Earlier, ...]:
    """Return by what settings a digest's editions froze before, as far as they were others."""
    if last_freeze is None:  # what was only missed or cancelled froze by none
        return ()
    kept = conn.scalar(
        select(editions.c.frozen).where(
            editions.c.digest == name, editions.c.is_extra == 0, editions.c.frozen_at == last_freeze
        )
    )
    then = json.loads(kept or "{}")["rule"]
    rule = rule_of(settings, settings.digests[name], floor=None, first_freeze=None)
    before = tuple(Earlier(**one) for one in then.get("earlier", ()))
    if (then["wait"], then["fallback"]) == (rule.wait, rule.fallback):
        return before
    return (*before, Earlier(then["wait"], then["fallback"], last_freeze))[-_REMEMBERED:]


def _gaps(conn: Connection, name: str, last: int | None) -> tuple[tuple[int | None, int], ...]:
    """Return what was covered by editions that were cancelled after a later one had frozen.

    Nobody got those items, and the later edition began where they ended: the first edition that
    freezes after the cancelling takes them up.
    """
    if last is None:
        return ()
    rows = conn.scalars(
        select(editions.c.frozen).where(
            editions.c.digest == name,
            editions.c.is_extra == 0,
            editions.c.state == "cancelled",
            editions.c.frozen_at.is_(None),
            editions.c.frozen != "{}",
            editions.c.closed_at > last,
        )
    )
    windows = [json.loads(kept)["window"] for kept in rows]
    spans = [(one["after"], one["until"]) for one in windows if one["until"] <= last]
    older = [tuple(gap) for one in windows for gap in one.get("gaps", ())]
    return tuple(sorted({*spans, *older}, key=lambda span: span[1]))


def _extras(conn: Connection, name: str) -> dict[str, int]:
    """Return when an extra edition of a digest last carried each key that one did."""
    rows = conn.execute(
        select(edition_items.c.item_key, func.max(editions.c.frozen_at))
        .join(editions, editions.c.id == edition_items.c.edition_id)
        .where(
            editions.c.digest == name, editions.c.is_extra == 1, editions.c.frozen_at.is_not(None)
        )
        .group_by(edition_items.c.item_key)
    )
    return {key: int(frozen_at) for key, frozen_at in rows}


def _called_off(conn: Connection, name: str) -> dict[str, tuple[int | None, int]]:
    """Return what extra editions were to carry that were cancelled before anything left.

    By the window of each; until the first freeze after the cancelling, which takes it up.
    """
    last = select(func.coalesce(func.max(editions.c.frozen_at), 0)).where(
        editions.c.digest == name, editions.c.is_extra == 0
    )
    rows = conn.execute(
        select(editions.c.id, editions.c.frozen).where(
            editions.c.digest == name,
            editions.c.is_extra == 1,
            editions.c.state == "cancelled",
            editions.c.frozen_at.is_(None),
            editions.c.closed_at > last.scalar_subquery(),
        )
    )
    found: dict[str, tuple[int | None, int]] = {}
    for number, kept in rows:
        window = json.loads(kept)["window"]
        keys = select(edition_items.c.item_key).where(edition_items.c.edition_id == number)
        for key in conn.scalars(keys):
            found.setdefault(key, (window["after"], window["until"]))
    return found


def _has_movers(conn: Connection, name: str, since: int) -> bool:
    moved = select(1).where(subscriptions.c.digest == name, subscriptions.c.moved_at > since)
    return conn.scalar(moved.limit(1)) is not None


def _write(conn: Connection, new: list[dict[str, Any]], changed: list[dict[str, Any]]) -> None:
    if new:
        conn.execute(insert_into(conn, seen_items).on_conflict_do_nothing(), new)
    if changed:
        conn.execute(
            update(seen_items).where(*_place()).values(content_hash=bindparam("new_hash")), changed
        )


def _forget(conn: Connection, gone: Mapping[tuple[str, str], Sight]) -> None:
    last = conn.scalar(select(func.max(editions.c.frozen_at)))
    rows = [
        {"at_key": key, "at_language": language}
        for (key, language), sight in gone.items()
        if last is None or sight.first_seen_at > last
    ]
    if rows:
        conn.execute(delete(seen_items).where(*_place()), rows)


def _place() -> tuple[ColumnElement[bool], ...]:
    return (
        seen_items.c.item_key == bindparam("at_key"),
        seen_items.c.language == bindparam("at_language"),
    )
