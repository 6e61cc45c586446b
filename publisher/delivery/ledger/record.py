"""Write down what became of a claim; every move of a claimed delivery ends here."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Connection,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from publisher.delivery.ledger.claim import Claim
from publisher.delivery.ledger.ledger import IS_QUEUED, IS_SENDING, seconds
from publisher.delivery.ledger.retry import RetryRule
from publisher.delivery.ledger.states import State, move
from publisher.delivery.ledger.tries import tries
from publisher.delivery.outcome import DEAD_ADDRESS_CODES, Kind, Outcome, without_address
from publisher.ops import log
from publisher.store import Prepared, clock_seconds, json_rows
from publisher.store.tables import attempts, deliveries

MOST_DOUBTS = 3  # messages a server may swallow without a word before a person looks at it

InDoubt = Literal["resend", "hold"]
OnDeadAddress = Callable[[Connection, int, str, datetime], None]
"""Told, in the same transaction, that a subscriber's address is dead: id, code, now."""

_log = log.get("delivery")


def record_all(
    conn: Connection,
    done: Sequence[tuple[Claim, Outcome]],
    *,
    now: datetime,
    rule: RetryRule,
    in_doubt: InDoubt,
    on_dead_address: OnDeadAddress | None = None,
) -> list[State | None]:
    """Write down what became of several attempts; return each row's new state, as `record` does."""
    accepted = [one for one in done if one[1].kind is Kind.ACCEPTED]
    sent = _record_sent(conn, accepted, now)
    states: list[State | None] = []
    for claimed, outcome in done:
        if outcome.kind is Kind.ACCEPTED:
            states.append(State.SENT if claimed.id in sent else None)
            continue
        state = record(
            conn,
            claimed,
            outcome,
            now=now,
            rule=rule,
            in_doubt=in_doubt,
            on_dead_address=on_dead_address,
        )
        states.append(state)
    return states


def _record_sent(
    conn: Connection, accepted: Sequence[tuple[Claim, Outcome]], now: datetime
) -> set[int]:
    """Write down what was accepted; return which rows are sent now, by this very claim."""
    if not accepted:
        return set()
    said = [
        (claimed.id, claimed.fence, outcome.code or None, outcome.remote_id or None)
        for claimed, outcome in accepted
    ]
    changed = _SENT.run(conn, {"said": json.dumps(said), "now": seconds(now)})
    sent = {row_id for (row_id,) in changed}
    if len(sent) < len(accepted):
        for claimed, _ in accepted:
            if claimed.id in sent:
                continue
            if _is_sent(conn, claimed):
                sent.add(claimed.id)
            else:
                _tell_late(claimed, State.SENT)
    return sent


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


def put_back(conn: Connection, claimed: Claim, *, not_before: datetime | None = None) -> bool:
    """Return a claim whose message certainly did not leave; the attempt does not count."""
    changes: dict[str, Any] = {"attempts": deliveries.c.attempts - 1}
    if not_before is not None:
        changes["next_at"] = seconds(not_before)
    return _change(conn, claimed, State.QUEUED, changes)


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


def recover(
    conn: Connection, *, in_doubt: InDoubt, now: datetime, only_ended_leases: bool = False
) -> int:
    """Take over the rows that a dead sender left `sending`; return how many.

    only_ended_leases  leave those whose worker may be alive; without it only whoever holds the
                       sender's lock may call this: a living sender's row would be sent twice
    """
    theirs = IS_SENDING
    if only_ended_leases:
        until = func.coalesce(deliveries.c.lease_until_at, 0)
        theirs = and_(IS_SENDING, until <= clock_seconds(conn.dialect.name))
    doubtful = move("a delivery", State.SENDING, State.IN_DOUBT)
    wanted = State.QUEUED if in_doubt == "resend" else State.HELD
    # A worker may be frozen in the middle of writing some of its rows down: whoever waited for
    # these would take over none of the others until it is thawed.
    free = select(deliveries.c.id).where(theirs).with_for_update(skip_locked=True)
    changed = conn.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(free))
        .values(
            state=str(move("a delivery", doubtful, wanted)),
            doubts=deliveries.c.doubts + 1,
            worker=None,
            lease_until_at=None,
        )
        .returning(deliveries.c.id, deliveries.c.attempts)
    ).all()
    if not changed:
        return 0
    conn.execute(
        insert(attempts),
        [
            {
                "delivery_id": row.id,
                "number": row.attempts,
                "started_at": seconds(now),
                "outcome": str(doubtful),
                "code": "",
                "answer": "the sender ended before the answer was recorded",
            }
            for row in changed
        ],
    )
    _log.warning("deliveries in doubt after a crash", rows=len(changed), now=str(wanted))
    return len(changed)


def keep_leases(conn: Connection, worker: str, lease: timedelta) -> None:
    """Begin the lease of every row that a worker has marked anew."""
    length = int(lease.total_seconds())
    conn.execute(
        update(deliveries)
        .where(IS_SENDING, deliveries.c.worker == worker)
        .values(lease_until_at=clock_seconds(conn.dialect.name) + length)
    )


def let_go(conn: Connection, worker: str, under_way: Sequence[int]) -> int:
    """Put back the rows marked by a worker that it does not know of; return how many.

    A commit whose answer was lost with the database may have marked them; nothing of them left.
    """
    mine = and_(IS_SENDING, deliveries.c.worker == worker)
    if under_way:
        mine = and_(mine, deliveries.c.id.not_in(under_way))
    return conn.execute(
        update(deliveries)
        .where(mine)
        .values(
            state=str(move("a delivery", State.SENDING, State.QUEUED)),
            attempts=deliveries.c.attempts - 1,
            worker=None,
            lease_until_at=None,
        )
    ).rowcount


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
        .values(state=str(state), worker=None, lease_until_at=None, **changes)
    ).rowcount
    if not changed:
        _tell_late(claimed, state)
    return bool(changed)


def _tell_late(claimed: Claim, state: State) -> None:
    _log.warning("late result dropped", delivery=claimed.id, wanted=str(state))


def _is_sent(conn: Connection, claimed: Claim) -> bool:
    """Whether this very answer stands there already: the database may have gone after a commit."""
    row = conn.execute(
        select(deliveries.c.state, deliveries.c.fence).where(deliveries.c.id == claimed.id)
    ).one()
    return bool(row.state == State.SENT and row.fence == claimed.fence)


def _sent(kind: str) -> ReturningUpdate[Any]:
    said = json_rows(kind, "said", (BigInteger, BigInteger, Text, Text))
    row_id, fence, code, remote_id = said
    return (
        update(deliveries)
        .where(deliveries.c.id == row_id, deliveries.c.fence == fence, IS_SENDING)
        .values(
            state=literal_column(f"'{move('a delivery', State.SENDING, State.SENT)}'"),
            settled_at=bindparam("now"),
            code=code,
            remote_id=remote_id,
            worker=null(),
            lease_until_at=null(),
        )
        .returning(deliveries.c.id)
    )


_SENT = Prepared(_sent)
