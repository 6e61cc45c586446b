from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from publisher.address import address_hash
from publisher.store import read, tables, write
from publisher.subscribers import (
    State,
    active_count,
    counts,
    find,
    find_by_public_id,
    people,
    suppress,
    unsubscribe,
)


@pytest.fixture
def readers(db, join, keys, now):
    join("a@example.test", languages=("en",))
    join("b@example.test", languages=("ar", "en"), digests=("weekly",))
    join("c@example.test", "", languages=("ar",))
    gone = join("d@example.test").subscriber
    join("e@example.test", languages=("fr",))
    with write(db) as conn:
        unsubscribe(conn, gone.id, now)
        suppress(conn, keys, "e@example.test", now)


def names(db, now, **filters):
    with read(db) as conn:
        return [person.address[0] for person in people(conn, now, **filters)]


@pytest.mark.usefixtures("readers")
def test_people_are_found_by_what_they_chose(db, now):
    assert names(db, now) == ["a", "b", "c", "d", "e"]
    assert names(db, now, state=State.ACTIVE) == ["a", "b", "e"]
    assert names(db, now, language="ar") == ["b", "c"]
    assert names(db, now, language="a") == []
    assert names(db, now, language="%") == []
    assert names(db, now, digest="monthly", state=State.ACTIVE) == ["a", "e"]
    assert names(db, now, limit=2) == ["a", "b"]


@pytest.mark.usefixtures("readers")
def test_people_are_found_by_category_day_part_of_a_name_and_suppression(db, join, now):
    later = now + timedelta(days=1)
    with write(db) as conn:
        conn.execute(
            insert(tables.suppressions).values(
                address_hash=b"nobody", reason="operator", since_at=0
            )
        )
    join("f@example.test", name="Fatima 100%", categories=("training",))
    join("g@example.test", name="Gil", categories=("prevention",), digests=("monthly",))
    with write(db) as conn:
        new = tables.subscribers.c.address == "g@example.test"
        conn.execute(update(tables.subscribers).where(new).values(created_at=later.timestamp()))
    assert names(db, now, is_suppressed=True) == ["e"]
    assert names(db, now, category="training", state=State.ACTIVE) == ["a", "b", "e", "f"]
    assert names(db, now, category="prevention", digest="monthly", state=State.ACTIVE) == [
        "a",
        "e",
        "g",
    ]
    assert names(db, now, since=later) == ["g"]
    assert names(db, now, search="FATIMA") == names(db, now, search="100%") == ["f"]
    assert names(db, now, search="B@EXAMPLE") == ["b"]
    assert names(db, now, search="_") == []


def test_pages_join_without_a_seam(db, join, now, monkeypatch):
    for number in range(7):
        join(f"p{number}@example.test")
    monkeypatch.setattr("publisher.subscribers.lookup._PAGE", 3)
    with read(db) as conn:
        found = [person.address for person in people(conn, now)]
        some = [person.address for person in people(conn, now, limit=5)]
    assert found == [f"p{number}@example.test" for number in range(7)]
    assert some == found[:5]


@pytest.mark.usefixtures("readers")
def test_counts(db, now):
    with read(db) as conn:
        assert counts(conn) == {
            "state": {"active": 3, "pending": 1, "unsubscribed": 1},
            "language": {"en": 1, "ar": 1, "fr": 1},
            "digest": {"weekly": 3, "monthly": 2},
        }
        assert active_count(conn, now) == 2
        assert active_count(conn, now, digest="monthly") == 1


@pytest.mark.usefixtures("readers")
def test_one_is_found_by_address_in_any_case_and_by_public_id(db, now):
    with read(db) as conn:
        person = find(conn, "B@EXAMPLE.test", now)
        assert person.address == "b@example.test"
        assert find_by_public_id(conn, person.public_id, now) == person
        assert find(conn, "nobody@example.test", now) is None
        assert find_by_public_id(conn, "", now) is None
        assert find(conn, "e@example.test", now).is_suppressed


def test_suppressing_twice_says_so_and_needs_no_subscriber(db, keys, now):
    with write(db) as conn:
        assert suppress(conn, keys, "Stranger@example.test", now)
        assert not suppress(conn, keys, "stranger@EXAMPLE.test", now)


def test_a_suppression_can_end_and_be_made_lasting(db, join, keys, now):
    join("a@example.test")
    with write(db) as conn:
        row = {
            "address_hash": address_hash("a@example.test", keys.lasting),
            "reason": "bounced",
            "since_at": int(now.timestamp()),
            "until_at": int((now + timedelta(days=1)).timestamp()),
        }
        conn.execute(insert(tables.suppressions), row)
    later = now + timedelta(days=2)
    with read(db) as conn:
        assert active_count(conn, now) == 0
        assert active_count(conn, later) == 1
    with write(db) as conn:
        assert suppress(conn, keys, "a@example.test", now)
    with read(db) as conn:
        assert active_count(conn, later) == 0
