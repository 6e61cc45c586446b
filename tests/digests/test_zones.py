"""A digest at each reader's own hour: whose clocks count, and what each of them says."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from publisher import digests
from publisher.digests.zones import names_of, zone_for, zones_of
from publisher.store import read, tables, write
from publisher.subscribers import unsubscribe
from tests.digests.conftest import DAY, House, utc

LONDON = ZoneInfo("Europe/London")
START = utc("2026-03-02T12:00")


def own_hours(house: House, at: str = 'every = "day"\nat = "02:30"') -> None:
    house.set('every = "week"\nat = "Tue 07:00"', f'{at}\nzone = "subscriber"')


def moves(house: House, reader: int, zone: str) -> None:
    """A reader moves to another time zone."""
    with write(house.db) as conn:
        row = update(tables.subscribers).where(tables.subscribers.c.id == reader)
        conn.execute(row.values(time_zone=zone))


def mails(house: House, reader: int) -> list[tuple[str, datetime]]:
    """The slots of which a reader has mail, and when each is due."""
    deliveries, editions = tables.deliveries.c, tables.editions.c
    query = (
        select(editions.slot, deliveries.next_at)
        .join(tables.segments, tables.segments.c.edition_id == editions.id)
        .join(tables.deliveries, deliveries.body_id == tables.segments.c.body_id)
        .where(deliveries.subscriber_id == reader)
        .order_by(editions.slot)
    )
    with read(house.db) as conn:
        return [(slot, datetime.fromtimestamp(at, LONDON)) for slot, at in conn.execute(query)]


def run(house: House, first: datetime, last: datetime) -> None:
    """Look every hour, with something new each day."""
    now = first
    while now <= last:
        if now.hour == 12:
            house.site.item(f"{now:%m%d}.en.md", "A", date=f"{now:%Y-%m-%dT%H:%M:%SZ}")
        house.open(now)
        now += timedelta(hours=1)


def test_the_zones_are_those_of_active_readers_and_the_sites_for_who_said_none(house: House):
    own_hours(house)
    readers = [
        house.reader(f"r{n}", time_zone=zone)
        for n, zone in enumerate(("", "Asia/Tokyo", "Asia/Tokyo", "Pacific/Honolulu", "Asia/Gaza"))
    ]
    with write(house.db) as conn:
        unsubscribe(conn, readers[3], START)
        row = update(tables.subscribers).where(tables.subscribers.c.id == readers[4])
        conn.execute(row.values(state="pending"))
    with read(house.db) as conn:
        assert names_of(conn, "weekly") == ("", "Asia/Tokyo")
        assert names_of(conn, "another") == ()
        found = [zone.key for zone in zones_of(conn, house.settings, "weekly")]
    assert found == ["Asia/Tokyo", "Europe/London"]


def test_without_a_reader_the_sites_clock_counts(house: House):
    own_hours(house)
    with read(house.db) as conn:
        assert zones_of(conn, house.settings, "weekly") == (LONDON,)


def test_a_digest_at_the_sites_hour_asks_no_reader(house: House):
    house.reader("one", time_zone="Asia/Tokyo")
    with read(house.db) as conn:
        assert zones_of(conn, house.settings, "weekly") == (LONDON,)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "a\0b"])
def test_a_zone_that_is_none_is_the_sites(name):
    assert zone_for(name, LONDON) == LONDON


def test_one_edition_a_date_frozen_at_its_first_hour_due_at_each_readers_own(house: House):
    own_hours(house, 'at = "Tue 07:00"')
    zones = {"": "07:00", "Pacific/Kiritimati": "17:00", "Pacific/Honolulu": "17:00"}
    readers = [house.reader(f"r{n}", time_zone=zone) for n, zone in enumerate(zones)]
    house.site.item("a.en.md", "A")
    house.open(START)
    house.open(utc("2026-03-02T16:59"))
    assert house.editions() == []
    house.open(utc("2026-03-02T17:00"))
    assert house.editions() == [("weekly", "2026-03-03T07:00", "sending")]
    due = [mails(house, reader)[0][1] for reader in readers]
    assert due == [utc("2026-03-03T07:00"), utc("2026-03-02T17:00"), utc("2026-03-03T17:00")]


@pytest.mark.parametrize(
    ("first", "zone", "hours"),
    [
        # 02:30 is skipped in Berlin on 29 March 2026: the first minute after the gap.
        ("2026-03-27T12:00", "Europe/Berlin", ["02:30+01:00", "03:00+02:00", "02:30+02:00"]),
        # and comes twice on 25 October: the first of the two.
        ("2026-10-23T12:00", "Europe/Berlin", ["02:30+02:00", "02:30+02:00", "02:30+01:00"]),
    ],
)
def test_a_night_whose_clocks_change_has_one_mail(house: House, first, zone, hours):
    own_hours(house)
    reader, abroad = (
        house.reader("one", time_zone=zone),
        house.reader("two", time_zone="Asia/Tokyo"),
    )
    begin = utc(first)
    run(house, begin, begin + 3 * DAY)
    found = [at.astimezone(ZoneInfo(zone)) for _, at in mails(house, reader)]
    assert [f"{at:%H:%M}{at.isoformat()[19:]}" for at in found][:3] == hours
    days = [at.date() for at in found]
    assert days == [days[0] + n * DAY for n in range(len(days))]
    assert [slot for slot, _ in mails(house, abroad)][:3] == [
        slot for slot, _ in mails(house, reader)
    ][:3]


def test_a_zone_that_skips_a_day_skips_no_edition(house: House):
    # Samoa had no 30 December 2011; its readers get that edition at the end of the gap.
    own_hours(house, 'every = "day"\nat = "07:00"')
    reader = house.reader("one", time_zone="Pacific/Apia", at=utc("2011-01-01"))
    run(house, utc("2011-12-28T00:00"), utc("2012-01-01T00:00"))
    slots = [slot for slot, _ in mails(house, reader)]
    assert slots == sorted(set(slots))
    assert "2011-12-29T07:00" in slots
    assert "2011-12-31T07:00" in slots


@pytest.mark.parametrize(
    ("before", "after"), [("Asia/Tokyo", "Pacific/Honolulu"), ("Pacific/Honolulu", "Asia/Tokyo")]
)
def test_who_moves_gets_each_edition_once(house: House, before, after):
    own_hours(house, 'every = "day"\nat = "07:00"')
    reader = house.reader("mover", time_zone=before)
    for number, zone in enumerate(("Asia/Tokyo", "Pacific/Honolulu")):
        house.reader(f"r{number}", time_zone=zone)
    run(house, START, START + 2 * DAY)
    moves(house, reader, after)
    run(house, START + 2 * DAY, START + 4 * DAY)
    slots = [slot for slot, _ in mails(house, reader)]
    keys = [key for parts in house.received(reader) for key in parts]
    assert slots == sorted(set(slots))
    assert len(keys) == len(set(keys)) == len(slots)
    assert len(slots) >= 3


def test_late_for_some_it_is_opened_for_all_until_it_is_too_late_for_the_last(house: House):
    own_hours(house, 'at = "Tue 07:00"')
    reader = house.reader("early", time_zone="Pacific/Kiritimati")
    house.reader("late", time_zone="Pacific/Honolulu")
    house.site.item("a.en.md", "A")
    house.open(START)
    house.open(utc("2026-03-03T22:59"))  # six hours after Honolulu's
    assert house.editions() == [("weekly", "2026-03-03T07:00", "sending")]
    assert len(mails(house, reader)) == 1


def test_too_late_for_everybody_it_is_missed(house: House):
    own_hours(house, 'at = "Tue 07:00"')
    house.reader("early", time_zone="Pacific/Kiritimati")
    house.reader("late", time_zone="Pacific/Honolulu")
    house.open(START)
    house.open(utc("2026-03-03T23:01"))
    assert house.editions() == [("weekly", "2026-03-03T07:00", "missed")]


def test_held_and_released_each_still_gets_it_at_their_hour(house: House):
    own_hours(house, 'at = "Tue 07:00"')
    early = house.reader("early", time_zone="Pacific/Kiritimati")
    late = house.reader("late", time_zone="Pacific/Honolulu")
    house.site.item("a.en.md", "A")
    house.open(START)
    house.decide("hold", START)
    house.open(utc("2026-03-02T17:00"))
    assert (mails(house, early), mails(house, late)) == ([], [])
    house.decide("release", utc("2026-03-03T12:00"))
    assert mails(house, late)[0][1] == utc("2026-03-03T17:00")
    assert mails(house, early)[0][1] <= utc("2026-03-03T12:00")


@pytest.mark.parametrize(
    ("starts", "returns_on"),
    [
        # The edition of the 14th freezes at 05:00 in London, and is there at 18:00 in London and
        # at four the next morning in Honolulu.
        ("2026-03-14T04:30:00Z", "2026-03-13T18:00"),
        ("2026-03-14T09:00:00Z", "2026-03-13T18:00"),
        ("2026-03-15T03:59:00Z", "2026-03-13T18:00"),
        ("2026-03-15T04:01:00Z", "2026-03-14T18:00"),
    ],
)
def test_a_coming_event_is_back_with_every_reader_before_it_begins(
    house: House, starts, returns_on
):
    own_hours(house, 'every = "day"\nat = "18:00"')
    zones = ("Pacific/Auckland", "", "Pacific/Honolulu")
    readers = [house.reader(f"r{n}", time_zone=zone) for n, zone in enumerate(zones)]
    event = f"{{start: {starts}}}"
    house.site.item("a.en.md", "A", "2026-03-02T10:00:00Z", kind="event", event=event)
    house.open(START)
    first = utc("2026-03-03T05:00")
    house.open(first)
    later = first + timedelta(hours=1)
    (queue,) = digests.forecast(house.db, house.settings, house.library(later), later).digests
    assert {one.slot.local for one in queue.waiting[0].offers if one.is_return} == {returns_on}
    for day in range(1, 15):
        house.open(first + day * DAY)
    for reader in readers:
        (_, announced), (slot, comes) = mails(house, reader)
        assert (slot, comes < datetime.fromisoformat(starts)) == (returns_on, True)
        assert announced < comes
