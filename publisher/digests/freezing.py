"""Freeze an edition: its row, the stories its readers can get, and a rendered block of each.

Everything of it is one transaction. Rendering is done before, so that nobody waits for the
database meanwhile; only what appeared in between is rendered inside.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, insert, select

from publisher.digests.compose import Block, render_block
from publisher.digests.edition import Frozen, State, shaping
from publisher.digests.period import MINUTE, Slot, last_slot, settled_slot
from publisher.digests.queue import Memory, read_position, recall, rule_for, take_turns
from publisher.digests.select import Story, offers
from publisher.digests.stories import candidates, moment_of, stories_of, unix
from publisher.store import insert_into, read, write
from publisher.store.tables import edition_items, editions

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.render import Templates
    from publisher.settings import Settings


class Blocks:
    """The rendered blocks of a library's items, each made once."""

    def __init__(
        self, settings: "Settings", library: "Library", templates: "Templates", now: datetime
    ) -> None:
        self._settings, self._library, self._templates = settings, library, templates
        self._now = now
        self._made: dict[tuple[str, str], Block] = {}

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
            )
        return self._made[key, language]

    def of(self, stories: Iterable[Story]) -> Iterator[Block]:
        """Yield the block of every version of these stories."""
        for story in stories:
            for language in story.versions:
                yield self.block(story.key, language)


def due_slot(
    conn: Connection, settings: "Settings", library: "Library", name: str, now: datetime
) -> tuple[Slot, bool] | None:
    """Return the slot a digest should open now and whether it is too late for that, or None."""
    digest = settings.digests[name]
    if digest.every == "item":
        return _settled(conn, settings, library, name, now)
    slot = last_slot(digest, settings.site.zone, now)
    if slot is None or slot.due_at <= read_position(conn, name, now).last_due_at:
        return None
    return slot, now - slot.due_at > digest.max_lateness


def miss(engine: Engine, name: str, slot: Slot, now: datetime) -> int | None:
    """Record that nobody opened a slot in time; its items wait for the next one."""
    with write(engine) as conn:
        return _insert(conn, name, slot, State.MISSED, now, frozen="{}", frozen_at=None)


def freeze(
    engine: Engine,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    slot: Slot,
    now: datetime,
) -> int | None:
    """Freeze the edition of a slot and return its number, None when another process has.

    Raises RenderError; nothing is frozen then, and the next try is a new one.
    """
    blocks = Blocks(settings, library, templates, now)
    with read(engine) as conn:
        expected = waiting(recall(conn, name, now), settings, library, name, now)
    for _ in blocks.of(expected.stories):
        pass
    with write(engine) as conn:
        take_turns(conn)
        frozen = waiting(recall(conn, name, now), settings, library, name, now)
        edition_id = _insert(
            conn,
            name,
            slot,
            State.OPENING,
            now,
            frozen=frozen.to_json(),
            frozen_at=frozen.window.until,
        )
        rows = [_row(edition_id, block) for block in blocks.of(frozen.stories)]
        if edition_id is not None and rows:
            conn.execute(insert(edition_items), rows)
    return edition_id


def waiting(
    memory: Memory,
    settings: "Settings",
    library: "Library",
    name: str,
    now: datetime,
    *,
    is_recorded: bool = True,
) -> Frozen:
    """Return what an edition of a digest would freeze now.

    is_recorded   leave out what was never recorded as seen: it is the next edition's; else it
                  counts as seen now
    """
    rule, window = rule_for(settings, name, memory.position), memory.position.window(memory.at)
    unseen_at = memory.at + 1 if is_recorded else memory.at
    stories = stories_of(library.published(now), memory.seen, unseen_at, settings.site.zone)
    return Frozen(shaping(settings, name), candidates(stories, rule, window), rule, window)


def _settled(
    conn: Connection, settings: "Settings", library: "Library", name: str, now: datetime
) -> tuple[Slot, bool] | None:
    """Return the slot of the items that wait, if they have settled.

    After a missed slot they settle once more and are then sent however late it is, so that items
    cannot be missed again and again where nobody looks often.
    """
    digest, zone = settings.digests[name], settings.site.zone
    found = waiting(recall(conn, name, now), settings, library, name, now)
    newest = newest_waiting(found, settings.site.languages)
    if newest is None:
        return None
    missed_at = _last_missed_at(conn, name)
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


def _last_missed_at(conn: Connection, name: str) -> int | None:
    """Return when the latest edition of a digest was recorded as missed, None if it was not."""
    row = conn.execute(
        select(editions.c.state, editions.c.opened_at)
        .where(editions.c.digest == name)
        .order_by(editions.c.id.desc())
        .limit(1)
    ).one_or_none()
    return int(row.opened_at) if row and row.state == State.MISSED else None


def _is_taken(conn: Connection, name: str, slot: Slot) -> bool:
    """Return whether an edition has this name: in the hour that clocks repeat, two moments do."""
    return (
        conn.scalar(
            select(editions.c.id).where(editions.c.digest == name, editions.c.slot == slot.local)
        )
        is not None
    )


def _insert(
    conn: Connection,
    name: str,
    slot: Slot,
    state: State,
    now: datetime,
    *,
    frozen: str,
    frozen_at: int | None,
) -> int | None:
    made: int | None = conn.execute(
        insert_into(conn, editions)
        .values(
            digest=name,
            slot=slot.local,
            state=state,
            due_at=unix(slot.due_at),
            frozen_at=frozen_at,
            frozen=frozen,
            opened_at=unix(now),
            closed_at=unix(now) if state is State.MISSED else None,
        )
        .on_conflict_do_nothing()
        .returning(editions.c.id)
    ).scalar_one_or_none()
    return made


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
