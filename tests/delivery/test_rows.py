"""The ledger's rows by name, by state and by edition."""

import pytest
from sqlalchemy import insert, text, update

from publisher.delivery import LETTERS, LOOK, WORDS, Selection, letter_purposes, row_count, rows
from publisher.delivery.ledger.rows import people_of
from publisher.store import read, write
from publisher.store.tables import attempts, deliveries, subscribers
from tests.delivery.world import QUEUED, add_people, open_edition

AT = int(QUEUED.timestamp())
STATES = {
    1: {"state": "queued"},
    2: {"state": "sending"},
    3: {"state": "sent", "settled_at": AT + 5},
    4: {"state": "sent", "doubts": 1, "settled_at": AT + 5},
    5: {"state": "failed", "code": "5.1.1", "settled_at": AT + 5},
    6: {"state": "held", "code": "held"},
    7: {"state": "held", "code": "restored"},
    8: {"state": "held", "code": "", "doubts": 1},
    9: {"state": "held", "code": None, "doubts": 1},
    10: {"state": "in doubt", "doubts": 1},
    11: {"state": "skipped", "code": "suppressed", "settled_at": AT + 5},
    12: {"state": "held", "code": "4.2.0", "doubts": 2},
}


@pytest.fixture
def ledger(db):
    """Twelve rows, one of each fate."""
    add_people(db, len(STATES))
    open_edition(db)
    with write(db) as conn:
        for number, fate in STATES.items():
            conn.execute(update(deliveries).where(deliveries.c.id == number).values(**fate))
    return db


def found(engine, **chosen):
    with read(engine) as conn:
        selection = Selection(**chosen)
        numbers = [row.id for row in rows(conn, selection)]
        assert row_count(conn, selection) == len(numbers)
    return numbers


@pytest.mark.parametrize(
    ("word", "numbers"),
    [
        ("queued", [1]),
        ("sending", [2]),
        ("sent", [3, 4]),
        ("failed", [5]),
        ("held", [6, 7, 8, 9, 12]),
        ("skipped", [11]),
        ("in-doubt", [8, 9, 10, 12]),
        ("waiting", [1, 2]),
        ("doubted", [4, 8, 9, 10, 12]),
        (LOOK, [4, 5, 6, 7, 8, 9, 10, 12]),
        ("", list(STATES)),
    ],
)
def test_a_word_finds_the_rows_it_means(ledger, word, numbers):
    assert found(ledger, word=word) == numbers


def test_every_word_was_tried_above():
    assert set(WORDS) == {
        *("queued", "sending", "sent", "failed", "held", "skipped"),
        *("in-doubt", "waiting", "doubted"),
    }


def test_purposes_and_people_narrow_it(ledger):
    open_edition(ledger, "welcome", priority=LETTERS)
    with read(ledger) as conn:
        assert letter_purposes(conn) == ("welcome",)
        assert people_of(conn, ["r2@readers.test", "nobody@readers.test"]) == {"r2@readers.test": 2}
    assert found(ledger, purposes=("welcome",), subscriber_ids=(2, 3)) == [14, 15]
    assert found(ledger, purposes=()) == []
    assert found(ledger, purposes=("edition:1", "welcome"), word="sent") == [3, 4]


def test_the_worst_come_first_when_a_person_reads(ledger):
    with read(ledger) as conn:
        listed = [row.id for row in rows(conn, Selection(), limit=9, is_worst_first=True)]
    assert listed == [4, 5, 6, 7, 8, 9, 10, 12, 1]


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
def test_postgresql_keeps_the_rows_until_they_are_asked_for(ledger):
    with read(ledger) as conn:
        walk = rows(conn, Selection())
        next(walk)
        opened = conn.execute(text("SELECT count(*) FROM pg_cursors")).scalar_one()
        assert len([*walk]) == len(STATES) - 1
    assert opened == 1


def test_a_row_says_whose_it_is_and_what_the_server_said(ledger):
    with write(ledger) as conn:
        conn.execute(
            insert(attempts).values(
                delivery_id=5,
                number=1,
                started_at=AT,
                outcome="refused",
                code="5.1.1",
                answer="<recipient> unknown",
            )
        )
        conn.execute(update(deliveries).where(deliveries.c.id == 5).values(attempts=1))
        conn.execute(
            update(subscribers).where(subscribers.c.id == 6).values(address=None, state="erased")
        )
    with read(ledger) as conn:
        by_id = {row.id: row for row in rows(conn, Selection())}
    assert by_id[5].address == "r5@readers.test"
    assert [one.answer for one in by_id[5].failures] == ["<recipient> unknown"]
    assert by_id[5].next_at is None
    assert by_id[1].next_at == QUEUED
    assert by_id[6].address == ""
