"""Freeze an edition: its row, the stories its readers can get, and a rendered block of each.

Everything of it is one transaction. Rendering and looking at links are done before, so that
nobody waits for the database meanwhile; only what appeared in between is rendered inside.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from publisher.content.item import Item, Word
from publisher.digests.changes import changed_items
from publisher.digests.compose import Block, Notice, render_block, render_notice
from publisher.digests.decisions import (
    CANCELLED_NOTE,
    HELD_NOTE,
    Decision,
    decision_on,
    take_decision,
)
from publisher.digests.edition import BY_EDITOR, Frozen, State
from publisher.digests.period import MINUTE, Slot, is_too_late, last_slot, settled_slot
from publisher.digests.queue import Memory, read_position, recall, rule_for, take_turns
from publisher.digests.rule import Story
from publisher.digests.select import offers
from publisher.digests.stories import candidates, moment_of, stories_of, unix
from publisher.digests.zones import zones_of
from publisher.errors import Problem
from publisher.settings import shaping
from publisher.store import insert_into, read, write
from publisher.store.tables import edition_items, editions, floors

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.render import Templates
    from publisher.settings import Settings

Look = Callable[[Sequence[Story]], tuple[Problem, ...]]
"""Returns what an editor should look at in the stories of an edition."""


class Blocks:
    """The rendered blocks of a library's items, each made once."""

    def __init__(
        self, settings: "Settings", library: "Library", templates: "Templates", now: datetime
    ) -> None:
        self._settings, self._library, self._templates = settings, library, templates
        self._now = now
        self._made: dict[tuple[str, str], Block] = {}
        self._told: dict[tuple[str, str], Notice] = {}

    def block(self, key: str, language: str) -> Block:
        """Return an item's block; raises RenderError when a template fails."""
        if (key, language) not in self._made:
            item = self._library.find(key, language)
            if item is None:
                raise KeyError((key, language))
            self._made[key, language] = render_block(
                self._templates,
                self._settings,
                item,
                self._library.body(item),
                self._library.translations(item, self._now),
                self._library.related(item, self._now),
            )
        return self._made[key, language]

    def of(self, stories: Iterable[Story]) -> Iterator[Block]:
        """Yield the block of every version of these stories."""
        for story in stories:
            for language in story.versions:
                yield self.block(story.key, language)

    def notices(self, items: Sequence[Item]) -> tuple[Notice, ...]:
        """Return what each of these items tells of, in their order."""
        for item in items:
            if (item.key, item.language) not in self._told:
                notice = render_notice(self._templates, self._settings, item)
                if notice:
                    self._told[item.key, item.language] = notice
        places = ((item.key, item.language) for item in items)
        return tuple(self._told[place] for place in places if place in self._told)


def due_slot(
    conn: Connection, settings: "Settings", library: "Library", name: str, now: datetime
) -> tuple[Slot, bool] | None:
    """Return the slot a digest should open now and whether it is too late for that, or None."""
    digest = settings.digests[name]
    if digest.every == "item":
        return _settled(conn, settings, library, name, now)
    zones = zones_of(conn, settings, name)
    slot = last_slot(digest, zones, now)
    if slot is None or not read_position(conn, name, now).is_new(slot, zones):
        return None
    return slot, is_too_late(digest, slot, zones, now)


def pass_by(
    engine: Engine, name: str, slot: Slot, state: State, now: datetime, note: str = ""
) -> int | None:
    """Record a slot for which nothing freezes; its items wait for the next one.

    None when another process has, or an editor took back meanwhile what was cancelled.

    state   missed, or cancelled
    """
    with write(engine) as conn:
        take_turns(conn)
        is_cancelled = decision_on(conn, name, slot.local) is Decision.CANCELLED
        if state is State.CANCELLED and not is_cancelled:
            return None
        take_decision(conn, name, slot.local)
        row = NewEdition(name, slot, state, now, note=note)
        return insert_edition(conn, row)


def freeze(
    engine: Engine,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    slot: Slot,
    now: datetime,
    *,
    missed: int | None = None,
    look: Look | None = None,
) -> int | None:
    """Freeze the edition of a slot and return its number, None when another process has.

    What an editor decided before the slot says in which state it begins.

    missed  the edition that was recorded as missed for this slot: it freezes now after all
    look    finds what an editor should look at; called before anything is written

    Raises RenderError; nothing is frozen then, and the next try is a new one.
    """
    blocks = Blocks(settings, library, templates, now)
    with read(engine) as conn:
        memory = recall(conn, settings, name, now)
        expected = waiting(memory, settings, library, name, slot, now)
        changed = changed_items(conn, settings, library, name, now)
    for _ in blocks.of(expected.stories):
        pass
    notices = blocks.notices(changed)
    findings = look(expected.stories) if look else ()
    with write(engine) as conn:
        take_turns(conn)
        memory = recall(conn, settings, name, now)
        frozen = replace(
            waiting(memory, settings, library, name, slot, now),
            notices=notices,
            words=words_for(settings, library, name, slot),
            findings=findings,
        )
        begun = _beginning(conn, settings, name, slot, now, missed)
        if begun.state is State.CANCELLED:
            return insert_edition(conn, begun)
        row = replace(begun, frozen=frozen.to_json(), frozen_at=frozen.window.until)
        edition_id = insert_edition(conn, row) if missed is None else _thaw(conn, missed, row)
        insert_items(conn, edition_id, blocks.of(frozen.stories))
    return edition_id


def waiting(
    memory: Memory,
    settings: "Settings",
    library: "Library",
    name: str,
    slot: Slot | None,
    now: datetime,
    *,
    is_recorded: bool = True,
) -> Frozen:
    """Return what an edition of a digest would freeze now.

    slot         None: that of an edition whose time is not known yet
    is_recorded  leave out what was never recorded as seen: it is the next edition's; else it
                 counts as seen now
    """
    rule = rule_for(settings, name, memory)
    window = memory.window(slot, settings.digests[name])
    unseen_at = memory.at + 1 if is_recorded else memory.at
    items, zone = library.published(now), settings.site.zone
    stories = stories_of(items, memory.seen, unseen_at, zone, memory.extras, memory.called_off)
    chosen = candidates(stories, rule, window, for_movers=memory.has_movers)
    return Frozen(shaping(settings, [name]), chosen, rule, window)


def words_for(settings: "Settings", library: "Library", name: str, slot: Slot) -> dict[str, Word]:
    """Return the editor's word for an edition, by language."""
    found = {tag: library.word(name, slot.local, tag) for tag in settings.site.languages}
    return {tag: word for tag, word in found.items() if word}


@dataclass(frozen=True, slots=True)
class NewEdition:
    """A row of the editions table to be."""

    name: str
    slot: Slot
    state: State
    now: datetime
    frozen: str = "{}"
    frozen_at: int | None = None
    note: str = ""
    held_by: str = ""
    is_extra: bool = False
    released_at: int | None = None


def insert_edition(conn: Connection, row: NewEdition) -> int | None:
    """Write an edition's row and return its number, None when its slot has one already."""
    is_over = row.state in (State.MISSED, State.CANCELLED)
    made: int | None = conn.execute(
        insert_into(conn, editions)
        .values(
            digest=row.name,
            slot=row.slot.local,
            due_at=unix(row.slot.due_at),
            is_extra=int(row.is_extra),
            closed_at=unix(row.now) if is_over else None,
            **_numbered(conn),
            **_begun(row),
        )
        .on_conflict_do_nothing()
        .returning(editions.c.id)
    ).scalar_one_or_none()
    return made


def _numbered(conn: Connection) -> dict[str, int]:
    """Return the number that the first edition after a restore must have, else none."""
    floor = conn.scalar(select(floors.c.number).where(floors.c.name == editions.name))
    if floor is None or (conn.scalar(select(func.max(editions.c.id))) or 0) >= floor:
        return {}
    return {"id": floor}


def insert_items(conn: Connection, edition_id: int | None, blocks: Iterable[Block]) -> None:
    """Write an edition's frozen blocks; nothing when it has no number."""
    rows = [_row(edition_id, block) for block in blocks]
    if edition_id is not None and rows:
        conn.execute(insert(edition_items), rows)


def _beginning(
    conn: Connection,
    settings: "Settings",
    name: str,
    slot: Slot,
    now: datetime,
    missed: int | None,
) -> NewEdition:
    """Return the state in which an edition begins: by the digest's rule and an editor's word."""
    decision = take_decision(conn, name, slot.local)
    row = NewEdition(name, slot, State.OPENING, now)
    if missed is not None:
        return replace(row, released_at=unix(now))
    if decision is Decision.CANCELLED:  # while its blocks were made
        return replace(row, state=State.CANCELLED, note=CANCELLED_NOTE)
    if decision is Decision.APPROVED:
        return row  # said before anybody could see it: one that is too large is held all the same
    if decision is Decision.HELD:
        return replace(row, state=State.HELD, held_by=BY_EDITOR, note=HELD_NOTE)
    if settings.digests[name].approve == "editor":
        return replace(row, state=State.DRAFT)
    return row


def _thaw(conn: Connection, number: int, row: NewEdition) -> int | None:
    """Let a missed edition freeze after all; None when another process was first."""
    changed = conn.execute(
        update(editions)
        .where(editions.c.id == number, editions.c.state == State.MISSED)
        .values(closed_at=None, **_begun(row))
    ).rowcount
    return number if changed else None


def _begun(row: NewEdition) -> dict[str, Any]:
    return {
        "state": row.state,
        "frozen": row.frozen,
        "frozen_at": row.frozen_at,
        "opened_at": unix(row.now),
        "note": row.note,
        "held_by": row.held_by,
        "released_at": row.released_at,
    }


def _settled(
    conn: Connection, settings: "Settings", library: "Library", name: str, now: datetime
) -> tuple[Slot, bool] | None:
    """Return the slot of the items that wait, if they have settled.

    After a missed slot they settle once more and are then sent however late it is, so that items
    cannot be missed again and again where nobody looks often. After a cancelled edition they wait
    for a newer item.
    """
    digest, zone = settings.digests[name], settings.site.zone
    memory = recall(conn, settings, name, now)
    found = waiting(memory, settings, library, name, None, now)
    newest = newest_waiting(found, settings.site.languages)
    if newest is None:
        return None
    missed_at, cancelled_at = _passed_by(conn, name)
    if cancelled_at is not None and newest <= cancelled_at:
        return None  # whoever cancelled these does not expect them again minutes later
    slot = settled_slot(moment_of(max(newest, missed_at or newest)), digest.settle, zone)
    while slot.due_at <= now and _is_taken(conn, name, slot):
        slot = settled_slot(slot.due_at, MINUTE, zone)
    if slot.due_at > now:
        return None
    return slot, missed_at is None and now - slot.due_at > digest.max_lateness


def newest_waiting(frozen: Frozen, languages: Iterable[str]) -> int | None:
    """Return when the newest item came of those that wait for anybody, None when nothing does."""
    readers = [(), *((language,) for language in languages)]
    waiting = {
        chosen.key
        for reader in readers
        for chosen in offers(frozen.stories, reader, frozen.rule, frozen.window)
    }
    moments = (
        story.seen[language]
        for story in frozen.stories
        for language in story.versions
        if story.key in waiting and story.seen[language] <= frozen.window.until
    )
    return max(moments, default=None)


def _passed_by(conn: Connection, name: str) -> tuple[int | None, int | None]:
    """Return when the latest edition of a digest was missed, and when cancelled; None if neither."""
    row = conn.execute(
        select(editions.c.state, editions.c.frozen_at, editions.c.opened_at)
        .where(editions.c.digest == name, editions.c.is_extra == 0)
        .order_by(editions.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.frozen_at is not None:
        return None, None
    at = int(row.opened_at)
    return (at, None) if row.state == State.MISSED else (None, at)


def _is_taken(conn: Connection, name: str, slot: Slot) -> bool:
    """Return whether an edition has this name: in the hour that clocks repeat, two moments do."""
    return (
        conn.scalar(
            select(editions.c.id).where(editions.c.digest == name, editions.c.slot == slot.local)
        )
        is not None
    )


def _row(edition_id: int | None, block: Block) -> dict[str, Any]:
    kept = {"title": block.title, "link": block.link, "kind": block.kind, "facts": block.facts}
    return {
        "edition_id": edition_id,
        "item_key": block.key,
        "language": block.language,
        "item": json.dumps(kept, ensure_ascii=False, sort_keys=True),
        "html": zlib.compress(block.html.encode()),
        "plain": zlib.compress(block.plain.encode()),
    }
