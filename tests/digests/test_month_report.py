"""A month in numbers: counted by hand, on both databases."""

from datetime import timedelta

from sqlalchemy import select, update

from publisher import digests
from publisher.store import read, tables, write
from tests.digests.conftest import DAY, House, utc

START = utc("2026-03-02T12:00")
FIRST = utc("2026-03-03T07:00")
MARCH = utc("2026-03-01"), utc("2026-03-31T23:00")
APRIL = utc("2026-03-31T23:00"), utc("2026-04-30T23:00")


def count(house: House, span=MARCH):
    with read(house.db) as conn:
        return digests.month(conn, *span)


def settle(house: House, states: dict[int, tuple[str, object]]) -> None:
    with write(house.db) as conn:
        for number, (state, at) in states.items():
            values = {"state": state, "settled_at": at and int(at.timestamp())}
            mine = tables.deliveries.c.subscriber_id == number
            conn.execute(update(tables.deliveries).where(mine).values(**values))


def test_nothing_is_nothing(house: House):
    found = count(house)
    assert (found.editions, found.deliveries, found.doubted) == ({}, {}, {})


def test_deliveries_count_by_digest_language_and_state_in_the_month_they_settled(house: House):
    house.site.item("a.en.md", "A")
    house.site.item("a.ar.md", "ا")
    readers = [
        house.reader(name, tag) for name, tag in zip("abcde", ["en"] * 4 + ["ar"], strict=True)
    ]
    house.open(START)
    house.open(FIRST)
    states = ("sent", "sent", "failed", "held", "sent")
    moments = (FIRST, APRIL[0], APRIL[0] - timedelta(seconds=1), None, FIRST)
    settle(house, dict(zip(readers, zip(states, moments, strict=True), strict=True)))
    with write(house.db) as conn:
        doubtful = tables.deliveries.c.state == "held"
        conn.execute(update(tables.deliveries).where(doubtful).values(doubts=2))
    assert count(house).deliveries == {
        ("weekly", "en", "sent"): 1,
        ("weekly", "en", "failed"): 1,
        ("weekly", "en", "held"): 1,  # not settled: it counts where it was queued
        ("weekly", "ar", "sent"): 1,
    }
    assert count(house, APRIL).deliveries == {("weekly", "en", "sent"): 1}
    assert count(house).doubted == {"weekly": 1}


def test_editions_count_by_state_in_the_month_of_their_slot(house: House):
    house.site.item("a.en.md", "A")
    house.reader("a")
    house.open(START)
    house.open(FIRST)
    house.open(FIRST + 7 * DAY + timedelta(hours=12))
    house.open(utc("2026-04-07T06:00"))  # British summer time
    with read(house.db) as conn:
        states = conn.execute(select(tables.editions.c.slot, tables.editions.c.state)).all()
    assert dict(map(tuple, states))["2026-03-10T07:00"] == "missed"
    assert count(house).editions == {("weekly", "sending"): 1, ("weekly", "missed"): 1}
    assert count(house, APRIL).editions == {("weekly", "sent"): 1}
