from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from publisher.delivery import (
    LETTERS,
    fold_letters,
    fold_purpose,
    folded_counts,
    gone,
    has_old_letters,
    is_gone,
    totals,
)
from publisher.store import read, write
from publisher.store.tables import attempts, deliveries, feedback, folded, offered
from tests.delivery.world import QUEUED, add_people, open_edition

PURPOSE = "edition:1"
AT = int(QUEUED.timestamp())


def settle(db, **values) -> None:
    with write(db) as conn:
        conn.execute(update(deliveries).values(**{"state": "sent", "settled_at": AT} | values))


def change(db, subscriber: int, **values) -> None:
    with write(db) as conn:
        mine = deliveries.c.subscriber_id == subscriber
        conn.execute(update(deliveries).where(mine).values(**values))


def fold_all(db, purpose: str = PURPOSE, size: int = 3) -> list[int]:
    """Fold in chunks; return how many rows each took."""
    took, after = [], 0
    while after is not None:
        with write(db) as conn:
            done = fold_purpose(conn, purpose, after, size=size)
        took.append(done.rows)
        after = done.after
    return took


def rows(db, table):
    with read(db) as conn:
        return conn.execute(select(table).order_by(*table.primary_key.columns)).mappings().all()


def count(db, purpose: str = PURPOSE):
    with read(db) as conn:
        return totals(conn, purpose), gone(conn, purpose), is_gone(conn, purpose)


def test_what_was_sent_becomes_a_number_and_who_had_it(db):
    add_people(db, 7)
    body = open_edition(db)
    settle(db)
    before = count(db)
    assert fold_all(db) == [3, 3, 1]
    assert rows(db, deliveries) == []
    assert [row["subscriber_id"] for row in rows(db, offered)] == list(range(1, 8))
    (number,) = rows(db, folded)
    assert (number["body_id"], number["state"], number["deliveries"]) == (body, "sent", 7)
    assert number["began_at"] == AT // 900 * 900
    assert count(db) == before
    assert before[0].sent == before[0].recipients == before[1] == 7
    assert before[2]


def test_what_was_skipped_is_a_number_only_and_nothing_that_left(db):
    add_people(db, 2)
    body = open_edition(db)
    settle(db, state="skipped", code="unsubscribed")
    before = count(db)
    fold_all(db)
    assert rows(db, offered) == []
    with read(db) as conn:
        assert folded_counts(conn, PURPOSE) == {(body, "skipped"): 2}
    assert count(db) == before
    assert before[0].skipped == 2
    assert not before[2]


@pytest.mark.parametrize(
    "kept",
    [
        {"state": "failed", "code": "5.1.1"},
        {"state": "held", "code": "held"},
        {"state": "in doubt"},
        {"doubts": 1},
        {"bounced_at": AT},
        {"complained_at": AT},
    ],
)
def test_what_somebody_may_ask_about_stays(db, kept):
    add_people(db, 4)
    open_edition(db)
    settle(db)
    change(db, 2, **kept)
    before = count(db)
    assert fold_all(db) == [2, 1]
    assert [row["subscriber_id"] for row in rows(db, deliveries)] == [2]
    assert count(db) == before
    assert fold_all(db) == [0]


def test_what_a_report_is_about_stays(db):
    add_people(db, 2)
    open_edition(db)
    settle(db)
    report = {"source": "mailbox", "source_id": "1", "kind": "soft", "received_at": AT}
    with write(db) as conn:
        conn.execute(insert(feedback).values(**report, delivery_id=rows(db, deliveries)[0]["id"]))
    fold_all(db)
    assert [row["subscriber_id"] for row in rows(db, deliveries)] == [1]


def test_attempts_go_with_their_delivery(db):
    add_people(db, 2)
    open_edition(db)
    settle(db)
    change(db, 2, state="failed")
    tried = {
        "number": 1,
        "started_at": AT,
        "outcome": "deferred",
        "code": "4.2.2",
        "answer": "full",
    }
    with write(db) as conn:
        for row in conn.execute(select(deliveries.c.id)).all():
            conn.execute(insert(attempts).values(**tried, delivery_id=row.id))
    fold_all(db)
    (left,) = rows(db, deliveries)
    assert [row["delivery_id"] for row in rows(db, attempts)] == [left["id"]]


def test_numbers_keep_body_state_and_quarter_apart(db):
    add_people(db, 4)
    open_edition(db)
    settle(db)
    change(db, 2, settled_at=AT + 901)
    change(db, 3, state="skipped")
    fold_all(db, size=1)
    found = {
        (row["state"], row["began_at"] - AT // 900 * 900): row["deliveries"]
        for row in rows(db, folded)
    }
    assert found == {("sent", 0): 2, ("sent", 900): 1, ("skipped", 0): 1}


def test_a_fold_that_was_stopped_goes_on_and_counts_nothing_twice(db):
    add_people(db, 9)
    open_edition(db)
    settle(db)
    before = count(db)
    with write(db) as conn:
        fold_purpose(conn, PURPOSE, size=4)
    assert count(db) == before
    with pytest.raises(ZeroDivisionError):
        _fold_and_crash(db)
    assert count(db) == before
    fold_all(db)
    assert count(db) == before
    assert len(rows(db, offered)) == 9


def _fold_and_crash(db) -> None:
    with write(db) as conn:
        fold_purpose(conn, PURPOSE, size=4)
        raise ZeroDivisionError


def test_other_purposes_are_left_alone(db):
    add_people(db, 2)
    open_edition(db)
    open_edition(db, "edition:11")
    settle(db)
    fold_all(db)
    assert {row["purpose"] for row in rows(db, deliveries)} == {"edition:11"}


def test_old_letters_are_folded_whatever_they_were_for(db):
    add_people(db, 3)
    for purpose in ("welcome", "confirm:1"):
        open_edition(db, purpose, digest="", priority=LETTERS)
    open_edition(db)
    settle(db)
    change(db, 3, settled_at=AT + 100)
    until = QUEUED + timedelta(seconds=50)
    with write(db) as conn:
        assert has_old_letters(conn, until)
        assert fold_letters(conn, until, size=3) == 3
        assert fold_letters(conn, until, size=3) == 1
        assert fold_letters(conn, until, size=3) == 0
        assert not has_old_letters(conn, until)
        assert totals(conn, "welcome").sent == 3
        left = select(deliveries.c.purpose, func.count()).group_by(deliveries.c.purpose)
        found = dict(map(tuple, conn.execute(left)))
    assert found == {"welcome": 1, "confirm:1": 1, PURPOSE: 3}
    assert rows(db, offered) == []
