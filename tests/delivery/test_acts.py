"""Retry, hold and release: which rows they move, which they leave, and that twice is once."""

import pytest
from sqlalchemy import insert, select, update

from publisher import delivery
from publisher.delivery import Act, Left, Selection, State, act_on
from publisher.delivery.ledger.acts import why_not
from publisher.delivery.ledger.claim import claim
from publisher.delivery.ledger.states import MOVES, STOPPED_CODES
from publisher.store import read, write
from publisher.store.tables import deliveries, editions, segments, subscribers, suppressions
from tests.delivery.world import QUEUED, add_people, open_edition

AT = int(QUEUED.timestamp())
CODES = (None, "", "5.1.1", *STOPPED_CODES)
FATES = [(state, code) for state in State for code in CODES]


@pytest.fixture
def ledger(db):
    """A row of edition 1 for each state and code there can be."""
    add_people(db, len(FATES))
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
        conn.execute(insert(segments).values(**segment, recipients=len(FATES)))
        for number, (state, code) in enumerate(FATES, 1):
            row = update(deliveries).where(deliveries.c.id == number)
            conn.execute(row.values(state=state, code=code, attempts=1))
    return db


def do(engine, act, **chosen):
    with write(engine) as conn:
        return act_on(conn, act, Selection(**chosen), QUEUED)


def states(engine):
    with read(engine) as conn:
        found = conn.execute(select(deliveries).order_by(deliveries.c.id)).all()
    return [(row.state, row.code) for row in found]


@pytest.mark.parametrize(
    ("act", "wanted"),
    [
        (Act.RETRY, ("queued", None)),
        (Act.HOLD, ("held", "operator")),
        (Act.RELEASE, ("queued", None)),
    ],
)
def test_an_act_moves_just_the_rows_it_says_and_explains_each_other(ledger, act, wanted):
    moved = do(ledger, act)
    reasons = [why_not(act, state, code or "") for state, code in FATES]
    assert states(ledger) == [
        before if why else wanted for before, why in zip(FATES, reasons, strict=True)
    ]
    assert moved.rows == reasons.count(None)
    assert sum(moved.left.values()) == len(FATES) - moved.rows
    assert {why: reasons.count(why) for why in moved.left} == moved.left
    assert moved.purposes == ("edition:1",)


@pytest.mark.parametrize(
    ("act", "movable"),
    [
        (Act.RETRY, {"failed", "in doubt", "held"}),
        (Act.HOLD, {"queued"}),
        (Act.RELEASE, {"held"}),
    ],
)
def test_the_moves_are_those_that_the_states_allow(act, movable):
    may = {state for state, code in FATES if why_not(act, state, code or "") is None}
    assert may == movable
    wanted = State.HELD if act is Act.HOLD else State.QUEUED
    assert all(wanted in MOVES[state] for state in may)


@pytest.mark.parametrize("act", Act)
def test_said_twice_it_is_done_once(ledger, act):
    assert do(ledger, act).rows > 0
    after = states(ledger)
    assert do(ledger, act).rows == 0
    assert states(ledger) == after


def test_a_row_that_is_being_sent_is_left_to_its_sender(ledger):
    with write(ledger) as conn:
        conn.execute(update(deliveries).values(state="queued", code=None))
        (claimed,), _ = claim(conn, worker="w", now=QUEUED)
    for act in Act:
        assert do(ledger, act, subscriber_ids=(claimed.recipient.subscriber_id,)).left == {
            Left.SENDING: 1
        }
    with read(ledger) as conn:
        row = conn.execute(select(deliveries).where(deliveries.c.id == claimed.id)).one()
    assert (row.state, row.fence) == ("sending", claimed.fence)


def test_held_by_hand_it_is_not_taken_and_released_it_is(db):
    add_people(db, 1)
    open_edition(db)
    do(db, Act.HOLD)
    with write(db) as conn:
        assert claim(conn, worker="w", now=QUEUED)[0] == []
    do(db, Act.RELEASE)
    with write(db) as conn:
        assert claim(conn, worker="w", now=QUEUED)[0] != []


def test_letters_are_held_and_released_like_editions(db):
    add_people(db, 2)
    open_edition(db, "welcome", digest="", priority=delivery.LETTERS)
    assert do(db, Act.HOLD, purposes=("welcome",)).rows == 2
    assert do(db, Act.RELEASE, purposes=("welcome",)).rows == 2


@pytest.mark.parametrize(
    ("state", "why"), [("held", Left.EDITION_HELD), ("cancelled", Left.EDITION_CANCELLED)]
)
def test_rows_of_an_edition_that_editors_stopped_do_not_slip_out(ledger, state, why):
    with write(ledger) as conn:
        conn.execute(update(editions).values(state=state))
    before = states(ledger)
    for act in (Act.RETRY, Act.RELEASE):
        moved = do(ledger, act)
        assert (moved.rows, moved.purposes) == (0, ())
        assert moved.left[why] > 0
    assert states(ledger) == before
    assert do(ledger, Act.HOLD).rows == len(CODES)


def test_who_must_not_be_mailed_stays_failed(ledger):
    with write(ledger) as conn:
        conn.execute(update(deliveries).values(state="failed", code="5.1.1"))
        conn.execute(
            insert(suppressions).values(
                address_hash=b"r1@readers.test", reason="hard bounce", since_at=AT
            )
        )
        conn.execute(
            insert(suppressions).values(
                address_hash=b"r2@readers.test", reason="soft", since_at=AT, until_at=AT
            )
        )
        erased = update(subscribers).where(subscribers.c.id == 3)
        conn.execute(erased.values(address=None, address_key=None, state="erased"))
    moved = do(ledger, Act.RETRY)
    assert moved.left == {Left.SUPPRESSED: 1, Left.ERASED: 1}
    assert [state for state, _ in states(ledger)][:4] == ["failed", "queued", "failed", "queued"]


def test_an_editor_s_release_leaves_what_the_operator_held_and_a_cancel_calls_it_off(ledger):
    with write(ledger) as conn:
        conn.execute(update(deliveries).values(state="queued", code=None))
    do(ledger, Act.HOLD, subscriber_ids=(1, 2))
    with write(ledger) as conn:
        delivery.hold(conn, "edition:1")
        delivery.release(conn, "edition:1")
    assert states(ledger)[:3] == [("held", "operator"), ("held", "operator"), ("queued", None)]
    with write(ledger) as conn:
        delivery.call_off(conn, "edition:1", AT)
    assert set(states(ledger)) == {("skipped", "cancelled")}
