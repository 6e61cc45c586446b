"""How many read, came and went: by hand-counted cases on both databases."""

from datetime import UTC, datetime

import pytest

from publisher.store import read, write
from publisher.subscribers import Person, Share, add, readers, suppress, unsubscribe

MARCH = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 20, tzinfo=UTC)


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, 12, tzinfo=UTC)


@pytest.fixture
def came(db, settings, keys):
    def came(name: str, at: datetime, language: str = "en", consent: str = "yes", **more) -> int:
        person = Person(f"{name}@example.test", languages=(language,), **more)
        with write(db) as conn:
            return add(conn, settings, keys, person, at, consent).subscriber.id

    return came


def count(db, span, now=NOW):
    with read(db) as conn:
        return readers(conn, *span, now)


def test_nobody_is_nobody(db):
    found = count(db, MARCH)
    assert found.total == Share()
    assert (found.by_language, found.by_digest, found.matrix, found.pending) == ({}, {}, {}, 0)


def test_readers_count_for_their_first_language_and_each_digest(db, came):
    came("a", day(3, 1), "ar")
    came("b", day(3, 2), "en")
    came("c", day(4, 3), "en", digests=("weekly",))
    came("d", day(3, 4), "fr", consent="")
    found = count(db, MARCH)
    assert found.total == Share(3, 2, 0)
    assert found.by_language == {"en": Share(2, 1, 0), "ar": Share(1, 1, 0)}
    assert found.by_digest == {"weekly": Share(3, 2, 0), "monthly": Share(2, 2, 0)}
    assert found.matrix[("weekly", "en")] == 2
    assert found.pending == 1


def test_leaving_counts_in_its_month_for_all_digests_or_for_one(db, came):
    first, second, last = (came(name, day(2, 1)) for name in ("a", "b", "c"))
    with write(db) as conn:
        unsubscribe(conn, first, day(3, 5))
        unsubscribe(conn, second, day(3, 6), digest="weekly")
        unsubscribe(conn, last, day(3, 7), digest="weekly")
        unsubscribe(conn, last, day(4, 7), digest="monthly")  # the last one: gone altogether
    march, april = count(db, MARCH), count(db, APRIL)
    assert (march.total.left, april.total.left) == (1, 1)
    assert march.by_digest["weekly"] == Share(0, 0, 3)
    assert march.by_digest["monthly"] == Share(1, 0, 1)
    assert april.by_digest["monthly"].left == 1


def test_a_suppressed_address_is_no_reader_and_is_counted_by_reason(db, came, keys):
    came("a", day(3, 1))
    with write(db) as conn:
        suppress(conn, keys, "a@example.test", day(3, 9), reason="bounced")
        suppress(conn, keys, "z@example.test", day(4, 9))
    found = count(db, MARCH)
    assert found.total == Share(0, 1, 0)
    assert found.suppressed == 2
    assert found.newly_suppressed == {"bounced": 1}


def test_the_moment_a_month_ends_belongs_to_the_next(db, came):
    came("a", APRIL[0])
    assert count(db, MARCH).total.joined == 0
    assert count(db, APRIL).total.joined == 1
