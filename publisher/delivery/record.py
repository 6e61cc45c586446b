"""Write down what became of a claim; every move of a claimed delivery ends here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, literal, select, update

from publisher.delivery.claim import Claim
from publisher.delivery.ledger import IS_QUEUED, IS_SENDING, seconds
from publisher.delivery.outcome import DEAD_ADDRESS_CODES, Kind, Outcome, without_address
from publisher.delivery.retry import RetryRule
from publisher.delivery.states import State, move
from publisher.delivery.tries import tries
from publisher.ops import log
from publisher.store.tables import attempts, deliveries

MOST_DOUBTS = 3  # messages a server may swallow without a word before a person looks at it

InDoubt = Literal["resend", "hold"]
OnDeadAddress = Callable[[Connection, int, str, datetime], None]
"""Told, in the same transaction, that a subscriber's address is dead: id, code, now."""

_log = log.get("delivery")


def record(
    conn: Connection,
    claimed: Claim,
    outcome: Outcome,
    *,
    now: datetime,
    rule: RetryRule,
    in_doubt: InDoubt,
    on_dead_address: OnDeadAddress | None = None,
) -> State | None:
    """Write down what became of an attempt; return the row's new state.

    None when the row is no longer this claim's: the late result is dropped and logged.
    """
    state, changes = _judge(conn, claimed, outcome, now, rule, in_doubt)
    changes["code"] = outcome.code or None
    if not _change(conn, claimed, state, changes):
        return None
    if outcome.kind is not Kind.ACCEPTED:
        word = State.IN_DOUBT if outcome.kind is Kind.UNKNOWN else outcome.kind
        conn.execute(
            insert(attempts).values(
                delivery_id=claimed.id,
                number=claimed.attempt,
                started_at=seconds(claimed.started_at),
                outcome=str(word),
                code=outcome.code,
                answer=without_address(outcome.text, claimed.recipient.address),
            )
        )
    if outcome.code in DEAD_ADDRESS_CODES and state is State.FAILED and on_dead_address:
        on_dead_address(conn, claimed.recipient.subscriber_id, outcome.code, now)
    return state


def put_back(conn: Connection, claimed: Claim, *, not_before: datetime | None = None) -> None:
    """Return a claim whose message certainly did not leave; the attempt does not count."""
    changes: dict[str, Any] = {"attempts": deliveries.c.attempts - 1}
    if not_before is not None:
        changes["next_at"] = seconds(not_before)
    _change(conn, claimed, State.QUEUED, changes)


def set_aside(conn: Connection, body_id: int, *, until: datetime) -> None:
    """Let every delivery of a body wait; those that wait longer anyway stay as they are."""
    conn.execute(
        update(deliveries)
        .where(
            IS_QUEUED,
            deliveries.c.body_id == body_id,
            deliveries.c.next_at < seconds(until),
        )
        .values(next_at=seconds(until))
    )


def recover(conn: Connection, *, in_doubt: InDoubt, now: datetime) -> int:
    """Take over the rows that a dead sender left `sending`; return how many.

    Only whoever holds the sender's lock may call this: a living sender's row would be sent twice.
    """
    doubtful = move("a delivery", State.SENDING, State.IN_DOUBT)
    wanted = State.QUEUED if in_doubt == "resend" else State.HELD
    told = select(
        deliveries.c.id,
        deliveries.c.attempts,
        literal(seconds(now), attempts.c.started_at.type),
        literal(str(doubtful)),
        literal(""),
        literal("the sender ended before the answer was recorded"),
    ).where(IS_SENDING)
    names = ["delivery_id", "number", "started_at", "outcome", "code", "answer"]
    conn.execute(insert(attempts).from_select(names, told))
    changed = conn.execute(
        update(deliveries)
        .where(IS_SENDING)
        .values(
            state=str(move("a delivery", doubtful, wanted)),
            doubts=deliveries.c.doubts + 1,
            worker=None,
        )
    ).rowcount
    if changed:
        _log.warning("deliveries in doubt after a crash", rows=changed, now=str(wanted))
    return changed


def _judge(
    conn: Connection,
    claimed: Claim,
    outcome: Outcome,
    now: datetime,
    rule: RetryRule,
    in_doubt: InDoubt,
) -> tuple[State, dict[str, Any]]:
    """Decide the new state after an outcome, and what else of the row changes with it."""
    thing = f"delivery {claimed.id}"
    settled = {"settled_at": seconds(now)}
    if outcome.kind is Kind.ACCEPTED:
        remote = outcome.remote_id or None
        return move(thing, State.SENDING, State.SENT), {**settled, "remote_id": remote}
    if outcome.kind is Kind.REFUSED:
        return move(thing, State.SENDING, State.FAILED), settled
    tried = tries(conn, claimed.id)
    again = rule.next_attempt(
        claimed.recipient.subscriber_id, claimed.attempt - tried.before, tried.since or now, now
    )
    if outcome.kind is Kind.DEFERRED:
        if again is None:
            return move(thing, State.SENDING, State.FAILED), settled
        return move(thing, State.SENDING, State.QUEUED), {"next_at": seconds(again) + 1}
    doubts = {"doubts": deliveries.c.doubts + 1}
    doubtful = move(thing, State.SENDING, State.IN_DOUBT)
    if in_doubt == "hold" or again is None or claimed.doubts + 1 >= MOST_DOUBTS:
        return move(thing, doubtful, State.HELD), doubts
    return move(thing, doubtful, State.QUEUED), {**doubts, "next_at": seconds(again) + 1}


def _change(conn: Connection, claimed: Claim, state: State, changes: dict[str, Any]) -> bool:
    changed = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.id == claimed.id,
            deliveries.c.fence == claimed.fence,
            IS_SENDING,
        )
        .values(state=str(state), worker=None, **changes)
    ).rowcount
    if not changed:
        _log.warning("late result dropped", delivery=claimed.id, wanted=str(state))
    return bool(changed)
