"""Where an item went or will go, and why not elsewhere: facts for people and programs; reads only.

An item is explained as its story: all versions of one key, since each reader gets one of them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, func, select

from publisher import delivery, feeds
from publisher.content.item import Item, Status
from publisher.digests.edition import purpose_of
from publisher.digests.explain.edition import EditionFacts, all_editions, wanted
from publisher.digests.explain.file import FileFacts, FileIs, keys_of, look_up
from publisher.digests.forecast import DigestForecast, forecast
from publisher.digests.queue import Memory, blank, recall, rule_for
from publisher.digests.rule import How, Rule, Story, Window
from publisher.digests.segment import Part
from publisher.digests.select import had_in_extra, offer, refusal
from publisher.digests.stories import moment_of, stories_of
from publisher.digests.zones import READERS
from publisher.store import read
from publisher.store.tables import deliveries, edition_items, segments

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Settings

_FAR = 1 << 62  # seconds: later than anything a file can say


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """One file of the story."""

    language: str
    path: str
    title: str
    kind: str
    date: datetime
    status: str  # published, draft, hold, or future
    digest: str  # "", pin or skip
    link: str
    is_machine: bool
    first_seen_at: datetime | None  # None: never recorded
    feeds: tuple[feeds.Place, ...]


@dataclass(frozen=True, slots=True)
class Audience:
    """Readers who were offered one version in one edition."""

    reader: str  # the language they have first
    language: str  # of the version
    how: str  # first, next, fallback or original
    is_return: bool  # a coming event, once more
    readers: int
    deliveries: Mapping[str, int]  # state -> how many


@dataclass(frozen=True, slots=True)
class Carried:
    """An edition that holds the story; without audience while it has no deliveries yet."""

    edition: EditionFacts
    audiences: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """What readers of one language will get, as things stand."""

    reader: str
    language: str
    how: str
    slot: str
    due_at: datetime  # where each reader's own hour counts: the first of them
    translation_until: datetime | None  # their own language is waited for until then
    is_return: bool  # a coming event, once more
    decision: str  # what an editor said of that edition already: approved, held or cancelled


@dataclass(frozen=True, slots=True)
class ToldChange:
    """An edition that told readers what changed about the story since they had it."""

    edition: EditionFacts
    readers: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Why readers of some languages are not sent the story."""

    readers: tuple[str, ...]
    why: str  # a Refusal, or: no version, not there then
    edition: EditionFacts | None  # whose turn it was; None: it is still to come


@dataclass(frozen=True, slots=True)
class ItemInDigest:
    """The story in one digest."""

    digest: str
    has_own_hours: bool  # each reader's own hour counts
    carried: tuple[Carried, ...]  # newest first
    told: tuple[ToldChange, ...]  # newest first
    waits: tuple[Wait, ...]
    absences: tuple[Absence, ...]


@dataclass(frozen=True, slots=True)
class ItemExplained:
    """All there is to say about a file or a key."""

    file: FileFacts
    key: str  # "" when it is no item
    versions: tuple[VersionFacts, ...]
    digests: tuple[ItemInDigest, ...]
    feeds_are_current: bool
    has_database: bool


def explain_item(
    engine: Engine | None,
    settings: "Settings",
    library: "Library",
    word: str,
    now: datetime,
    *,
    edition: str = "",
) -> ItemExplained:
    """Return where the item went or will go that a path, key, id or link names, and why.

    edition  only about the editions that this names; see `edition.named`

    Raises PublisherError when no edition has that name.
    """
    file, items = look_up(settings, library, word)
    is_current = feeds.is_current(settings, library.stamp, now)
    key = items[0].key if items else ""
    if engine is not None and file.what is FileIs.MISSING and (key := _carried_once(engine, word)):
        file = replace(file, what=FileIs.WITHDRAWN, nearest=())
    if not key:
        return ItemExplained(file, "", (), (), is_current, engine is not None)
    look = _Look(settings, library, key, items, now)
    if engine is None:
        if edition:
            wanted([], edition)
        digests = tuple(look.in_digest(each, blank(settings, now)) for each in look.ahead(None))
        return ItemExplained(file, look.key, look.versions({}), digests, is_current, False)
    ahead = look.ahead(engine)
    with read(engine) as conn:
        found = wanted(all_editions(conn), edition)
        look.carried = dict(_carried(conn, look.key, found))
        look.told = tuple(_told(conn, look.key, found))
        memory = {each.name: recall(conn, settings, each.name, now) for each in ahead}
    look.all_editions, look.only = found, bool(edition)
    digests = tuple(look.in_digest(each, memory[each.name]) for each in ahead)
    gone = {one.edition.digest for one in look.carried.values()} - set(settings.digests)
    digests += tuple(look.in_past_digest(name) for name in sorted(gone))
    if edition:
        meant = {one.digest for one in found}
        digests = tuple(one for one in digests if one.digest in meant)
    seen = next((each.seen for each in memory.values()), {})
    return ItemExplained(file, look.key, look.versions(seen), digests, is_current, True)


class _Look:
    """One story, seen from now."""

    def __init__(
        self,
        settings: "Settings",
        library: "Library",
        key: str,
        items: Sequence[Item],
        now: datetime,
    ) -> None:
        self._settings, self._library, self._now = settings, library, now
        self.key = key
        self._items = [item for item in items if item.key == self.key]
        self._published = library.published(now)
        self.carried: dict[int, Carried] = {}
        self.told: tuple[ToldChange, ...] = ()
        self.all_editions: list[EditionFacts] = []
        self.only = False  # whether somebody asked about certain editions

    def ahead(self, engine: Engine | None) -> tuple[DigestForecast, ...]:
        return forecast(engine, self._settings, self._library, self._now).digests

    def versions(self, seen: Mapping[tuple[str, str], int]) -> tuple[VersionFacts, ...]:
        order = {tag: place for place, tag in enumerate(self._settings.site.languages)}
        items = sorted(self._items, key=lambda item: (order.get(item.language, 99), item.path))
        return tuple(self._version(item, seen.get((item.key, item.language))) for item in items)

    def _version(self, item: Item, seen_at: int | None) -> VersionFacts:
        is_published = item.is_published(self._now)
        status = item.status.value if item.status is not Status.READY else "future"
        most, retired = self._settings.feeds.items, self._settings.feeds.retired
        return VersionFacts(
            language=item.language,
            path=item.path,
            title=item.title,
            kind=item.kind.value,
            date=item.date,
            status="published" if is_published else status,
            digest=item.digest,
            link=item.link,
            is_machine=item.is_machine_translated,
            first_seen_at=None if seen_at is None else moment_of(seen_at),
            feeds=feeds.places(self._published, item, most, retired) if is_published else (),
        )

    def in_digest(self, ahead: DigestForecast, memory: Memory) -> ItemInDigest:
        past = self.in_past_digest(ahead.name)
        mine = [item for item in self._published if item.key == self.key]
        stories = stories_of(
            mine, memory.seen, memory.at, self._settings.site.zone, memory.extras, memory.called_off
        )
        if not stories:
            return past
        rule = rule_for(self._settings, ahead.name, memory)
        waits = () if self.only else tuple(self._waits(ahead))
        absences = tuple(self._absences(ahead, stories[0], rule, memory, {w.reader for w in waits}))
        return replace(past, has_own_hours=ahead.zone == READERS, waits=waits, absences=absences)

    def in_past_digest(self, digest: str) -> ItemInDigest:
        """Return what editions of a digest carried, also of one the settings no longer have."""
        carried = tuple(one for one in self.carried.values() if one.edition.digest == digest)
        told = tuple(one for one in self.told if one.edition.digest == digest)
        return ItemInDigest(digest, False, carried, told, (), ())

    def _waits(self, ahead: DigestForecast) -> Iterator[Wait]:
        for place in ahead.waiting:
            if place.key != self.key:
                continue
            for one in place.offers:
                yield Wait(
                    one.reader,
                    one.language,
                    one.how.value,
                    one.slot.local,
                    one.slot.due_at,
                    one.waits_until,
                    one.is_return,
                    str(ahead.decisions.get(one.slot.local, "")),
                )

    def _absences(
        self, ahead: DigestForecast, story: Story, rule: Rule, memory: Memory, waiting: set[str]
    ) -> Iterator[Absence]:
        """Yield why readers get nothing, those with the same reason together."""
        reasons: dict[tuple[str, int], list[str]] = {}
        editions: dict[int, EditionFacts] = {}
        for reader in self._settings.site.languages:
            if reader in waiting:
                continue
            why, turn = self._why_not(ahead, story, rule, memory, reader)
            if turn:
                editions[turn.id] = turn
            if why:
                reasons.setdefault((why, turn.id if turn else 0), []).append(reader)
        for (why, number), readers in reasons.items():
            yield Absence(tuple(readers), why, editions.get(number))

    def _why_not(
        self, ahead: DigestForecast, story: Story, rule: Rule, memory: Memory, reader: str
    ) -> tuple[str, EditionFacts | None]:
        """Return why readers of a language are not sent the story, "" when they were."""
        chosen = offer(story, (reader,), rule, _FAR)
        if chosen is None:
            return "no version for them", None
        last = memory.position.last_freeze
        if had_in_extra(story, (reader,), rule):
            return ("it was another edition's turn" if self.only else ""), None
        if last is None or chosen.eligible_at > last:
            if self.only:
                return "appeared after it froze", self._newest(ahead.name)
            until = next((int(slot.due_at.timestamp()) for slot in ahead.slots), memory.at)
            refused = refusal(chosen, rule, Window(last, max(until, chosen.eligible_at)))
            return (refused.value if refused else ""), None
        turn = self._turn(ahead.name, chosen.eligible_at)
        if turn is None:
            return ("it was another edition's turn" if self.only else "not there then"), None
        if turn.id in self.carried:
            return "", None
        frozen_at = int(turn.frozen_at.timestamp()) if turn.frozen_at else chosen.eligible_at
        refused = refusal(chosen, rule, Window(None, frozen_at))
        return (refused.value if refused else "not there then"), turn

    def _turn(self, digest: str, moment: int) -> EditionFacts | None:
        """Return the first edition of a digest that froze not before a moment."""
        frozen = [
            one
            for one in self.all_editions
            if one.digest == digest and one.frozen_at and not one.is_extra
        ]
        later = [one for one in frozen if one.frozen_at and one.frozen_at.timestamp() >= moment]
        return later[-1] if later else None

    def _newest(self, digest: str) -> EditionFacts | None:
        return next((one for one in self.all_editions if one.digest == digest), None)


def _carried(
    conn: Connection, key: str, found: Sequence[EditionFacts]
) -> Iterator[tuple[int, Carried]]:
    """Yield the editions among these that froze a key, newest first."""
    numbers = set(
        conn.scalars(
            select(edition_items.c.edition_id).where(edition_items.c.item_key == key).distinct()
        )
    )
    for edition in found:
        if edition.id in numbers:
            yield edition.id, Carried(edition, _audiences(conn, key, edition))


def _carried_once(engine: Engine, word: str) -> str:
    """Return the key of a story that was withdrawn after an edition carried it, "" of none."""
    column = edition_items.c.item_key
    with read(engine) as conn:
        there = set(conn.scalars(select(column).where(column.in_(keys_of(word)))))
    return next((key for key in keys_of(word) if key in there), "")


def _told(conn: Connection, key: str, found: Sequence[EditionFacts]) -> Iterator[ToldChange]:
    """Yield the editions among these that told a change of a key, newest first."""
    rows = conn.execute(
        select(segments.c.edition_id, segments.c.notices, segments.c.recipients).where(
            segments.c.notices.contains(json.dumps(key, ensure_ascii=False), autoescape=True)
        )
    )
    readers: dict[int, int] = {}
    for row in rows:
        if any(notice[0] == key for notice in json.loads(row.notices)):
            readers[row.edition_id] = readers.get(row.edition_id, 0) + row.recipients
    for edition in found:
        if edition.id in readers:
            yield ToldChange(edition, readers[edition.id])


def _audiences(conn: Connection, key: str, edition: EditionFacts) -> tuple[Audience, ...]:
    parts = dict(_parts(conn, key, edition.id))
    counted = (
        select(deliveries.c.body_id, deliveries.c.state, func.count())
        .where(deliveries.c.purpose == purpose_of(edition.id))
        .group_by(deliveries.c.body_id, deliveries.c.state)
    )
    totals: dict[tuple[str, str, str, bool], dict[str, int]] = {}
    old = delivery.folded_counts(conn, purpose_of(edition.id)) if parts else {}
    recent = conn.execute(counted) if parts else ()
    for body_id, state, number in (*recent, *((*place, n) for place, n in old.items())):
        if body_id in parts:
            states = totals.setdefault(parts[body_id], {})
            states[state] = states.get(state, 0) + number
    return tuple(
        Audience(*place, sum(states.values()), states)
        for place, states in sorted(totals.items(), key=lambda one: -sum(one[1].values()))
    )


def _parts(
    conn: Connection, key: str, edition_id: int
) -> Iterator[tuple[int, tuple[str, str, str, bool]]]:
    """Yield each body with the key, for readers of which language, in which, how and whether again."""
    written = json.dumps(key, ensure_ascii=False)
    rows = conn.execute(
        select(segments.c.body_id, segments.c.language, segments.c["items"]).where(
            segments.c.edition_id == edition_id,
            segments.c["items"].contains(written, autoescape=True),
        )
    )
    for row in rows:
        for part in map(Part.from_json, json.loads(row.items)):
            if part.key == key:
                how = how_of(part, row.language).value
                yield row.body_id, (row.language, part.language, how, part.is_return)


def how_of(part: Part, words: str) -> How:
    """Return why a part stands in its language, for readers whose first language is `words`."""
    if part.is_original:
        return How.ORIGINAL
    if part.is_fallback:
        return How.FALLBACK
    return How.FIRST if part.language == words else How.NEXT
