"""Each local slot once: readers of many zones, the nights when clocks change, a process that sleeps.

Daily digests leave at 02:30, weekly ones on Sunday at 02:30, the time that most countries skip or
double. What should come is reckoned in slot_world.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from slot_world import (
    DAY,
    DIGEST,
    DIGESTS,
    HOUR,
    LATENESS,
    MINUTE,
    SETTINGS,
    ZONES,
    World,
    compare,
    half_past_two,
    utc,
)

NIGHTS = [  # Sundays on which clocks change, and a site that they change for
    ("2026-03-08", "America/New_York"),
    ("2026-03-29", "Europe/Berlin"),
    ("2026-04-05", "Australia/Lord_Howe"),
    ("2026-10-04", "Australia/Sydney"),
    ("2026-10-25", "Europe/Berlin"),
    ("2026-11-01", "America/New_York"),
]


@pytest.fixture
def world(site) -> Iterator[object]:
    made: list[World] = []

    def make(*words, **more) -> World:
        made.append(World(site, *words, **more))
        return made[-1]

    yield make
    for one in made:
        one.walk.close()


@pytest.mark.parametrize(("sunday", "zone"), NIGHTS)
def test_each_hour_of_a_night_that_changes_clocks_to_the_second(world, sunday, zone):
    day = date.fromisoformat(sunday)
    began = datetime.combine(day, time(9), UTC) - DAY
    walked = world(zone, began, days=2)
    # From before Sunday's 02:30 in Kiritimati until after it in Honolulu.
    hours = {half_past_two(day, where or zone) for where in ZONES.values()}
    compare(walked, sorted({*hours, *(hour - timedelta(seconds=1) for hour in hours)}))
    shown = f"{day.day} {day:%B %Y}"
    for name, where in ZONES.items():
        for digest in ("own-daily", "own-weekly"):
            assert walked.dates(digest, name).count(shown) == 1
            at = walked.moments(digest, name)[walked.dates(digest, name).index(shown)]
            assert at == half_past_two(day, where or zone)


@pytest.mark.parametrize(("sunday", "zone"), NIGHTS[::2])
def test_a_process_that_sleeps_through_slots(world, sunday, zone):
    draw = random.Random(sunday)
    moment = began = datetime.combine(date.fromisoformat(sunday), time(), UTC) - 2 * DAY
    walked = world(zone, began, days=4)
    moments = []
    while moment < began + 4 * DAY:
        moment += draw.choice([1, 11, 47, 130, 310, 420, 800, 1500]) * MINUTE
        moments.append(moment + draw.randrange(60) * timedelta(seconds=1))
    due = compare(walked, moments)
    assert all(promise.opened for promise in due if promise.digest.endswith("daily"))
    for digest in DIGESTS:
        for name in ZONES:
            dates = walked.dates(digest, name)
            assert len(dates) == len(set(dates))


def test_the_wall_clock_of_this_test_tells_skipped_and_doubled_times():
    assert half_past_two(date(2026, 3, 29), "Europe/Berlin") == utc("2026-03-29T01:00")
    assert half_past_two(date(2026, 10, 25), "Europe/Berlin") == utc("2026-10-25T00:30")
    assert half_past_two(date(2026, 10, 4), "Australia/Lord_Howe") == utc("2026-10-03T15:30")
    assert half_past_two(date(2011, 12, 30), "Pacific/Apia") == utc("2011-12-30T10:00")


def test_a_day_that_a_zone_skips_begins_with_the_next(world):
    began = utc("2011-12-28T00:00")
    readers = {name: ZONES[name] for name in ("apia", "honolulu", "kiritimati", "nobody-knows")}
    walked = world("Pacific/Apia", began, readers=readers)
    compare(walked, [began + number * HOUR for number in range(1, 100, 3)])
    # On the island the 29th was followed by the 31st, at 10:00 in UTC.
    for digest in ("own-daily", "site-daily"):
        found = [at for at in walked.moments(digest, "apia") if at > utc("2011-12-29T00:00")]
        assert found[:3] == [
            utc("2011-12-29T13:00"),
            utc("2011-12-30T10:00"),
            utc("2011-12-30T13:00"),
        ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Pacific/Honolulu", "Pacific/Kiritimati"),
        ("Pacific/Kiritimati", "Pacific/Honolulu"),
        ("Europe/Berlin", "America/New_York"),
        ("America/New_York", "Europe/Berlin"),
    ],
)
@pytest.mark.parametrize("moved_after", [2, 14])
def test_who_moves_gets_no_edition_twice_and_misses_none(world, before, after, moved_after):
    began = utc("2026-05-03T09:00")
    readers = {"east": "Pacific/Kiritimati", "west": "Pacific/Honolulu", "mover": before}
    walked = world("Europe/Berlin", began, readers=readers, digests=["own-daily"])
    # The edition of the 5th freezes on the 4th at 12:30, and goes west on the 5th at 12:30.
    moves_at = utc("2026-05-04T12:00") + moved_after * HOUR
    for number in range(1, 96, 3):
        moment = began + number * HOUR + 30 * MINUTE
        if moves_at < moment <= moves_at + 3 * HOUR:
            walked.walk.at(moves_at).change("mover", time_zone=after)
        walked.send(moment)
    due = walked.dates("own-daily", "west")
    assert due[:3] == ["4 May 2026", "5 May 2026", "6 May 2026"]
    theirs = walked.dates("own-daily", "mover")
    assert len(theirs) == len(set(theirs))
    assert set(due) <= set(theirs)
    items = [key for came in walked.came if came[2] == "mover" for key in came[4]]
    assert len(items) == len(set(items))


def test_who_joins_between_the_freeze_and_their_hour_begins_with_the_next(world):
    began = utc("2026-05-03T09:00")
    walked = world("Europe/Berlin", began, readers=ZONES, digests=["own-daily"])
    walked.send(utc("2026-05-04T12:31"))  # the edition of the 5th is open
    walked.walk.join("newcomer", ["en"], time_zone="America/New_York")
    for moment in ("2026-05-05T06:31", "2026-05-05T12:31", "2026-05-06T06:31"):
        walked.send(utc(moment))
    assert walked.dates("own-daily", "new-york") == ["5 May 2026", "6 May 2026"]
    assert walked.dates("own-daily", "newcomer") == ["6 May 2026"]
    items = {name: came[4] for came in walked.came for name in [came[2]] if came[1] == "6 May 2026"}
    assert items["newcomer"] == items["new-york"]


def test_of_several_missed_slots_only_the_last_counts(world):
    began = utc("2026-05-03T09:00")
    walked = world("Europe/Berlin", began)
    compare(walked, [utc("2026-05-07T01:00"), utc("2026-05-07T12:30")])
    for name in ZONES:
        assert walked.dates("own-daily", name)[0] == "7 May 2026"
        assert walked.dates("site-daily", name) == ["7 May 2026"]


@pytest.mark.parametrize("digest", ["own-daily", "site-daily"])
def test_a_slot_missed_for_every_reader_waits_and_can_be_released(world, digest):
    began = utc("2026-05-03T09:00")
    readers = {"berlin": "Europe/Berlin", "london": "Europe/London"}
    walked = world("Europe/Berlin", began, readers=readers, digests=[digest])
    last = utc("2026-05-04T00:30") + (HOUR if digest == "own-daily" else timedelta(0))
    missed_at = last + LATENESS + MINUTE
    due = compare(walked, [missed_at])
    assert due[0].opened == {date(2026, 5, 4): None}
    walked.walk.at(missed_at + HOUR).release(digest)
    found = walked.send(missed_at + HOUR)
    assert [came[2] for came in sorted(found)] == ["berlin", "london"]
    assert {came[1] for came in found} == {"4 May 2026"}
    here = {key for key, moment in walked.items.items() if moment <= missed_at + HOUR}
    assert {came[4] for came in found} == {frozenset(here)}
    (_, later, *_), *_ = walked.send(utc("2026-05-05T02:31"))
    assert later == "5 May 2026"
    keys = [key for came in walked.came if came[2] == "london" for key in came[4]]
    assert len(keys) == len(set(keys))


def test_a_slot_at_the_edge_of_lateness_still_goes_out(world):
    readers = {"berlin": "Europe/Berlin", "london": "Europe/London"}
    walked = world("Europe/Berlin", utc("2026-05-03T09:00"), readers=readers)
    edge = utc("2026-05-04T01:30") + LATENESS  # of the last reader, in London
    (own, _, site, _) = compare(walked, [edge])
    assert own.opened == {date(2026, 5, 4): edge}
    assert site.opened == {date(2026, 5, 4): None}


def test_the_same_by_commands_in_the_night_when_clocks_go_forward(journey):
    words = [
        DIGEST.format(name=name, zone=kind, every=every, at=at)
        for name, (kind, every, at) in DIGESTS.items()
        if name == "own-daily"
    ]
    journey.site.configure(SETTINGS.format(zone="Europe/Berlin") + "".join(words))
    journey.at("2026-03-28T09:00:00Z").publisher("send")
    for name in ("london", "beirut", "lord-howe", "new-york", "nobody-knows"):
        more = ["--time-zone", ZONES[name]] if ZONES[name] else []
        journey.reader(f"{name}@example.org", "en", *more)
    journey.site.item("news.en.md", "News", "2026-03-28T12:00:00Z")
    expected = [
        ("2026-03-28T15:29:00Z", set()),
        ("2026-03-28T15:30:00Z", {"lord-howe"}),
        ("2026-03-28T23:29:00Z", {"lord-howe"}),
        ("2026-03-28T23:30:00Z", {"lord-howe", "beirut"}),
        ("2026-03-29T00:59:00Z", {"lord-howe", "beirut"}),
        # 02:30 does not exist in Berlin that night: 03:00 stands for it. In London it does.
        ("2026-03-29T01:00:00Z", {"lord-howe", "beirut", "nobody-knows"}),
        ("2026-03-29T01:29:00Z", {"lord-howe", "beirut", "nobody-knows"}),
        ("2026-03-29T01:30:00Z", {"lord-howe", "beirut", "nobody-knows", "london"}),
        ("2026-03-29T06:29:00Z", {"lord-howe", "beirut", "nobody-knows", "london"}),
        ("2026-03-29T06:30:00Z", {"lord-howe", "beirut", "nobody-knows", "london", "new-york"}),
    ]
    for moment, names in expected:
        assert journey.at(moment).publisher("send") == 0
        assert {str(message["To"]).partition("@")[0] for message in journey.inbox()} == names
        assert len(journey.inbox()) == len(names)
