"""Stop what waits for one purpose, let it go on, or call it off; what left before stays gone."""

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from publisher.delivery.ledger.ledger import IS_QUEUED
from publisher.delivery.ledger.states import (
    CANCELLED_CODE,
    HELD_CODE,
    RESTORED_CODE,
    STOPPED_CODES,
    State,
    move,
)
from publisher.store.tables import deliveries, folded

_is_gone = or_(
    deliveries.c.state.in_([State.SENT, State.SENDING, State.IN_DOUBT]), deliveries.c.doubts > 0
)
_is_held = deliveries.c.state == State.HELD
_is_stopped = _is_held & deliveries.c.code.in_([HELD_CODE, RESTORED_CODE])
_is_stopped_by_anybody = _is_held & deliveries.c.code.in_(STOPPED_CODES)


def hold(conn: Connection, purpose: str) -> int:
    """Stop every waiting delivery of a purpose; return how many are stopped by now."""
    wanted = str(move("a delivery", State.QUEUED, State.HELD))
    mine = deliveries.c.purpose == purpose
    conn.execute(update(deliveries).where(mine, IS_QUEUED).values(state=wanted, code=HELD_CODE))
    return conn.execute(select(func.count()).where(mine, _is_stopped)).scalar_one()


def release(conn: Connection, purpose: str) -> int:
    """Let the deliveries that `hold` stopped wait for their time again; return how many.

    Rows that were stopped one by one stay so: see `acts`.
    """
    wanted = str(move("a delivery", State.HELD, State.QUEUED))
    return conn.execute(
        update(deliveries)
        .where(deliveries.c.purpose == purpose, _is_stopped)
        .values(state=wanted, code=None)
    ).rowcount


def call_off(conn: Connection, purpose: str, at: int) -> int:
    """Let no waiting delivery of a purpose ever leave; return how many there were.

    at   unix seconds
    """
    wanted = str(move("a delivery", State.QUEUED, State.SKIPPED))
    return conn.execute(
        update(deliveries)
        .where(deliveries.c.purpose == purpose, or_(IS_QUEUED, _is_stopped_by_anybody))
        .values(state=wanted, code=CANCELLED_CODE, settled_at=at)
    ).rowcount


def gone(conn: Connection, purpose: str) -> int:
    """Return how many messages of a purpose left, may have left, or are leaving now."""
    mine, left = deliveries.c.purpose == purpose, _left_long_ago(purpose)
    old = select(func.coalesce(func.sum(folded.c.deliveries), 0)).where(left)
    counted = conn.execute(select(func.count()).where(mine, _is_gone)).scalar_one()
    return counted + int(conn.execute(old).scalar_one())


def is_gone(conn: Connection, purpose: str) -> bool:
    """Return whether `gone` would count any message; ends at the first."""
    mine, left = deliveries.c.purpose == purpose, _left_long_ago(purpose)
    found = select(deliveries.c.id).where(mine, _is_gone).limit(1)
    old = select(folded.c.body_id).where(left).limit(1)
    return conn.execute(found).first() is not None or conn.execute(old).first() is not None


def is_waiting(conn: Connection, purpose: str) -> bool:
    """Return whether any delivery of a purpose waits for its time."""
    # An expression, so that SQLite looks through what is queued, and not through all of a purpose.
    mine = deliveries.c.purpose + "" == purpose
    return conn.execute(select(deliveries.c.id).where(mine, IS_QUEUED).limit(1)).first() is not None


def _left_long_ago(purpose: str) -> ColumnElement[bool]:
    return (folded.c.purpose == purpose) & (folded.c.state == State.SENT)
