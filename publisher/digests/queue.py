"""The queue's memory: when each item was first seen published, and where each digest starts.

An item's date is what an author wrote; the moment it was first seen is what decides which edition
it waits for. That moment is a number that only grows from one edition's freeze to the next item:
it keeps its order even when a clock is set back, or two things happen in one second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, text, update

from publisher.digests.period import last_slot
from publisher.digests.select import Rule, Window
from publisher.digests.stories import moment_of, rule_of, unix
from publisher.store import insert_into
from publisher.store.tables import editions, seen_items, starts

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Settings

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
    """Where a digest stands: its start, its freezes, the slots it had."""

    started_at: datetime
    first_freeze: int | None
    last_freeze: int | None
    last_due_at: datetime  # of its latest edition, missed ones too; the start before the first

    def window(self, until: int) -> Window:
        """Return the window of an edition that would freeze at this moment."""
        return Window(self.last_freeze, until)


def read_position(conn: Connection, name: str, now: datetime) -> Position:
    """Return where a digest stands; one that has not started is taken to start now."""
    started = conn.scalar(select(starts.c.started_at).where(starts.c.digest == name))
    started_at = now if started is None else moment_of(started)
    first, last, due = conn.execute(
        select(
            func.min(editions.c.frozen_at),
            func.max(editions.c.frozen_at),
            func.max(editions.c.due_at),
        ).where(editions.c.digest == name)
    ).one()
    last_due_at = started_at if due is None else max(started_at, moment_of(due))
    return Position(started_at, first, last, last_due_at)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known when one digest's next edition is asked for."""

    seen: Mapping[tuple[str, str], int]  # (key, language) -> when
    position: Position
    at: int  # what is seen or frozen now gets this moment


def recall(conn: Connection, name: str, now: datetime) -> Memory:
    """Return what the database remembers for a digest."""
    seen = {place: sight.first_seen_at for place, sight in read_seen(conn).items()}
    return Memory(seen, read_position(conn, name, now), present(conn, now))


def blank(now: datetime) -> Memory:
    """Return the memory of a site without a database: its digests would start now."""
    return Memory({}, Position(now, None, None, now), unix(now))


def rule_for(settings: "Settings", name: str, position: Position) -> Rule:
    """Return a digest's rule with its start: one period before the first slot after it.

    A digest of single items has no period; its past ends where it starts.
    """
    digest = settings.digests[name]
    before = last_slot(digest, settings.site.zone, position.started_at)
    floor = before.due_at if before else position.started_at
    return rule_of(settings, digest, floor=floor, first_freeze=position.first_freeze)


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
