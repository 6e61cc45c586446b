"""Add people: decide for each what their present state and the wish allow, then do it for all.

The rules, for one person as for a million: suppressed people stay suppressed; who unsubscribed
stays so unless they themselves, one by one, agreed again; without somebody's word that people
agreed they are pending and get no mail; who is there already is left as they are.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, func, select, update

from publisher.address import Address
from publisher.store import Prepared, insert_many, one_of, tables
from publisher.subscribers.consent import Consent, record
from publisher.subscribers.preferences import (
    Choice,
    note_moves,
    set_subscriptions,
    signature_id,
    signed,
)
from publisher.subscribers.subscriber import State
from publisher.subscribers.suppression import in_parts, suppress_hashes, suppressed

_RANDOM_BYTES = 6  # of the public ids of one batch: not secret, only never the same twice
_NUMBER_BYTES = 4
_DAY_SECONDS = 86_400
_MOST_SIGNATURES = 50_000  # remembered over an import
_MANY = 1000  # new people from which on the order they are written in matters

_COLUMNS = (
    "public_id",
    "address",
    "address_key",
    "address_hash",
    "name",
    "languages",
    "time_zone",
    "paused_until",
    "originals",
    "state",
    "created_at",
    "confirmed_at",
    "changed_at",
)
_people = tables.subscribers
_Change = dict[str, str | int]


class Result(StrEnum):
    """What became of one person who was to be added."""

    __hash__ = str.__hash__  # an Enum's own is Python code, and an import asks a million times

    ADDED = "added"
    ADDED_PENDING = "added, pending"
    ADDED_UNSUBSCRIBED = "added, unsubscribed"
    CONFIRMED = "confirmed"  # was pending
    RETURNED = "returned"  # had unsubscribed
    UNSUBSCRIBED = "unsubscribed"  # was active or pending
    SUPPRESSED = "suppressed"
    KNOWN = "already there"
    STAYS_SUPPRESSED = "suppressed, stays so"
    STAYS_UNSUBSCRIBED = "unsubscribed, stays so"

    @property
    def is_skipped(self) -> bool:
        """Whether a list wanted somebody mailed who had left."""
        return self in (Result.STAYS_SUPPRESSED, Result.STAYS_UNSUBSCRIBED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One person to be added, checked."""

    address: Address
    hash: bytes
    name: str
    choice: Choice
    wish: State = State.ACTIVE
    is_suppressed: bool = False  # the list they come from says: never mail them
    paused_until: datetime | None = None
    proof: str = ""  # when they agreed or left, as their list says it


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says of an address before anything is done."""

    id: int
    state: State


def decide(
    entry: Entry, known: Known | None, is_suppressed: bool, has_consent: bool, may_return: bool
) -> Result:
    """Return what has to be done about one person; see this module's rules."""
    if is_suppressed:
        return Result.KNOWN if entry.is_suppressed else Result.STAYS_SUPPRESSED
    if entry.is_suppressed:
        return Result.SUPPRESSED
    is_agreed = has_consent and entry.wish is State.ACTIVE
    if known is None:
        if entry.wish is State.UNSUBSCRIBED:
            return Result.ADDED_UNSUBSCRIBED
        return Result.ADDED if is_agreed else Result.ADDED_PENDING
    if entry.wish is State.UNSUBSCRIBED:
        return Result.KNOWN if known.state is State.UNSUBSCRIBED else Result.UNSUBSCRIBED
    if known.state is State.UNSUBSCRIBED:
        return Result.RETURNED if is_agreed and may_return else Result.STAYS_UNSUBSCRIBED
    return Result.CONFIRMED if known.state is State.PENDING and is_agreed else Result.KNOWN


class Enrolment:
    """Adds people in batches, each in the caller's transaction; remembers signatures between."""

    def __init__(self, consent: Consent, now: datetime, *, may_return: bool = False) -> None:
        self._consent = consent
        self._now = now
        self._may_return = may_return
        self._signatures: dict[tuple[str, str, str, int], int] = {}

    def plan(self, conn: Connection, entries: Sequence[Entry]) -> list[tuple[Result, Known | None]]:
        """Return what `run` would do about each, and who is there already; writes nothing.

        No two entries may have one address.
        """
        known = find_known(conn, [entry.address.key for entry in entries])
        blocked = suppressed(conn, (entry.hash for entry in entries), self._now)
        has_consent = bool(self._consent.wording)
        return [
            (decide(entry, have, entry.hash in blocked, has_consent, self._may_return), have)
            for entry in entries
            for have in (known.get(entry.address.key),)
        ]

    def run(
        self,
        conn: Connection,
        entries: Sequence[Entry],
        plan: Sequence[tuple[Result, Known | None]],
    ) -> None:
        """Do what was planned in the same transaction."""
        fresh = [
            (entry, result)
            for entry, (result, have) in zip(entries, plan, strict=True)
            if have is None and result in NEW_ROWS
        ]
        ids = self._insert(conn, fresh)
        of: dict[Result, list[tuple[int, Entry]]] = {result: [] for result in Result}
        for entry, (result, have) in zip(entries, plan, strict=True):
            subscriber_id = have.id if have else ids.get(entry.address.key)
            if subscriber_id is not None:
                of[result].append((subscriber_id, entry))
        self._subscribe(
            conn, [(ids[key], entry) for entry, _ in fresh if (key := entry.address.key) in ids]
        )
        self._choose_anew(conn, [*of[Result.RETURNED], *_bare(conn, of[Result.CONFIRMED])])
        self._agree(conn, [*of[Result.CONFIRMED], *of[Result.RETURNED]])
        stopped = [*of[Result.UNSUBSCRIBED], *of[Result.SUPPRESSED]]
        self._stop(conn, [subscriber_id for subscriber_id, _ in stopped])
        agreed = (*of[Result.ADDED], *of[Result.CONFIRMED], *of[Result.RETURNED])
        record(conn, _proved(self._consent, agreed), self._now)
        gone = (*of[Result.ADDED_UNSUBSCRIBED], *stopped)
        left = Consent("unsubscribed", self._consent.source, detail=self._consent.detail)
        record(conn, _proved(left, gone), self._now)
        blocked = [
            entry.hash
            for entry, (result, _) in zip(entries, plan, strict=True)
            if result is Result.SUPPRESSED
        ]
        suppress_hashes(
            conn, blocked, self._now, reason=self._consent.source, note=self._consent.detail
        )

    def _insert(self, conn: Connection, fresh: Sequence[tuple[Entry, Result]]) -> dict[str, int]:
        """Insert new people; return their ids by address key."""
        if not fresh:
            return {}
        at = int(self._now.timestamp())
        last = _LAST.run(conn, {})[0][0] or 0
        if len(fresh) > _MANY:  # in the order of an index whose pages are then written once each
            fresh = sorted(fresh, key=_key)
        public_ids = _public_ids(at, len(fresh))
        rows = [
            (public_id, *_row(entry, NEW_ROWS[result], at))
            for public_id, (entry, result) in zip(public_ids, fresh, strict=True)
        ]
        if conn.dialect.name == "sqlite":  # who writes is alone, so the numbers are ours to give
            ids = range(last + 1, last + 1 + len(rows))
            numbered = [(number, *row) for number, row in zip(ids, rows, strict=True)]
            insert_many(conn, _people, ("id", *_COLUMNS), numbered)
            return dict(zip(map(_key, fresh), ids, strict=True))
        insert_many(conn, _people, _COLUMNS, rows, is_lenient=True)
        # Somebody may sign up meanwhile: only our own rows count, and of those that were refused
        # none is found.
        ours = {row[0] for row in rows}
        query = select(_people.c.id, _people.c.public_id, _people.c.address_key)
        return {
            key: subscriber_id
            for subscriber_id, public_id, key in conn.execute(query.where(_people.c.id > last))
            if public_id in ours
        }

    def _subscribe(self, conn: Connection, added: Sequence[tuple[int, Entry]]) -> None:
        set_subscriptions(
            conn,
            (
                (subscriber_id, entry.choice, self._signature(conn, entry.choice))
                for subscriber_id, entry in added
            ),
            self._now,
        )

    def _signature(self, conn: Connection, choice: Choice) -> int:
        key = (choice.languages, choice.kinds, choice.categories, choice.originals)
        found = self._signatures.get(key)
        if found is None:
            if len(self._signatures) > _MOST_SIGNATURES:
                self._signatures.clear()
            found = self._signatures[key] = signature_id(conn, choice)
        return found

    def _choose_anew(self, conn: Connection, people: Sequence[tuple[int, Entry]]) -> None:
        before = {subscriber_id: signed(conn, subscriber_id) for subscriber_id, _ in people}
        for subscriber_id, entry in people:
            old = tables.subscriptions.c.subscriber_id == subscriber_id
            conn.execute(
                update(_people)
                .where(_people.c.id == subscriber_id)
                .values(
                    languages=entry.choice.languages,
                    time_zone=entry.choice.time_zone,
                    originals=entry.choice.originals,
                )
            )
            conn.execute(delete(tables.subscriptions).where(old))
        self._subscribe(conn, people)
        for subscriber_id, had in before.items():
            note_moves(conn, subscriber_id, had, self._now)

    def _agree(self, conn: Connection, agreed: Sequence[tuple[int, Entry]]) -> None:
        at = int(self._now.timestamp())
        change: _Change = {"state": State.ACTIVE.value, "confirmed_at": at, "changed_at": at}
        _update(conn, [subscriber_id for subscriber_id, _ in agreed], change)

    def _stop(self, conn: Connection, ids: Sequence[int]) -> None:
        change: _Change = {
            "state": State.UNSUBSCRIBED.value,
            "changed_at": int(self._now.timestamp()),
        }
        _update(conn, ids, change)


# What makes a new row, and the state it begins with.
NEW_ROWS = {
    Result.ADDED: State.ACTIVE,
    Result.ADDED_PENDING: State.PENDING,
    Result.ADDED_UNSUBSCRIBED: State.UNSUBSCRIBED,
    Result.SUPPRESSED: State.UNSUBSCRIBED,
}


def find_known(conn: Connection, address_keys: Sequence[str]) -> dict[str, Known]:
    """Return who is there already, by address key."""
    found: dict[str, Known] = {}
    query = select(_people.c.address_key, _people.c.id, _people.c.state)
    query = query.where(one_of(conn, _people.c.address_key, address_keys))
    for key, subscriber_id, state in conn.execute(query):
        found[key] = Known(subscriber_id, State(state))
    return found


def find_one(conn: Connection, address_key: str) -> Known | None:
    """Return who has an address."""
    rows = _ONE.run(conn, {"key": address_key})
    return Known(rows[0][0], State(rows[0][1])) if rows else None


_ONE = Prepared(
    lambda _kind: select(_people.c.id, _people.c.state).where(
        _people.c.address_key == bindparam("key")
    )
)
_LAST = Prepared(lambda _kind: select(func.max(_people.c.id)))


def _bare(conn: Connection, people: Sequence[tuple[int, Entry]]) -> list[tuple[int, Entry]]:
    """Return who never chose a digest: an address that a reader wanted to move to and did not."""
    owner = tables.subscriptions.c.subscriber_id
    chosen: set[int] = set()
    for some in in_parts([subscriber_id for subscriber_id, _ in people]):
        chosen.update(conn.scalars(select(owner).where(owner.in_(some)).distinct()))
    return [
        (subscriber_id, entry) for subscriber_id, entry in people if subscriber_id not in chosen
    ]


def _proved(consent: Consent, people: Sequence[tuple[int, Entry]]) -> Iterator[tuple[int, Consent]]:
    """Yield each person's consent with the times that the list they come from knows."""
    for subscriber_id, entry in people:
        own = consent
        if entry.proof:
            own = replace(consent, detail=f"{consent.detail}: {entry.proof}")
        yield subscriber_id, own


def _key(fresh: tuple[Entry, Result]) -> str:
    return fresh[0].address.key


def _public_ids(at: int, count: int) -> Iterator[str]:
    """Yield public ids for one batch.

    They begin with the day and are numbered in a batch, so that those of one import lie together
    in their index: scattered ones cost a page write each once the index has outgrown a batch.
    """
    start = (at // _DAY_SECONDS % 65_536).to_bytes(2, "big") + os.urandom(_RANDOM_BYTES)
    for number in range(count):
        yield urlsafe_b64encode(start + number.to_bytes(_NUMBER_BYTES, "big")).decode()


def _row(entry: Entry, state: State, at: int) -> tuple[str | int | bytes | None, ...]:
    """Return the values of _COLUMNS after the public id."""
    address, choice = entry.address, entry.choice
    return (
        address.text,
        address.key,
        entry.hash,
        entry.name,
        choice.languages,
        choice.time_zone,
        int(entry.paused_until.timestamp()) if entry.paused_until else None,
        choice.originals,
        state.value,
        at,
        at if state is State.ACTIVE else None,
        at,
    )


def _update(conn: Connection, ids: Sequence[int], change: _Change) -> None:
    for some in in_parts(ids):
        conn.execute(update(_people).where(_people.c.id.in_(some)).values(change))
