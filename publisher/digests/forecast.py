"""The queue as editors see it: what waits for which edition, for readers of which language.

Reads only; works without a database too, where everything published is taken to be new now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, and_, func, or_, select

from publisher.content.item import Item, Status
from publisher.digests.decisions import Decision, decisions_on
from publisher.digests.edition import Edition, State, edition_of, read_frozen
from publisher.digests.freezing import newest_waiting, waiting
from publisher.digests.period import MINUTE, Slot, last_hour, last_slot, next_slot, settled_slot
from publisher.digests.queue import Memory, blank, recall, rule_for
from publisher.digests.rule import Chosen, How, Refusal, Story, Window
from publisher.digests.select import had_in_extra, is_due, offer, refusal, returns
from publisher.digests.stories import moment_of, stories_of, unix
from publisher.digests.zones import READERS
from publisher.errors import Problem
from publisher.store import read
from publisher.store.tables import editions

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Settings

_FAR = 1 << 62  # seconds: later than anything a file can say
_OPEN = (State.OPENING, State.DRAFT, State.HELD, State.SENDING, State.PAUSED)
_SLOTS = 2  # upcoming slots shown


@dataclass(frozen=True, slots=True)
class Offer:
    """What readers of one language will get of a story, and in which edition."""

    reader: str  # the site's language these readers have first
    language: str  # of the version they get, as things stand
    how: How
    slot: Slot
    waits_until: datetime | None = None  # for a version in their first language, which would do
    is_return: bool = False  # a coming event, once more


@dataclass(frozen=True, slots=True)
class Waiting:
    """A story that waits for an edition."""

    key: str
    item: Item  # the version in the earliest of the site's languages
    is_pinned: bool
    offers: tuple[Offer, ...]  # in the order of the site's languages


@dataclass(frozen=True, slots=True)
class Refused:
    """A story that no reader will be sent, though it is published and new."""

    key: str
    item: Item
    why: Refusal


@dataclass(frozen=True, slots=True)
class DigestForecast:
    """One digest: its next slots and what they will carry as things stand."""

    name: str
    zone: str  # of the slots' local times; "subscriber": each reader's own
    slots: tuple[Slot, ...]  # the next ones; for every = "item" that of what waits, or none
    waiting: tuple[Waiting, ...]  # in the order of the edition
    refused: tuple[Refused, ...]
    editions: tuple[Edition, ...]  # drafts, held, still being sent, or missed last
    decisions: Mapping[str, Decision] = field(default_factory=dict)  # on slots to come
    findings: Mapping[int, tuple[Problem, ...]] = field(default_factory=dict)  # by edition


@dataclass(frozen=True, slots=True)
class Forecast:
    """The whole queue."""

    digests: tuple[DigestForecast, ...]
    drafts: tuple[Item, ...]
    held: tuple[Item, ...]
    future: tuple[Item, ...]  # ready, dated later; soonest first


def forecast(
    engine: Engine | None, settings: "Settings", library: "Library", now: datetime
) -> Forecast:
    """Return what waits for which edition and in which language, and what does not and why."""
    digests = []
    for name in settings.digests:
        memory = blank(settings, now)
        open_editions: tuple[Edition, ...] = ()
        decided: dict[str, Decision] = {}
        findings: dict[int, tuple[Problem, ...]] = {}
        if engine is not None:
            with read(engine) as conn:
                memory = recall(conn, settings, name, now)
                open_editions, decided = _open_editions(conn, name), decisions_on(conn, name)
                findings = {
                    one.id: read_frozen(conn, one.id).findings
                    for one in open_editions
                    if one.frozen_at
                }
        look = _Look(settings, library, name, memory, now)
        digests.append(look.forecast(open_editions, decided, findings))
    items = library.items
    return Forecast(
        tuple(digests),
        tuple(item for item in items if item.status is Status.DRAFT),
        tuple(item for item in items if item.status is Status.HOLD),
        tuple(i for i in reversed(items) if i.status is Status.READY and i.date > now),
    )


class _Look:
    """One digest, seen from now."""

    def __init__(
        self, settings: "Settings", library: "Library", name: str, memory: Memory, now: datetime
    ) -> None:
        self._settings, self._library, self._name, self._now = settings, library, name, now
        self._digest, self._zone = settings.digests[name], settings.site.zone
        self._zones = memory.zones
        self._memory, self._rule = memory, rule_for(settings, name, memory)
        self._settled = self._settled_slot()

    def forecast(
        self,
        open_editions: tuple[Edition, ...],
        decided: Mapping[str, Decision],
        findings: Mapping[int, tuple[Problem, ...]],
    ) -> DigestForecast:
        published, memory = self._library.published(self._now), self._memory
        stories = stories_of(
            published, memory.seen, memory.at, self._zone, memory.extras, memory.called_off
        )
        found: list[tuple[tuple[bool, int, str], Waiting]] = []
        refused = []
        for story in stories:
            offers, chosen, why = self._offers(story)
            item = self._item(story)
            if chosen:
                place = Waiting(story.key, item, chosen.version.is_pinned, offers)
                found.append((chosen.order, place))
            elif why:
                refused.append(Refused(story.key, item, why))
        found.sort(key=lambda one: one[0])
        return DigestForecast(
            self._name,
            READERS if self._digest.zone == READERS else self._settings.site.time_zone,
            self._slots(),
            tuple(place for _, place in found),
            tuple(refused),
            open_editions,
            decided,
            findings,
        )

    def _offers(self, story: Story) -> tuple[tuple[Offer, ...], Chosen | None, Refusal | None]:
        """Return what each language's readers will get, the first of it, and why others do not."""
        offers: list[Offer] = []
        first, why = None, None
        after = self._memory.position.last_freeze
        for reader in self._settings.site.languages:
            chosen = offer(story, (reader,), self._rule, _FAR)
            if chosen is None or had_in_extra(story, (reader,), self._rule):
                continue
            coming = Window(after, _FAR, gaps=self._memory.position.gaps)
            if not is_due(story, (reader,), self._rule, coming, chosen):
                back = self._return_of(story, chosen)
                if back:
                    first = first or chosen
                    language, how = chosen.version.language, chosen.how
                    offers.append(Offer(reader, language, how, back, is_return=True))
                continue
            slot = self._slot_for(chosen)
            refused = refusal(chosen, self._rule, Window(after, unix(slot.due_at)))
            if refused:
                why = why or refused
                continue
            first = first or chosen
            until = self._waits_until(chosen, reader)
            offers.append(Offer(reader, chosen.version.language, chosen.how, slot, until))
        return tuple(offers), first, why

    def _return_of(self, story: Story, chosen: Chosen) -> Slot | None:
        """Return the slot to come in which an event that went out returns, None when it does not."""
        starts_at = chosen.version.starts_at
        if starts_at is None or starts_at <= unix(self._now):
            return None
        before = moment_of(starts_at - 1)
        slot = last_slot(self._digest, self._zones, before)
        while slot and last_hour(slot, self._zones) > before:  # for somebody it would be too late
            slot = last_slot(self._digest, self._zones, slot.due_at - MINUTE)
        if slot is None or slot.due_at <= self._now:
            return None
        window = self._memory.window(slot, self._digest)
        seen_from_then = replace(window, until=unix(slot.due_at), gaps=())
        return slot if returns(story, chosen, self._rule, seen_from_then) else None

    def _waits_until(self, chosen: Chosen, reader: str) -> datetime | None:
        """Return until when readers of a language wait for a version in it, None if they do not."""
        deadline = moment_of(chosen.appeared_at + self._rule.wait)
        if chosen.version.language == reader or deadline <= self._now:
            return None
        return deadline

    def _slot_for(self, chosen: Chosen) -> Slot:
        """Return the slot of the first edition that freezes not before a story is eligible."""
        ready = max(moment_of(chosen.eligible_at) - timedelta(seconds=1), self._now)
        slot = next_slot(self._digest, self._zones, ready)
        if slot:
            return slot
        return self._settled or settled_slot(ready, self._digest.settle, self._zone)

    def _settled_slot(self) -> Slot | None:
        if self._digest.every != "item":
            return None
        frozen = waiting(
            self._memory,
            self._settings,
            self._library,
            self._name,
            None,
            self._now,
            is_recorded=False,
        )
        newest = newest_waiting(frozen, self._settings.site.languages)
        if newest is None:
            return None
        return settled_slot(moment_of(newest), self._digest.settle, self._zone)

    def _slots(self) -> tuple[Slot, ...]:
        if self._digest.every == "item":
            return (self._settled,) if self._settled else ()
        slots: list[Slot] = []
        after = self._now
        while len(slots) < _SLOTS and (slot := next_slot(self._digest, self._zones, after)):
            slots.append(slot)
            after = slot.due_at
        return tuple(slots)

    def _item(self, story: Story) -> Item:
        order = [*self._settings.site.languages, *story.versions]
        tag = next(tag for tag in order if tag in story.versions)
        item = self._library.find(story.key, tag)
        if item is None:
            raise KeyError((story.key, tag))
        return item


def _open_editions(conn: Connection, name: str) -> tuple[Edition, ...]:
    last = select(func.max(editions.c.id)).where(
        editions.c.digest == name, editions.c.is_extra == 0
    )
    missed_last = and_(editions.c.state == State.MISSED, editions.c.id == last.scalar_subquery())
    rows = conn.execute(
        select(editions)
        .where(editions.c.digest == name, or_(editions.c.state.in_(_OPEN), missed_last))
        .order_by(editions.c.id)
    )
    return tuple(edition_of(row) for row in rows)
