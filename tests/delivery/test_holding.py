"""What waits can be stopped, let go and called off; what left or may have left is another matter."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from publisher import delivery
from publisher.delivery import Kind, Outcome, State
from publisher.delivery.ledger.claim import claim
from publisher.delivery.ledger.record import record, recover
from publisher.delivery.ledger.retry import RetryRule
from publisher.store import read, write
from publisher.store.tables import deliveries, editions, segments
from tests.delivery.world import QUEUED, add_people, open_edition

PURPOSE = "edition:1"
AT = int(QUEUED.timestamp())
LATER = QUEUED + timedelta(hours=1)


@pytest.fixture
def queue(db):
    """Four deliveries of edition 1, whose row is there as the room above writes it."""
    add_people(db, 4)
    body = open_edition(db)
    with write(db) as conn:
        conn.execute(
            insert(editions).values(
                id=1,
                digest="weekly",
                slot="2026-03-03T07:00",
                state="sending",
                due_at=AT,
                frozen="{}",
                opened_at=AT,
            )
        )
        segment = {"edition_id": 1, "body_id": body, "language": "en", "items": "[]"}
        conn.execute(insert(segments).values(**segment, recipients=4))
    return db


def put(engine, row: int, state: str, **more) -> None:
    with write(engine) as conn:
        rows = update(deliveries).where(deliveries.c.id == row)
        conn.execute(rows.values(state=state, **more))


def states(engine) -> list[str]:
    """Each row's state, with the code of those that were stopped or called off."""
    with read(engine) as conn:
        rows = conn.execute(select(deliveries).order_by(deliveries.c.id)).all()
    return [
        f"{row.state}: {row.code}" if row.code in ("held", "cancelled") else row.state
        for row in rows
    ]


def decide(engine, state: str) -> None:
    """Stop the edition as the room above does."""
    with write(engine) as conn:
        conn.execute(update(editions).values(state=state))
        if state == "held":
            delivery.hold(conn, PURPOSE)
        else:
            delivery.call_off(conn, PURPOSE, AT)


def take(engine):
    with write(engine) as conn:
        claims, _ = claim(conn, worker="w", now=LATER)
        return claims[0] if claims else None


def test_what_waits_is_stopped_and_what_left_stays_gone(queue):
    put(queue, 1, "sent")
    put(queue, 2, "failed")
    with write(queue) as conn:
        assert delivery.hold(conn, PURPOSE) == 2
        assert delivery.hold(conn, PURPOSE) == 2  # said again: as many are stopped
        assert delivery.gone(conn, PURPOSE) == 1
    assert states(queue) == ["sent", "failed", "held: held", "held: held"]
    assert take(queue) is None


def test_released_rows_wait_for_their_time_again(queue):
    with write(queue) as conn:
        delivery.hold(conn, PURPOSE)
        assert delivery.release(conn, PURPOSE) == 4
        assert delivery.release(conn, PURPOSE) == 0
    assert states(queue) == ["queued"] * 4


def test_a_row_held_in_doubt_is_let_go_by_nobody_here(queue):
    put(queue, 1, "held", doubts=1, code="")
    put(queue, 2, "held", doubts=1)
    with write(queue) as conn:
        assert delivery.hold(conn, PURPOSE) == 2
        assert delivery.release(conn, PURPOSE) == 2
    assert states(queue) == ["held", "held", "queued", "queued"]
    with write(queue) as conn:
        assert delivery.call_off(conn, PURPOSE, AT) == 2
        assert delivery.gone(conn, PURPOSE) == 2  # they may have it
    assert states(queue) == ["held", "held", "skipped: cancelled", "skipped: cancelled"]


def test_called_off_is_what_waits_and_what_was_stopped(queue):
    put(queue, 1, "sent")
    put(queue, 2, "held", code="held")
    with write(queue) as conn:
        assert delivery.call_off(conn, PURPOSE, AT) == 3
        assert delivery.call_off(conn, PURPOSE, AT) == 0
        assert delivery.release(conn, PURPOSE) == 0
    assert states(queue) == ["sent", *["skipped: cancelled"] * 3]


def test_a_message_under_way_counts_as_gone(queue):
    put(queue, 1, "sending")
    put(queue, 2, "in doubt", doubts=1)
    put(queue, 3, "queued", doubts=1)  # once in doubt, and waiting to be sent again
    with write(queue) as conn:
        assert delivery.gone(conn, PURPOSE) == 3


def test_other_purposes_are_left_alone(queue):
    open_edition(queue, "edition:2")
    with write(queue) as conn:
        delivery.hold(conn, "edition:2")
        assert delivery.call_off(conn, "edition:3", AT) == 0
    assert states(queue) == [*["queued"] * 4, *["held: held"] * 4]


@pytest.mark.parametrize(
    ("state", "expected"), [("held", "held: held"), ("cancelled", "skipped: cancelled")]
)
def test_what_was_under_way_when_it_was_stopped_does_not_slip_out_afterwards(
    queue, state, expected
):
    claimed = take(queue)
    decide(queue, state)
    with write(queue) as conn:
        outcome = Outcome(Kind.DEFERRED, "4.2.0", "later")
        record(conn, claimed, outcome, now=QUEUED, rule=RetryRule(), in_doubt="resend")
    assert states(queue)[0] == "queued"
    assert take(queue) is None
    assert states(queue) == [expected] * 4


@pytest.mark.parametrize(
    ("state", "expected"), [("held", "held: held"), ("cancelled", "skipped: cancelled")]
)
def test_nor_what_a_dead_sender_left_behind(queue, state, expected):
    take(queue)
    decide(queue, state)
    with write(queue) as conn:
        assert recover(conn, in_doubt="resend", now=LATER) == 1
    assert take(queue) is None
    assert states(queue) == [expected] * 4


def test_an_answer_that_comes_after_the_stop_still_counts(queue):
    claimed = take(queue)
    decide(queue, "cancelled")
    with write(queue) as conn:
        outcome = Outcome(Kind.ACCEPTED, "2.0.0", "ok")
        state = record(conn, claimed, outcome, now=QUEUED, rule=RetryRule(), in_doubt="resend")
    assert state is State.SENT
    assert states(queue) == ["sent", *["skipped: cancelled"] * 3]


def test_an_edition_that_goes_on_is_taken_as_before(queue):
    decide(queue, "held")
    with write(queue) as conn:
        conn.execute(update(editions).values(state="sending"))
        delivery.release(conn, PURPOSE)
    assert take(queue) is not None
