"""What a person was at some moment of the past: subscribed, paused, gone; read from the records."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from publisher.digests.stories import moment_of
from publisher.store.tables import consents, subscribers, subscriptions, suppressions

_AGREED = ("added", "imported", "confirmed")
_LEFT, _CHANGED = "unsubscribed", "changed"


class Why(StrEnum):
    """Why somebody has no mail of an edition."""

    MISSED = "missed"  # nobody's: the slot passed by
    CANCELLED = "cancelled"  # nobody's: an editor said so
    NOT_OPENED = "not opened"  # nobody's yet
    JOINED_AFTER = "joined after"
    PENDING = "pending"  # had not agreed
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    PAUSED = "paused"
    NOT_SUBSCRIBED = "not subscribed"
    LEFT_DIGEST = "left the digest"
    NOTHING_NEW = "nothing new"
    CHOSE_LATER = "chose otherwise then"
    FOLDED = "folded"  # what became of it was long ago, and only numbers are kept
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the record of consents."""

    happened_at: datetime
    act: str
    source: str
    wording: str
    detail: str

    @property
    def is_leaving(self) -> bool:
        """Whether they left altogether: an import's detail is its file, else it is one digest."""
        return self.act == _LEFT and (not self.detail or self.source == "import")


@dataclass(frozen=True, slots=True)
class SuppressionFacts:
    """Why an address is never mailed."""

    reason: str
    since_at: datetime
    until_at: datetime | None
    note: str

    def holds(self, moment: datetime) -> bool:
        """Return whether it is or was in force."""
        return self.since_at <= moment and (self.until_at is None or self.until_at > moment)


@dataclass(frozen=True, slots=True)
class Wish:
    """One subscription."""

    digest: str
    is_active: bool
    kinds: tuple[str, ...]  # none: all
    categories: tuple[str, ...]  # none: all
    changed_at: datetime
    moved_at: datetime | None  # when they last chose otherwise


@dataclass(frozen=True, slots=True)
class History:
    """A person, as far as it matters to who gets what when."""

    id: int
    public_id: str
    address: str
    state: str
    languages: tuple[str, ...]
    time_zone: str
    originals: bool
    created_at: datetime
    confirmed_at: datetime | None
    paused_until: datetime | None
    acts: tuple[Act, ...]  # oldest first
    wishes: tuple[Wish, ...]
    suppression: SuppressionFacts | None

    def why_not(self, digest: str, moment: datetime) -> tuple[Why | None, datetime | None]:
        """Return what kept them from an edition's readers at a moment, and since when.

        None when nothing did.
        """
        if self.created_at > moment:
            return Why.JOINED_AFTER, self.created_at
        if self.suppression and self.suppression.holds(moment):
            return Why.SUPPRESSED, self.suppression.since_at
        past = [act for act in self.acts if act.happened_at <= moment]
        standing = [act for act in past if act.act in _AGREED or act.is_leaving]
        if standing and standing[-1].is_leaving:
            return Why.UNSUBSCRIBED, standing[-1].happened_at
        if not standing and (self.confirmed_at is None or self.confirmed_at > moment):
            return Why.PENDING, self.confirmed_at
        why = self._not_of(digest, moment, past)
        if why:
            return why
        if self.paused_until and self.paused_until > moment:
            return Why.PAUSED, self.paused_until
        return None, None

    def _not_of(
        self, digest: str, moment: datetime, past: list[Act]
    ) -> tuple[Why, datetime | None] | None:
        wish = next((one for one in self.wishes if one.digest == digest), None)
        if wish is None:
            return Why.NOT_SUBSCRIBED, None
        mine = [act for act in self.acts if act.detail == digest and act.source != "import"]
        before = [act for act in mine if act in past]
        if before and before[-1].act == _LEFT:
            return Why.LEFT_DIGEST, before[-1].happened_at
        later = [act for act in mine if act not in past]
        if not before and later and later[0].act == _CHANGED:
            return Why.NOT_SUBSCRIBED, later[0].happened_at
        if not wish.is_active and wish.changed_at <= moment:
            return Why.LEFT_DIGEST, wish.changed_at
        return None


def history_of(conn: Connection, row: Row[Any]) -> History:
    """Return the history of a row of subscribers."""
    return History(
        id=row.id,
        public_id=row.public_id,
        address=row.address or "",
        state=row.state,
        languages=tuple(row.languages.split()),
        time_zone=row.time_zone,
        originals=bool(row.originals),
        created_at=moment_of(row.created_at),
        confirmed_at=_moment(row.confirmed_at),
        paused_until=_moment(row.paused_until),
        acts=_acts(conn, row.id),
        wishes=_wishes(conn, row.id),
        suppression=suppression_of(conn, row.address_hash),
    )


def suppression_of(conn: Connection, address_hash: bytes) -> SuppressionFacts | None:
    """Return why an address is suppressed, or was for a time; None when it never was."""
    row = conn.execute(
        select(suppressions).where(suppressions.c.address_hash == address_hash)
    ).one_or_none()
    if row is None:
        return None
    return SuppressionFacts(row.reason, moment_of(row.since_at), _moment(row.until_at), row.note)


def row_of(conn: Connection, address_key: str, address_hash: bytes | None) -> Row[Any] | None:
    """Return the row of an address; by its hash also that of somebody who was erased."""
    found = conn.execute(
        select(subscribers).where(subscribers.c.address_key == address_key)
    ).one_or_none()
    if found is None and address_hash is not None:
        found = conn.execute(
            select(subscribers).where(subscribers.c.address_hash == address_hash).limit(1)
        ).one_or_none()
    return found


def _acts(conn: Connection, subscriber_id: int) -> tuple[Act, ...]:
    rows = conn.execute(
        select(consents).where(consents.c.subscriber_id == subscriber_id).order_by(consents.c.id)
    )
    return tuple(
        Act(moment_of(row.happened_at), row.act, row.source, row.wording, row.detail)
        for row in rows
    )


def _wishes(conn: Connection, subscriber_id: int) -> tuple[Wish, ...]:
    rows = conn.execute(
        select(subscriptions)
        .where(subscriptions.c.subscriber_id == subscriber_id)
        .order_by(subscriptions.c.digest)
    )
    return tuple(
        Wish(
            row.digest,
            bool(row.active),
            tuple(row.kinds.split()),
            tuple(row.categories.split()),
            moment_of(row.changed_at),
            _moment(row.moved_at),
        )
        for row in rows
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment_of(seconds)
