"""A row's history: what was tried and did not succeed, and since when it is tried anew.

An operator's `retry` forgets nothing. It leaves a line among the attempts, numbered with a minus
after the last of them: -3 stands behind attempt 3, and what came before it no longer counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, literal, select

from publisher.delivery.ledger.ledger import moment, seconds
from publisher.store import insert_into
from publisher.store.tables import attempts, deliveries

RETRIED = "retried"  # the outcome of a line that is no attempt


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try that did not succeed, or somebody's wish to try anew."""

    number: int  # of a wish: the attempts made before it
    started_at: datetime
    outcome: str  # deferred, refused, in doubt; or retried
    code: str
    answer: str  # what the server said; the address stands as <recipient>

    @property
    def is_retry(self) -> bool:
        """Whether this is no attempt, but somebody's wish to try anew."""
        return self.outcome == RETRIED


@dataclass(frozen=True, slots=True)
class Tries:
    """What of a row's history counts for its next try."""

    before: int  # attempts made before somebody let it be tried anew
    # When the first of the others began; None before it. Not when the row was queued: an outage of
    # ours before the first try uses up nothing.
    since: datetime | None


def tries(conn: Connection, delivery_id: int) -> Tries:
    """Return how often and since when a row is tried, counted from the last `retry`."""
    rows = conn.execute(
        select(attempts.c.number, attempts.c.started_at).where(
            attempts.c.delivery_id == delivery_id
        )
    ).all()
    before = -min((row.number for row in rows if row.number <= 0), default=0)
    counted = [row.started_at for row in rows if row.number > before]
    return Tries(before, moment(min(counted)) if counted else None)


def try_anew(conn: Connection, which: Sequence[ColumnElement[bool]], now: datetime) -> None:
    """Note that rows are tried anew from now on; said twice, it is noted once."""
    noted = select(
        deliveries.c.id,
        -deliveries.c.attempts,
        literal(seconds(now), attempts.c.started_at.type),
        literal(RETRIED),
        literal(""),
        literal(""),
    ).where(*which)
    names = ["delivery_id", "number", "started_at", "outcome", "code", "answer"]
    statement = insert_into(conn, attempts).from_select(names, noted)
    conn.execute(statement.on_conflict_do_nothing(index_elements=["delivery_id", "number"]))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why some deliveries of a purpose failed: what receivers said, and to how many."""

    code: str  # "5.1.1"; "" when nobody answered
    answer: str  # one of their answers
    deliveries: int


def failures_of(conn: Connection, purpose: str) -> tuple[Failure, ...]:
    """Return why deliveries of a purpose failed, the most frequent reason first."""
    last = and_(
        attempts.c.delivery_id == deliveries.c.id, attempts.c.number == deliveries.c.attempts
    )
    code, number = func.coalesce(deliveries.c.code, ""), func.count(deliveries.c.id)
    rows = conn.execute(
        select(code, func.max(attempts.c.answer), number)
        .select_from(deliveries.join(attempts, last, isouter=True))
        .where(deliveries.c.purpose == purpose, deliveries.c.state == "failed")
        .group_by(code)
        .order_by(number.desc(), code)
    )
    return tuple(Failure(code, answer or "", count) for code, answer, count in rows)


def attempts_of(conn: Connection, numbers: Sequence[int]) -> Mapping[int, tuple[Attempt, ...]]:
    """Return the history of each row that has one, in the order in which it happened."""
    if not numbers:
        return {}
    rows = conn.execute(select(attempts).where(attempts.c.delivery_id.in_(numbers))).all()
    found: dict[int, tuple[Attempt, ...]] = {}
    for row in sorted(rows, key=lambda row: (abs(row.number), row.number <= 0)):
        started_at = moment(row.started_at)
        one = Attempt(abs(row.number), started_at, row.outcome, row.code, row.answer)
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), one)
    return found
