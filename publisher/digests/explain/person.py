"""Why somebody got, will get or did not get a mail: facts for people and programs; reads only."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select

from publisher.address import Address, address_hash, parse
from publisher.digests.edition import Frozen, State, purpose_of, read_frozen
from publisher.digests.explain.choice import Choices, Got, PassedOver, got, got_of, why_passed_over
from publisher.digests.explain.delivery import DeliveryFacts, deliveries_of
from publisher.digests.explain.edition import EditionFacts, all_editions, wanted
from publisher.digests.explain.history import (
    History,
    SuppressionFacts,
    Why,
    history_of,
    row_of,
    suppression_of,
)
from publisher.digests.forecast import DigestForecast, forecast
from publisher.digests.period import Slot, hours
from publisher.digests.queue import moved_since, recall, rule_for
from publisher.digests.rule import Chosen, Window
from publisher.digests.segment import Segment
from publisher.digests.select import offer, spoken
from publisher.digests.stories import stories_of, unix
from publisher.digests.zones import READERS, zone_for
from publisher.store import read
from publisher.store.tables import edition_items, segments, subscribers

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.settings import Settings

MOST_EDITIONS = 10  # of one digest, when nobody names one
_FAR = 1 << 62


@dataclass(frozen=True, slots=True)
class PersonInEdition:
    """One edition and one person: the mail they have of it, or why there is none."""

    edition: EditionFacts
    delivery: DeliveryFacts | None
    why: Why | None  # why there is no delivery
    since: datetime | None  # when that began, a pause ends, or who has mail chose otherwise later
    items: tuple[Got, ...]
    passed_over: tuple[PassedOver, ...]
    told: tuple[str, ...] = ()  # titles of what changed since they had it


@dataclass(frozen=True, slots=True)
class NextEdition:
    """What somebody would get next, as things stand."""

    slot: str  # "" when the digest waits for something new
    decision: str  # what an editor said of it already: approved, held or cancelled
    due_at: datetime | None  # at their own hour, where the digest goes by readers' clocks
    why: Why | None  # why they would get nothing
    since: datetime | None
    items: tuple[Got, ...]


@dataclass(frozen=True, slots=True)
class PersonInDigest:
    """One digest and one person."""

    digest: str
    is_offered: bool  # the settings have it
    is_subscribed: bool
    kinds: tuple[str, ...]
    categories: tuple[str, ...]
    editions: tuple[PersonInEdition, ...]  # newest first
    older: int  # editions not looked at
    next: NextEdition | None


@dataclass(frozen=True, slots=True)
class PersonExplained:
    """All there is to say about an address."""

    address: str
    person: History | None
    suppression: SuppressionFacts | None
    knows_suppressions: bool  # the site's secret is there, so that an unknown address can be told
    letters: tuple[DeliveryFacts, ...]
    digests: tuple[PersonInDigest, ...]
    nearest: tuple[str, ...]  # addresses like an unknown one


def explain_person(
    engine: Engine | None,
    settings: "Settings",
    library: "Library",
    address: str,
    now: datetime,
    *,
    secret: bytes | None,
    edition: str = "",
) -> PersonExplained:
    """Return what an address got and will get of every digest, and why.

    secret   the site's lasting one; without it an unknown address cannot be looked up among the
             suppressed, and no Message-ID is told
    edition  only about the editions that this names; see `edition.named`

    Raises AddressError, and PublisherError when no edition has that name.
    """
    meant = parse(address)
    hashed = None if secret is None else address_hash(meant.key, secret)
    if engine is None:
        return PersonExplained(meant.text, None, None, hashed is not None, (), (), ())
    ahead = {one.name: one for one in forecast(engine, settings, library, now).digests}
    with read(engine) as conn:
        editions = wanted(all_editions(conn), edition)
        row = row_of(conn, meant.key, hashed)
        if row is None:
            found = suppression_of(conn, hashed) if hashed else None
            near = _nearest(conn, meant)
            return PersonExplained(meant.text, None, found, hashed is not None, (), (), near)
        person = history_of(conn, row)
        domain = parse(settings.sender.address).domain
        dkim = settings.delivery.dkim
        selectors = frozenset(filter(None, (dkim.selector, dkim.ed25519_selector)))
        mails = deliveries_of(conn, person.id, person.public_id, secret, domain, selectors)
        look = _Look(conn, settings, library, person, mails, now)
        names = dict.fromkeys((*settings.digests, *(one.digest for one in editions)))
        digests = tuple(
            look.in_digest(name, editions, None if edition else ahead.get(name), bool(edition))
            for name in names
        )
    if edition:
        digests = tuple(one for one in digests if one.editions)
    letters = tuple(one for one in mails if not one.purpose.startswith("edition:"))
    return PersonExplained(
        person.address or meant.text, person, person.suppression, True, letters, digests, ()
    )


class _Look:
    """One person, seen from now."""

    def __init__(
        self,
        conn: Connection,
        settings: "Settings",
        library: "Library",
        person: History,
        mails: Sequence[DeliveryFacts],
        now: datetime,
    ) -> None:
        self._conn, self._settings, self._library = conn, settings, library
        self._person, self._now = person, now
        self._mails = {one.purpose: one for one in mails}
        self._choices = Choices(conn, person, mails)

    def in_digest(
        self,
        name: str,
        editions: Sequence[EditionFacts],
        ahead: DigestForecast | None,
        is_named: bool,
    ) -> PersonInDigest:
        mine = [one for one in editions if one.digest == name]
        shown = mine if is_named else mine[:MOST_EDITIONS]
        wish = next((one for one in self._person.wishes if one.digest == name), None)
        return PersonInDigest(
            digest=name,
            is_offered=name in self._settings.digests,
            is_subscribed=wish is not None and wish.is_active,
            kinds=wish.kinds if wish else (),
            categories=wish.categories if wish else (),
            editions=tuple(map(self._in_edition, shown)),
            older=len(mine) - len(shown),
            next=self._next(name, ahead) if ahead else None,
        )

    def _in_edition(self, edition: EditionFacts) -> PersonInEdition:
        mail = self._mails.get(purpose_of(edition.id))
        if mail is not None:
            return self._with_mail(edition, mail)
        if edition.state in (State.MISSED.value, Why.CANCELLED.value):
            why = Why.MISSED if edition.state == State.MISSED.value else Why.CANCELLED
            return PersonInEdition(edition, None, why, None, (), ())
        found, since = self._person.why_not(edition.digest, edition.opened_at)
        if found is None and not edition.has_deliveries:
            found = Why.NOT_OPENED
        if found is not None:
            return PersonInEdition(edition, None, found, since, (), ())
        if edition.folded_at is not None:
            # They may have been passed over or skipped: which of them, nobody knows any more.
            return PersonInEdition(edition, None, Why.FOLDED, edition.folded_at, (), ())
        return self._without_mail(edition)

    def _with_mail(self, edition: EditionFacts, mail: DeliveryFacts) -> PersonInEdition:
        row = self._conn.execute(
            select(segments).where(segments.c.body_id == mail.body_id)
        ).one_or_none()
        if row is None:
            return PersonInEdition(edition, mail, None, None, (), ())
        frozen, titles = read_frozen(self._conn, edition.id), self._titles(edition.id)
        segment = Segment.from_json(row.language, json.loads(row.items), json.loads(row.notices))
        chosen = {one.key: one for one in self._chosen(edition, frozen)}
        items = tuple(got_of(segment, chosen, frozen, titles))
        had = {one.key for one in items}
        passed_over = tuple(self._passed_over(edition, frozen, titles, had))
        known = {(one.key, one.language, one.id): one.title for one in frozen.notices}
        told = tuple(known.get(notice, notice[0]) for notice in segment.notices)
        moved_at = next(
            (w.moved_at for w in self._person.wishes if w.digest == edition.digest), None
        )
        later = moved_at if moved_at and moved_at > edition.opened_at else None
        return PersonInEdition(edition, mail, None, later, items, passed_over, told)

    def _without_mail(self, edition: EditionFacts) -> PersonInEdition:
        """Say why a reader of the digest has no mail: by what they choose today."""
        frozen, titles = read_frozen(self._conn, edition.id), self._titles(edition.id)
        chosen = self._chosen(edition, frozen)
        wish = next(one for one in self._person.wishes if one.digest == edition.digest)
        why = Why.UNEXPLAINED if chosen else Why.NOTHING_NEW
        if chosen and wish.changed_at > edition.opened_at:
            why = Why.CHOSE_LATER
        had = {one.key for one in chosen}
        passed_over = tuple(self._passed_over(edition, frozen, titles, had))
        since = wish.changed_at if why is Why.CHOSE_LATER else None
        return PersonInEdition(edition, None, why, since, (), passed_over)

    def _next(self, name: str, ahead: DigestForecast) -> NextEdition:
        slot = ahead.slots[0] if ahead.slots else None
        due_at = slot.due_at if slot else None
        if slot and self._settings.digests[name].zone == READERS:
            zone = zone_for(self._person.time_zone, self._settings.site.zone)
            due_at = hours(slot.at, [zone])[zone.key]
        at = due_at or self._now
        why, since = self._person.why_not(name, at)
        items = () if why else tuple(self._coming(name, slot))
        if not why and not items:
            why = Why.NOTHING_NEW
        decision = str(ahead.decisions.get(slot.local, "")) if slot else ""
        return NextEdition(slot.local if slot else "", decision, due_at, why, since, items)

    def _coming(self, name: str, slot: Slot | None) -> Iterator[Got]:
        """Yield what the next edition has for them when nothing else is published until then."""
        memory = recall(self._conn, self._settings, name, self._now)
        rule = rule_for(self._settings, name, memory)
        published = self._library.published(self._now)
        zone = self._settings.site.zone
        stories = stories_of(
            published, memory.seen, memory.at, zone, memory.extras, memory.called_off
        )
        window = Window(memory.position.last_freeze, memory.at)
        if slot:
            until = max(unix(slot.due_at), memory.at)
            window = replace(memory.window(slot, self._settings.digests[name]), until=until)
        titles = {(item.key, item.language): item.title for item in published}
        languages = self._settings.site.languages
        since = moved_since(self._settings, name, self._now)
        for one in self._choices.of(name, stories, rule, window, languages, since, _FAR):
            yield got(one, titles.get((one.key, one.version.language), ""))

    def _chosen(self, edition: EditionFacts, frozen: Frozen) -> tuple[Chosen, ...]:
        """Return what an edition has for them by what they choose today."""
        languages = frozen.settings["site"]["languages"]
        stories, rule, window = frozen.stories, frozen.rule, frozen.window
        return self._choices.of(edition.digest, stories, rule, window, languages, 0, edition.id)

    def _titles(self, edition_id: int) -> dict[tuple[str, str], str]:
        rows = self._conn.execute(
            select(edition_items.c.item_key, edition_items.c.language, edition_items.c.item).where(
                edition_items.c.edition_id == edition_id
            )
        )
        return {(row[0], row[1]): json.loads(row[2])["title"] for row in rows}

    def _passed_over(
        self,
        edition: EditionFacts,
        frozen: Frozen,
        titles: Mapping[tuple[str, str], str],
        had: set[str],
    ) -> Iterator[PassedOver]:
        reader = self._choices.wishes(edition.digest)
        served = spoken(reader.languages, frozen.settings["site"]["languages"])
        for story in frozen.stories:
            if story.key in had:
                continue
            chosen = offer(story, served, frozen.rule, frozen.window.until, reader.originals)
            language = chosen.version.language if chosen else next(iter(story.versions))
            why = why_passed_over(chosen, reader, frozen)
            yield PassedOver(story.key, titles.get((story.key, language), ""), why)


def _nearest(conn: Connection, meant: Address) -> tuple[str, ...]:
    """Return addresses that differ by a slip of the finger: in the name or in the domain."""
    column = subscribers.c.address_key
    name = meant.key.rpartition("@")[0]
    alike: list[str] = []
    for start in (f"{name}@", name[:2]):
        rows = select(column).where(column.startswith(start, autoescape=True))
        alike += conn.scalars(rows.order_by(column).limit(500)).all()
    return tuple(get_close_matches(meant.key, dict.fromkeys(map(str, alike)), 3, 0.8))
