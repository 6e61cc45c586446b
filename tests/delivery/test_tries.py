"""What was tried stays on record, and somebody's `retry` lets the 48 hours begin anew."""

from datetime import timedelta

from sqlalchemy import update

from publisher.delivery import Act, Kind, Outcome, Selection, State, act_on, attempts_of
from publisher.delivery.ledger.claim import claim
from publisher.delivery.ledger.record import record
from publisher.delivery.ledger.retry import RetryRule
from publisher.delivery.ledger.tries import tries
from publisher.store import read, write
from publisher.store.tables import deliveries
from tests.delivery.world import QUEUED, add_people, open_edition

LATER = Outcome(Kind.DEFERRED, "4.2.2", "mailbox of r1@readers.test is full")
MINUTE, HOUR, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=3)
RULE = RetryRule()


def attempt(engine, now, outcome=LATER):
    """Take the row in hand and record what came of it; return its state."""
    with write(engine) as conn:
        (claimed,) = claim(conn, worker="w", now=now)[0]
        assert claimed is not None, "nothing was due"
        return record(conn, claimed, outcome, now=now, rule=RULE, in_doubt="resend")


def retry(engine, now):
    with write(engine) as conn:
        return act_on(conn, Act.RETRY, Selection(), now).rows


def failed_by_age(engine):
    """One delivery that a server put off for two days, until it failed; return how many tries."""
    add_people(engine, 1)
    open_edition(engine)
    now, number, state = QUEUED, 0, State.QUEUED
    while state is State.QUEUED:
        now, number, state = now + 3 * HOUR, number + 1, attempt(engine, now + 3 * HOUR)
    assert state is State.FAILED
    return number


def test_a_retried_row_is_put_off_again_and_not_failed_at_once(db):
    number = failed_by_age(db)
    now = QUEUED + DAYS
    assert retry(db, now) == 1
    assert attempt(db, now) is State.QUEUED
    with read(db) as conn:
        found = tries(conn, 1)
        row = conn.execute(deliveries.select()).one()
    assert (found.before, found.since, row.attempts) == (number, now, number + 1)
    waits = row.next_at - int(now.timestamp())
    assert 5 * 60 <= waits <= 5.5 * 60 + 1  # as after a first try, not two hours
    assert (row.state, row.settled_at, row.code) == ("queued", None, "4.2.2")


def test_its_48_hours_begin_anew_and_end(db):
    failed_by_age(db)
    now = QUEUED + DAYS
    retry(db, now)
    assert attempt(db, now) is State.QUEUED
    assert attempt(db, now + 40 * HOUR) is State.QUEUED
    assert attempt(db, now + 47.9 * HOUR) is State.FAILED


def test_the_history_keeps_every_attempt_and_every_retry_in_order(db):
    number = failed_by_age(db)
    for day in (1, 2):
        retry(db, QUEUED + day * DAYS)
        attempt(db, QUEUED + day * DAYS, Outcome(Kind.REFUSED, "5.2.1", "disabled"))
    with read(db) as conn:
        history = attempts_of(conn, [1])[1]
    assert [(one.number, one.outcome) for one in history[number - 1 :]] == [
        (number, "deferred"),
        (number, "retried"),
        (number + 1, "refused"),
        (number + 1, "retried"),
        (number + 2, "refused"),
    ]
    assert history[0].answer == "mailbox of <recipient> is full"


def test_a_row_that_was_never_retried_counts_all_its_tries(db):
    add_people(db, 1)
    open_edition(db)
    for hour in (1, 3):
        attempt(db, QUEUED + hour * HOUR)
    with read(db) as conn:
        assert tries(conn, 1).before == 0
        assert tries(conn, 1).since == QUEUED + HOUR
        assert tries(conn, 2).since is None


def test_a_row_held_in_doubt_before_its_first_answer_may_be_retried_twice(db):
    add_people(db, 1)
    open_edition(db)
    for day in (1, 2):
        with write(db) as conn:
            conn.execute(update(deliveries).values(state="held"))
        assert retry(db, QUEUED + day * DAYS) == 1
    with read(db) as conn:
        assert [one.outcome for one in attempts_of(conn, [1])[1]] == ["retried"]
