"""Look at the ledger's rows, few or a million: which there are, with attempts and answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from publisher.delivery.ledger.ledger import LETTERS, moment
from publisher.delivery.ledger.states import STOPPED_CODES, State
from publisher.delivery.ledger.tries import Attempt, attempts_of
from publisher.store.tables import deliveries, subscribers

PAGE = 1000  # rows whose attempts are fetched at once

_state, _code = deliveries.c.state, func.coalesce(deliveries.c.code, "")
IS_STOPPED = and_(_state == State.HELD, _code.in_(STOPPED_CODES))
IS_IN_DOUBT = or_(_state == State.IN_DOUBT, and_(_state == State.HELD, _code.not_in(STOPPED_CODES)))
_WAITS = _state.in_([State.QUEUED, State.SENDING])
_IS_DOUBTED = deliveries.c.doubts > 0
# What can be asked for: the states, and three questions that are no state. "in-doubt" is who may
# have it and waits for somebody to decide; "doubted" is who may have got it twice.
LOOK = "look"  # all that somebody should look at
_MEANINGS: dict[str, ColumnElement[bool]] = {
    **{str(state): _state == state for state in State if state is not State.IN_DOUBT},
    "in-doubt": IS_IN_DOUBT,
    "waiting": _WAITS,
    "doubted": _IS_DOUBTED,
    LOOK: or_(_state.in_([State.FAILED, State.HELD, State.IN_DOUBT]), _IS_DOUBTED),
}
WORDS = tuple(word for word in _MEANINGS if word != LOOK)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows somebody means; all of them unless it says otherwise."""

    purposes: tuple[str, ...] | None = None  # None: every purpose
    word: str = ""  # one of WORDS, or LOOK
    subscriber_ids: tuple[int, ...] | None = None  # None: everybody

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a statement about these rows must say."""
        found: list[ColumnElement[bool]] = []
        if self.purposes is not None:
            found.append(deliveries.c.purpose.in_(self.purposes))
        if self.word:
            found.append(_MEANINGS[self.word])
        if self.subscriber_ids is not None:
            found.append(deliveries.c.subscriber_id.in_(self.subscriber_ids))
        return found


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One delivery, as somebody who looks after it needs it."""

    id: int
    purpose: str
    address: str  # "" of who was erased
    state: str
    code: str  # of the last answer, who stopped it, or why it was skipped
    attempts: int
    doubts: int  # how often no answer came, so that they may have got it
    queued_at: datetime
    next_at: datetime | None  # when it is next tried; only of one that waits
    settled_at: datetime | None
    remote_id: str
    bounced_at: datetime | None
    complained_at: datetime | None
    failures: tuple[Attempt, ...]

    @property
    def is_stopped(self) -> bool:
        """Whether somebody stopped it, unlike one that is held because it is in doubt."""
        return self.state == State.HELD and self.code in STOPPED_CODES


def rows(
    conn: Connection,
    selection: Selection,
    *,
    limit: int | None = None,
    is_worst_first: bool = False,
) -> Iterator[LedgerRow]:
    """Walk through the rows of a selection, oldest first, in bounded memory.

    limit           at most so many
    is_worst_first  those that somebody should look at before all others
    """
    query = _query(selection).limit(limit)
    first = [_MEANINGS[LOOK].desc()] if is_worst_first else []
    found = conn.execute(
        query.order_by(*first, deliveries.c.id), execution_options={"yield_per": PAGE}
    )
    for page in found.partitions():
        history = attempts_of(conn, [row.id for row in page if row.attempts])
        yield from (_row(row, history) for row in page)


def row_count(conn: Connection, selection: Selection) -> int:
    """Return how many rows a selection has."""
    query = select(func.count()).select_from(deliveries).where(*selection.conditions())
    return conn.execute(query).scalar_one()


def letter_purposes(conn: Connection) -> tuple[str, ...]:
    """Return what letters were for: `confirm:491234`, `welcome`."""
    query = select(deliveries.c.purpose).where(deliveries.c.priority == LETTERS).distinct()
    return tuple(conn.scalars(query.order_by(deliveries.c.purpose)))


def people_of(conn: Connection, address_keys: Sequence[str]) -> dict[str, int]:
    """Return the subscriber's number of each address that somebody here has."""
    mine = subscribers.c.address_key.in_(address_keys)
    found = conn.execute(select(subscribers.c.address_key, subscribers.c.id).where(mine))
    return {row.address_key: row.id for row in found}


def _query(selection: Selection) -> Select[Any]:
    return (
        select(deliveries, subscribers.c.address)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(*selection.conditions())
    )


def _row(row: Row[Any], history: Mapping[int, tuple[Attempt, ...]]) -> LedgerRow:
    return LedgerRow(
        id=row.id,
        purpose=row.purpose,
        address=row.address or "",
        state=row.state,
        code=row.code or "",
        attempts=row.attempts,
        doubts=row.doubts,
        queued_at=moment(row.queued_at),
        next_at=moment(row.next_at) if row.state == State.QUEUED else None,
        settled_at=_moment(row.settled_at),
        remote_id=row.remote_id or "",
        bounced_at=_moment(row.bounced_at),
        complained_at=_moment(row.complained_at),
        failures=history.get(row.id, ()),
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment(seconds)
