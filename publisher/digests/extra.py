"""An edition outside the rhythm: an editor named its items, and they count as sent.

It asks of no item whether it is new, old or due: whoever wants such items gets them, except for
what they had already. An item that was corrected, moved or cancelled meanwhile is told to those
who had it as it was.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select

from publisher.digests.changes import changed_items
from publisher.digests.edition import Edition, Frozen, State, read_edition
from publisher.digests.freezing import (
    Blocks,
    NewEdition,
    insert_edition,
    insert_items,
    words_for,
)
from publisher.digests.period import MINUTE, Slot, is_regular, slot_at
from publisher.digests.queue import Memory, recall, record_seen, rule_for, take_turns
from publisher.digests.rule import Story, Window
from publisher.digests.stories import stories_of
from publisher.digests.zones import READERS
from publisher.errors import StoreError
from publisher.settings import shaping
from publisher.store import read, write
from publisher.store.tables import edition_items, editions

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.render import Templates
    from publisher.settings import Settings


def freeze_extra(
    engine: Engine,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    keys: Sequence[str],
    now: datetime,
    at: datetime | None = None,
) -> Edition:
    """Freeze an extra edition of a digest with these items; it is opened like any other.

    keys  of published items
    at    when it goes out: aware, or without a zone in the site's or, where each reader's own
          hour counts, in theirs; None: now

    Raises RenderError.
    """
    with write(engine) as conn:
        record_seen(conn, library, now)
    blocks = Blocks(settings, library, templates, now)
    with read(engine) as conn:
        memory = recall(conn, settings, name, now)
        expected = _frozen(conn, memory, settings, library, name, keys, now)
    for _ in blocks.of(expected.stories):
        pass
    with write(engine) as conn:
        take_turns(conn)
        memory = recall(conn, settings, name, now)
        slot = _slot(conn, settings, name, memory, now, at)
        changed = changed_items(conn, settings, library, name, now, keys)
        frozen = replace(
            _at_one_moment(_frozen(conn, memory, settings, library, name, keys, now), name, at),
            notices=blocks.notices(changed),
            words=words_for(settings, library, name, slot),
        )
        row = NewEdition(name, slot, State.OPENING, now, is_extra=True)
        number = insert_edition(
            conn, replace(row, frozen=frozen.to_json(), frozen_at=frozen.window.until)
        )
        if number is None:
            raise StoreError(f"the slot {slot.local} of {name} was taken at this very moment")
        insert_items(conn, number, blocks.of(frozen.stories))
        return read_edition(conn, number)


def _frozen(
    conn: Connection,
    memory: Memory,
    settings: "Settings",
    library: "Library",
    name: str,
    keys: Collection[str],
    now: datetime,
) -> Frozen:
    position = memory.position
    rule = replace(rule_for(settings, name, memory), is_extra=True)
    items = [item for item in library.published(now) if item.key in keys]
    found = stories_of(items, memory.seen, memory.at, settings.site.zone, memory.extras)
    window = Window(position.last_freeze, memory.at)
    stories = tuple(_with_history(conn, name, position.last_freeze, story) for story in found)
    return Frozen(shaping(settings, [name]), stories, rule, window)


def _at_one_moment(frozen: Frozen, name: str, at: datetime | None) -> Frozen:
    """Return what an edition froze that goes to all at once, unless each reader's hour counts."""
    if at is not None and at.tzinfo is None:
        return frozen
    digest = {**frozen.settings["digests"][name], "zone": "site"}
    return replace(frozen, settings={**frozen.settings, "digests": {name: digest}})


def _with_history(conn: Connection, name: str, last_freeze: int | None, story: Story) -> Story:
    """Return a story that knows until when it was handed out by the editions of the rhythm."""
    was_carried = conn.scalar(
        select(1)
        .select_from(edition_items)
        .join(editions, editions.c.id == edition_items.c.edition_id)
        .where(
            editions.c.digest == name,
            editions.c.is_extra == 0,
            editions.c.frozen_at.is_not(None),
            edition_items.c.item_key == story.key,
        )
        .limit(1)
    )
    return replace(story, had_until=last_freeze) if was_carried else story


def _slot(
    conn: Connection,
    settings: "Settings",
    name: str,
    memory: Memory,
    now: datetime,
    at: datetime | None,
) -> Slot:
    """Return a slot of its own, at or right after the moment that was asked for.

    Never one of the rhythm's, which would then find its place taken.
    """
    digest, zone = settings.digests[name], settings.site.zone
    local, due_at = (at or now), (at or now)
    if local.tzinfo:
        local = local.astimezone(zone).replace(tzinfo=None)
    elif digest.zone == READERS:
        due_at = slot_at(local, memory.zones).due_at
    else:
        due_at = slot_at(local, zone).due_at
    local = local.replace(second=0, microsecond=0)
    taken = set(conn.scalars(select(editions.c.slot).where(editions.c.digest == name)))
    while (named := slot_at(local, zone).local) in taken or is_regular(digest, local):
        local += MINUTE
    return Slot(named, due_at)
