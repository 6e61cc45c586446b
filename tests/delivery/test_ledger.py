import json
from collections import deque
from datetime import timedelta

import pytest
from sqlalchemy import literal, select, text, update

from publisher.delivery import (
    LETTERS,
    Kind,
    Outcome,
    State,
    Totals,
    enqueue,
    reserve_body,
    totals,
    waiting,
)
from publisher.delivery.ledger.claim import _NEXT, LEASE, LOOKED_UP_AHEAD, claim
from publisher.delivery.ledger.ledger import due
from publisher.delivery.ledger.record import (
    MOST_DOUBTS,
    keep_leases,
    let_go,
    put_back,
    record,
    record_all,
    recover,
)
from publisher.delivery.ledger.retry import RetryRule
from publisher.store import clock_seconds, read, write
from publisher.store.tables import attempts, deliveries, subscribers, subscriptions, suppressions

from .world import QUEUED, add_people, open_edition

AT = int(QUEUED.timestamp())


def take(db, now=QUEUED):
    with write(db) as conn:
        claims, skipped = claim(conn, worker="w", now=now)
        return (claims[0] if claims else None), skipped


def settle(db, claimed, kind, code="", text="", now=QUEUED, in_doubt="resend", **more):
    outcome = Outcome(kind, code, text)
    with write(db) as conn:
        return record(conn, claimed, outcome, now=now, rule=RetryRule(), in_doubt=in_doubt, **more)


def rows(db, table=deliveries):
    with read(db) as conn:
        return conn.execute(select(table).order_by(*table.primary_key)).all()


def count(db, purpose="edition:1"):
    with read(db) as conn:
        return totals(conn, purpose)


@pytest.fixture
def ledger(db):
    """Three readers, each with a row for one edition."""
    add_people(db, 3)
    open_edition(db)
    return db


def test_enqueueing_twice_changes_nothing(ledger):
    before = rows(ledger)
    with write(ledger) as conn:
        chosen = select(subscribers.c.id, literal(1), literal(AT + 99))
        again = enqueue(conn, purpose="edition:1", recipients=chosen, priority=1, queued_at=QUEUED)
    assert again == 0
    assert rows(ledger) == before


def test_enqueueing_keeps_the_given_order_and_counts_the_new(db):
    add_people(db, 5)
    with write(db) as conn:
        body = reserve_body(conn, "en", "weekly")
        chosen = select(subscribers.c.id, literal(body), literal(AT))
        some = chosen.where(subscribers.c.id.in_([2, 4])).order_by(subscribers.c.id.desc())
        options = {"purpose": "edition:9", "priority": 1, "queued_at": QUEUED}
        assert enqueue(conn, recipients=some, **options) == 2
        assert enqueue(conn, recipients=chosen, **options) == 3
    assert [row.subscriber_id for row in rows(db)][:2] == [4, 2]


def test_rows_go_one_by_one_and_each_once(ledger):
    taken = [take(ledger)[0] for _ in range(4)]
    assert [each and each.recipient.address for each in taken] == [
        "r1@readers.test",
        "r2@readers.test",
        "r3@readers.test",
        None,
    ]
    assert taken[0].recipient.languages == ("en", "fr")
    assert taken[0].recipient.confirmed_at == QUEUED
    assert taken[0].attempt == 1
    assert {row.state for row in rows(ledger)} == {"sending"}


def test_letters_go_before_editions_that_were_due_earlier(ledger):
    open_edition(ledger, "welcome", digest="", priority=LETTERS)
    with write(ledger) as conn:
        letters = deliveries.c.purpose == "welcome"
        conn.execute(update(deliveries).where(letters).values(next_at=AT + 60))
    assert take(ledger, QUEUED)[0].purpose == "edition:1"
    assert take(ledger, QUEUED + timedelta(seconds=60))[0].purpose == "welcome"


def test_nothing_is_due_before_its_moment(ledger):
    early = QUEUED - timedelta(seconds=1)
    assert take(ledger, early) == (None, 0)
    with read(ledger) as conn:
        assert due(conn, early) == 0
        assert due(conn, QUEUED) == 3
        assert waiting(conn) == (3, QUEUED)


def change_reader(conn, why):
    reader = subscribers.c.id == 1
    after, before = AT + 1, AT
    if why in ("unsubscribed", "pending"):
        conn.execute(update(subscribers).where(reader).values(state=why))
    elif why == "erased":
        conn.execute(
            update(subscribers).where(reader).values(state=why, address=None, address_key=None)
        )
    elif why == "left this digest":
        theirs = subscriptions.c.subscriber_id == 1
        conn.execute(update(subscriptions).where(theirs).values(active=0))
    elif "paused" in why:
        until = before if "no longer" in why else after
        conn.execute(update(subscribers).where(reader).values(paused_until=until))
    else:
        until = {"suppressed": None, "suppressed a while": after, "no longer suppressed": before}
        conn.execute(
            suppressions.insert().values(
                address_hash=b"r1@readers.test", reason="x", since_at=AT, until_at=until[why]
            )
        )


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("unsubscribed", "unsubscribed"),
        ("pending", "pending"),
        ("erased", "erased"),
        ("left this digest", "unsubscribed"),
        ("paused", "paused"),
        ("suppressed", "suppressed"),
        ("suppressed a while", "suppressed"),
        ("no longer paused", None),
        ("no longer suppressed", None),
    ],
)
def test_who_may_not_be_mailed_any_more_is_skipped_at_the_last_moment(ledger, why, code):
    with write(ledger) as conn:
        change_reader(conn, why)
    taken, skipped = take(ledger)
    first = rows(ledger)[0]
    if code is None:
        assert (taken.id, skipped, first.state) == (1, 0, "sending")
    else:
        assert (taken.id, skipped) == (2, 1)
        assert (first.state, first.code, first.attempts) == ("skipped", code, 0)
        assert count(ledger) == Totals(recipients=3, skipped=1, waiting=2)


@pytest.mark.parametrize("state", ["pending", "unsubscribed"])
def test_a_letter_reaches_who_has_not_confirmed_or_just_left(db, state):
    add_people(db, 1, state=state)
    open_edition(db, "confirm:1", digest="", priority=LETTERS)
    assert take(db)[0].recipient.address == "r1@readers.test"


def test_an_answer_settles_a_row(ledger):
    claimed, _ = take(ledger)
    assert settle(ledger, claimed, Kind.ACCEPTED, "2.0.0") is State.SENT
    row = rows(ledger)[0]
    assert (row.state, row.code, row.settled_at, row.worker) == ("sent", "2.0.0", AT, None)
    assert rows(ledger, attempts) == []


def test_a_refusal_fails_one_recipient_and_is_written_down_without_the_address(ledger):
    claimed, _ = take(ledger)
    state = settle(ledger, claimed, Kind.REFUSED, "5.7.1", "550 5.7.1 <R1@readers.test> go away")
    assert state is State.FAILED
    (attempt,) = rows(ledger, attempts)
    assert attempt.answer == "550 5.7.1 <recipient> go away"
    assert (attempt.number, attempt.outcome, attempt.code) == (1, "refused", "5.7.1")
    assert "r1@" not in json.dumps([str(row) for row in rows(ledger, attempts)]).lower()


@pytest.mark.parametrize(
    ("code", "told"),
    [("5.1.1", 1), ("5.1.2", 1), ("5.1.3", 1), ("5.1.10", 1), ("5.7.1", 0), ("550", 0)],
)
def test_only_a_dead_address_is_told(ledger, code, told):
    heard = []

    def hear(conn, subscriber_id, code, now):
        heard.append((subscriber_id, code, now))

    claimed, _ = take(ledger)
    settle(ledger, claimed, Kind.REFUSED, code, on_dead_address=hear)
    assert heard == [(1, code, QUEUED)] * told


def test_a_deferral_waits_longer_each_time_and_gives_up_after_two_days(ledger):
    now, waits = QUEUED, []
    while True:
        claimed, _ = take(ledger, now)
        if settle(ledger, claimed, Kind.DEFERRED, "4.2.1", "later", now) is State.FAILED:
            break
        row = rows(ledger)[0]
        waits.append(row.next_at - int(now.timestamp()))
        now += timedelta(seconds=waits[-1])
        with write(ledger) as conn:
            conn.execute(update(deliveries).where(deliveries.c.id > 1).values(next_at=AT * 2))
    assert 300 <= waits[0] <= 331
    assert 600 <= waits[1] <= 661
    assert 7200 <= waits[-1] <= 7921
    assert timedelta(hours=44) < now - QUEUED <= timedelta(hours=48, minutes=1)
    assert len(rows(ledger, attempts)) == len(waits) + 1
    assert count(ledger) == Totals(recipients=3, failed=1, waiting=2)


def test_an_outage_of_ours_does_not_use_up_a_readers_time(ledger):
    late = QUEUED + timedelta(days=4)
    claimed, _ = take(ledger, late)
    assert settle(ledger, claimed, Kind.DEFERRED, "4.7.1", "greylisted", late) is State.QUEUED


@pytest.mark.parametrize(("rule", "state"), [("resend", "queued"), ("hold", "held")])
def test_no_answer_after_the_dot_is_a_doubt_that_stays_visible(ledger, rule, state):
    claimed, _ = take(ledger)
    assert settle(ledger, claimed, Kind.UNKNOWN, in_doubt=rule) == state
    assert rows(ledger)[0].doubts == 1
    assert count(ledger).doubted == 1
    (attempt,) = rows(ledger, attempts)
    assert attempt.outcome == "in doubt"


def test_a_server_that_swallows_every_copy_gets_three_of_them(ledger):
    now = QUEUED
    for n in range(1, MOST_DOUBTS + 1):
        claimed, _ = take(ledger, now)
        state = settle(ledger, claimed, Kind.UNKNOWN, now=now)
        assert state is (State.HELD if n == MOST_DOUBTS else State.QUEUED)
        with write(ledger) as conn:
            conn.execute(update(deliveries).where(deliveries.c.id > 1).values(next_at=AT * 2))
        now += timedelta(hours=1)


@pytest.mark.parametrize(("rule", "state"), [("resend", "queued"), ("hold", "held")])
def test_rows_a_dead_sender_left_are_taken_over_and_counted(ledger, rule, state):
    take(ledger)
    with write(ledger) as conn:
        assert recover(conn, in_doubt=rule, now=QUEUED) == 1
        assert recover(conn, in_doubt=rule, now=QUEUED) == 0
    row = rows(ledger)[0]
    assert (row.state, row.doubts, row.next_at, row.attempts) == (state, 1, AT, 1)
    (attempt,) = rows(ledger, attempts)
    assert (attempt.number, attempt.outcome) == (1, "in doubt")
    assert count(ledger).recipients == 3


def test_a_late_result_is_dropped(ledger):
    first, _ = take(ledger)
    with write(ledger) as conn:
        recover(conn, in_doubt="resend", now=QUEUED)
    again, _ = take(ledger)
    assert again.id == first.id
    assert settle(ledger, first, Kind.REFUSED, "5.1.1") is None
    assert rows(ledger)[0].state == "sending"
    assert settle(ledger, again, Kind.ACCEPTED, "250") is State.SENT
    assert settle(ledger, again, Kind.REFUSED, "5.1.1") is None
    assert rows(ledger)[0].state == "sent"


def test_what_certainly_did_not_leave_goes_back_as_if_never_tried(ledger):
    claimed, _ = take(ledger)
    with write(ledger) as conn:
        put_back(conn, claimed)
    row = rows(ledger)[0]
    assert (row.state, row.attempts, row.next_at, row.doubts) == ("queued", 0, AT, 0)
    claimed, _ = take(ledger)
    with write(ledger) as conn:
        put_back(conn, claimed, not_before=QUEUED + timedelta(minutes=1))
    assert rows(ledger)[0].next_at == AT + 60


def test_purposes_are_counted_apart(ledger):
    open_edition(ledger, "edition:2")
    claimed, _ = take(ledger)
    settle(ledger, claimed, Kind.ACCEPTED, "250")
    assert count(ledger) == Totals(recipients=3, sent=1, waiting=2)
    assert count(ledger, "edition:2") == Totals(recipients=3, waiting=3)
    assert count(ledger, "edition:3") == Totals()


def test_taking_a_row_uses_the_index_of_queued_rows(small_db):
    with read(small_db) as conn:
        statement = _NEXT.text(conn).sql
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (1, AT, 1, 0)).all()
    told = " ".join(str(row) for row in plan)
    assert "ix_deliveries_queued (priority=? AND next_at<?)" in told
    assert "TEMP B-TREE" not in told


def in_seconds(db, row_id, seconds):
    """Let the lease of a row end so many seconds from now, by the database's clock."""
    with write(db) as conn:
        at = conn.execute(select(clock_seconds(db.dialect.name))).scalar_one()
        conn.execute(
            update(deliveries).where(deliveries.c.id == row_id).values(lease_until_at=at + seconds)
        )


def test_only_rows_whose_lease_has_ended_are_taken_from_others(ledger):
    take(ledger)
    take(ledger)
    in_seconds(ledger, 1, -1)
    with write(ledger) as conn:
        assert recover(conn, in_doubt="resend", now=QUEUED, only_ended_leases=True) == 1
    assert [row.state for row in rows(ledger)] == ["queued", "sending", "queued"]
    assert [row.doubts for row in rows(ledger)] == [1, 0, 0]


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
def test_rows_that_a_frozen_worker_has_locked_hold_up_no_others(ledger):
    take(ledger)
    take(ledger)
    for row_id in (1, 2):
        in_seconds(ledger, row_id, -1)
    frozen = select(deliveries.c.id).where(deliveries.c.id == 1).with_for_update()
    with write(ledger) as writing:
        writing.execute(frozen)
        with write(ledger) as conn:
            conn.execute(text("SET LOCAL lock_timeout = '5s'"))
            assert recover(conn, in_doubt="resend", now=QUEUED, only_ended_leases=True) == 1
    assert [row.state for row in rows(ledger)] == ["sending", "queued", "queued"]


def test_a_worker_that_lives_keeps_its_rows(ledger):
    take(ledger)
    in_seconds(ledger, 1, 0)
    with write(ledger) as conn:
        keep_leases(conn, "another", LEASE)
        keep_leases(conn, "w", LEASE)
        assert recover(conn, in_doubt="resend", now=QUEUED, only_ended_leases=True) == 0


def test_a_marked_row_that_its_worker_was_never_told_of_goes_back_untried(ledger):
    known, lost = take(ledger)[0], take(ledger)[0]
    with write(ledger) as conn:
        assert let_go(conn, "another", []) == 0
        assert let_go(conn, "w", [known.id]) == 1
    row = rows(ledger)[lost.id - 1]
    assert (row.state, row.attempts, row.doubts) == ("queued", 0, 0)
    assert settle(ledger, lost, Kind.ACCEPTED, "250") is None


def test_several_rows_are_taken_and_settled_at_once(ledger):
    with write(ledger) as conn:
        claims, skipped = claim(conn, worker="w", now=QUEUED, count=5)
    assert ([one.id for one in claims], skipped) == ([1, 2, 3], 0)
    answers = [
        (claims[0], Outcome(Kind.ACCEPTED, "2.0.0", "ok", "Q1")),
        (claims[1], Outcome(Kind.REFUSED, "5.7.1", "no")),
        (claims[2], Outcome(Kind.ACCEPTED, "250")),
    ]
    with write(ledger) as conn:
        recover(conn, in_doubt="hold", now=QUEUED, only_ended_leases=True)
        states = record_all(conn, answers, now=QUEUED, rule=RetryRule(), in_doubt="resend")
    assert states == [State.SENT, State.FAILED, State.SENT]
    assert [row.remote_id for row in rows(ledger)] == ["Q1", None, None]


def test_an_answer_that_was_written_before_the_database_went_away_counts_once(ledger):
    claimed, _ = take(ledger)
    answer = [(claimed, Outcome(Kind.ACCEPTED, "250"))]
    for _ in range(2):
        with write(ledger) as conn:
            states = record_all(conn, answer, now=QUEUED, rule=RetryRule(), in_doubt="resend")
        assert states == [State.SENT]
    assert count(ledger) == Totals(recipients=3, sent=1, waiting=2)


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)  # on SQLite a writer is alone
def test_what_another_worker_is_looking_at_is_passed_by(db):
    add_people(db, 4)
    open_edition(db)
    with write(db) as first, write(db) as second:
        mine, _ = claim(first, worker="a", now=QUEUED, count=2)
        theirs, _ = claim(second, worker="b", now=QUEUED, count=4)
    assert [one.id for one in mine] == [1, 2]
    assert [one.id for one in theirs] == [3, 4]


@pytest.mark.parametrize("count", [1, 7, 20])
def test_rows_looked_up_ahead_are_taken_once_each_and_in_order(small_db, count):
    add_people(small_db, 2 * LOOKED_UP_AHEAD + 5)
    open_edition(small_db)
    ahead, taken = deque(), []
    while True:
        with write(small_db) as conn:
            claims, _ = claim(conn, worker="w", now=QUEUED, count=count, ahead=ahead)
        if not claims:
            break
        taken += [claimed.id for claimed in claims]
    assert taken == list(range(1, 2 * LOOKED_UP_AHEAD + 6))


def test_what_changed_since_a_row_was_looked_up_counts(small_db):
    add_people(small_db, 6)
    open_edition(small_db)
    ahead = deque()
    with write(small_db) as conn:
        claim(conn, worker="w", now=QUEUED, ahead=ahead)
        later = deliveries.c.id == 2
        conn.execute(update(deliveries).where(later).values(next_at=AT + 600))
        conn.execute(update(deliveries).where(deliveries.c.id == 3).values(state="held"))
        conn.execute(update(subscribers).where(subscribers.c.id == 4).values(state="unsubscribed"))
        open_letters = insert_letter(conn, 5)
        claims, skipped = claim(conn, worker="w", now=QUEUED, count=3, ahead=ahead)
    assert ([claimed.id for claimed in claims], skipped) == ([open_letters, 5, 6], 1)
    assert [row.state for row in rows(small_db)][1:4] == ["queued", "held", "skipped"]


def insert_letter(conn, subscriber_id):
    body = reserve_body(conn, "en", "")
    chosen = select(subscribers.c.id, literal(body), literal(AT)).where(
        subscribers.c.id == subscriber_id
    )
    enqueue(conn, purpose="welcome", recipients=chosen, priority=LETTERS, queued_at=QUEUED)
    return conn.execute(select(deliveries.c.id).where(deliveries.c.body_id == body)).scalar_one()
