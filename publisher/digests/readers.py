"""Who may get mail of a digest, what they ask for, who chose otherwise lately and what those had.

Chunks of an opening walk readers in the order of their numbers. SQLite would rather go by an index
on a column that few values share, and so look at all readers for each chunk: `_Walked` keeps it
from that (measured: to find 250,000 of 1,000,000 in five chunks 1.3 s with it, 0.4 s without).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    Table,
    Text,
    and_,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from publisher import delivery
from publisher.digests.rule import Preferences
from publisher.digests.select import spoken
from publisher.digests.stories import unix
from publisher.store.tables import (
    deliveries,
    editions,
    offered,
    segments,
    signatures,
    subscribers,
    subscriptions,
    suppressions,
)

_AT_ONCE = 500  # readers asked about in one statement
_PAGE = 5_000  # rows held in memory at a time


class _Walked(FunctionElement[str]):
    """A column whose index SQLite is not to use; PostgreSQL chooses well by itself."""

    inherit_cache = True
    type = Text()


@compiles(_Walked)
def _compile_walked(element: _Walked, compiler: Any, **options: Any) -> str:
    sign = "+" if compiler.dialect.name == "sqlite" else ""
    return sign + str(compiler.process(element.clauses, **options))


Asked = ColumnElement[Any] | Table


@dataclass(frozen=True, slots=True)
class Span:
    """A run of subscriber numbers: after the first, up to the second."""

    after: int
    through: int
    is_last: bool = False  # whether nobody comes after it

    def __contains__(self, number: int) -> bool:
        return self.after < number <= self.through

    def holds(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that a column's number is one of these."""
        return and_(column > self.after, column <= self.through)


@dataclass(frozen=True, slots=True)
class Readers:
    """Those who may get mail of a digest at a moment; the sender asks again before each message.

    They are two kinds: most are served by what they ask for, movers by what each had before.
    """

    digest: str
    now: datetime
    moved_since: int  # who chose otherwise after it is a mover

    def within(self, span: Span | None, *columns: Asked, are_movers: bool = False) -> Select[Any]:
        """Select from subscribers and subscriptions of those in a span, None: of all."""
        mine = subscriptions.c.subscriber_id == subscribers.c.id
        chosen = (
            select(*columns)
            .select_from(subscribers.join(subscriptions, mine))
            .where(self._subscribes(is_walked=not are_movers), self._is_kind(are_movers))
            .where(self._may_get_mail())
        )
        if span is None:
            return chosen
        both = span.holds(subscribers.c.id), span.holds(subscriptions.c.subscriber_id)
        return chosen.where(*both)

    def signatures(self) -> Select[Any]:
        """Select the signatures of all who are no movers, each once."""
        somebody = (
            exists()
            .where(subscriptions.c.signature_id == signatures.c.id)
            .where(subscribers.c.id == subscriptions.c.subscriber_id)
            .where(self._subscribes(is_walked=False), self._is_kind(False), self._may_get_mail())
        )
        return select(signatures).where(somebody)

    def movers(self, conn: Connection) -> Iterator[Row[Any]]:
        """Yield a signature's columns and `subscriber_id` of each mover."""
        number = subscribers.c.id.label("subscriber_id")
        chosen = self.within(None, number, signatures, are_movers=True)
        rows = conn.execute(
            chosen.where(signatures.c.id == subscriptions.c.signature_id),
            execution_options={"yield_per": _PAGE},
        )
        yield from rows

    def _subscribes(self, *, is_walked: bool) -> ColumnElement[bool]:
        digest: ColumnElement[str] = subscriptions.c.digest
        if is_walked:
            digest = _Walked(digest)
        return and_(digest == self.digest, subscriptions.c.active == 1)

    def _is_kind(self, are_movers: bool) -> ColumnElement[bool]:
        moved_at = subscriptions.c.moved_at
        if are_movers:
            return moved_at > self.moved_since
        return or_(moved_at.is_(None), moved_at <= self.moved_since)

    def _may_get_mail(self) -> ColumnElement[bool]:
        until_at, paused_until = suppressions.c.until_at, subscribers.c.paused_until
        is_suppressed = exists().where(
            suppressions.c.address_hash == subscribers.c.address_hash,
            or_(until_at.is_(None), until_at > unix(self.now)),
        )
        return and_(
            _Walked(subscribers.c.state) == "active",
            or_(paused_until.is_(None), paused_until <= unix(self.now)),
            ~is_suppressed,
        )


def first_languages(
    conn: Connection, digest: str, now: datetime, site_languages: Sequence[str]
) -> dict[str, int]:
    """Return how many get mail of a digest in each of the site's languages, their first of them.

    Those who read none of them count for the site's first.
    """
    readers = Readers(digest, now, unix(now))
    counts: Counter[str] = Counter()
    for are_movers in (False, True):
        chosen = readers.within(None, signatures.c.languages, func.count(), are_movers=are_movers)
        mine = chosen.where(signatures.c.id == subscriptions.c.signature_id)
        for text, number in conn.execute(mine.group_by(signatures.c.languages)):
            served = spoken(_words(text), site_languages)
            counts[served[0] if served else site_languages[0]] += number
    return {tag: counts[tag] for tag in site_languages}


def preferences_of(row: Row[Any]) -> Preferences:
    """Return the preferences of a row that has a signature's columns."""
    return Preferences(
        _words(row.languages), _words(row.kinds), tuple(row.categories.split()), bool(row.originals)
    )


def span_after(conn: Connection, through: int, size: int) -> Span | None:
    """Return the span of the next subscribers, of all states; None when nobody is left."""
    rest = select(subscribers.c.id).where(subscribers.c.id > through).order_by(subscribers.c.id)
    upto: int | None = conn.scalar(rest.offset(size - 1).limit(1))
    if upto is not None:
        return Span(through, upto)
    last = conn.scalar(select(func.max(subscribers.c.id)).where(subscribers.c.id > through))
    return None if last is None else Span(through, last, is_last=True)


def had(conn: Connection, digest: str, readers: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return the keys that each of these readers was sent by a digest."""
    found: dict[int, set[str]] = defaultdict(set)
    keys: dict[int, frozenset[str]] = {}
    for start in range(0, len(readers), _AT_ONCE):
        mails = _mails(readers[start : start + _AT_ONCE]).subquery()
        rows = conn.execute(
            select(mails.c.subscriber_id, segments.c.body_id, segments.c["items"])
            .join(segments, segments.c.body_id == mails.c.body_id)
            .join(editions, editions.c.id == segments.c.edition_id)
            .where(editions.c.digest == digest)
        )
        for number, body, items in rows:
            if body not in keys:
                keys[body] = frozenset(part[0] for part in json.loads(items))
            found[number] |= keys[body]
    return {number: frozenset(kept) for number, kept in found.items()}


def _mails(readers: Sequence[int]) -> CompoundSelect[Any]:
    """Select which bodies these readers were sent: by the ledger, and by what is kept of old ones."""
    recent = select(deliveries.c.subscriber_id, deliveries.c.body_id).where(
        deliveries.c.subscriber_id.in_(readers),
        deliveries.c.state != str(delivery.State.SKIPPED),
    )
    old = select(offered.c.subscriber_id, offered.c.body_id)
    return union_all(recent, old.where(offered.c.subscriber_id.in_(readers)))


def pages(rows: Iterator[Row[Any]]) -> Iterator[Collection[Row[Any]]]:
    """Yield rows in lists short enough to hold."""
    page: list[Row[Any]] = []
    for row in rows:
        page.append(row)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


# Few orders of languages and sets of kinds stand in very many signatures: they share their tuples.
@lru_cache(maxsize=4_096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())
