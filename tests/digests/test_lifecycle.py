"""Editions from due to sent, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from publisher import digests
from publisher.digests import State
from publisher.store import read, tables, write
from publisher.subscribers import suppress, unsubscribe
from tests.digests.conftest import DAY, KEYS, House, utc

START = utc("2026-03-02T12:00")  # a Monday
FIRST = utc("2026-03-03T07:00")
SECOND = utc("2026-03-10T07:00")


def test_nothing_opens_before_the_first_slot_after_the_start(house: House):
    house.site.item("a.en.md", "A")
    assert house.open(START) == ()
    assert house.open(FIRST - timedelta(seconds=1)) == ()
    assert house.editions() == []


def test_a_due_slot_becomes_an_edition_with_a_delivery_for_each_reader(house: House):
    house.site.item("a.en.md", "A")
    house.site.item("a.ar.md", "ا")
    english, arabic = house.reader("one"), house.reader("two", "ar")
    house.open(START)
    (opened,) = house.open(FIRST)
    assert opened.edition.slot.local == "2026-03-03T07:00"
    assert (opened.edition.state, opened.recipients, opened.stories) == (State.SENDING, 2, 1)
    assert house.received(english) == [["a/en"]]
    assert house.received(arabic) == [["a/ar"]]


def test_opening_again_changes_nothing(house: House):
    house.site.item("a.en.md", "A")
    reader = house.reader("one")
    house.open(START)
    house.open(FIRST)
    assert house.open(FIRST) == ()
    assert house.open(FIRST + timedelta(hours=3)) == ()
    assert house.editions() == [("weekly", "2026-03-03T07:00", "sending")]
    assert house.received(reader) == [["a/en"]]


def test_nothing_new_means_no_mail(house: House):
    house.site.item("a.en.md", "A")
    reader = house.reader("one")
    house.open(START)
    house.open(FIRST)
    (second,) = house.open(SECOND)
    assert (second.edition.state, second.recipients) == (State.SENT, 0)
    assert house.received(reader) == [["a/en"]]


def test_only_those_get_mail_who_want_it(house: House):
    house.set("[feeds]", "[categories.sport]\n[feeds]")
    house.site.item("a.en.md", "A", categories="[prevention]")
    wanting = house.reader("wanting", categories=("prevention",))
    others = [house.reader(name) for name in ("gone", "barred", "paused", "pending")]
    others.append(house.reader("sportive", categories=("sport",)))
    gone, _, paused, pending, _ = others
    with write(house.db) as conn:
        unsubscribe(conn, gone, START)
        suppress(conn, KEYS, "barred@example.org", START)
        pause = update(tables.subscribers).where(tables.subscribers.c.id == paused)
        conn.execute(pause.values(paused_until=int(SECOND.timestamp())))
        wait = update(tables.subscribers).where(tables.subscribers.c.id == pending)
        conn.execute(wait.values(state="pending"))
    house.open(START)
    house.open(FIRST)
    assert house.received(wanting) == [["a/en"]]
    assert [house.received(one) for one in others] == [[]] * 5


def test_of_several_missed_slots_the_last_counts_and_is_missed_when_too_late(house: House):
    house.site.item("a.en.md", "A")
    reader = house.reader("one")
    house.open(START)
    (missed,) = house.open(utc("2026-03-25T07:00"))
    assert missed.edition.state is State.MISSED
    assert house.open(utc("2026-03-25T08:00")) == ()
    house.open(utc("2026-03-31T12:00"))
    assert house.editions() == [
        ("weekly", "2026-03-24T07:00", "missed"),
        ("weekly", "2026-03-31T07:00", "sending"),
    ]
    assert house.received(reader) == [["a/en"]]


def test_what_was_there_before_the_start_counts_as_sent(house: House):
    house.site.item("old.en.md", "Old", date="2026-02-24T06:59:59Z")
    house.site.item("new.en.md", "New", date="2026-02-24T07:00:00Z")
    reader = house.reader("one")
    house.open(START)
    house.open(FIRST)
    assert house.received(reader) == [["new/en"]]


def test_a_backdated_item_goes_into_the_next_edition(house: House):
    house.site.item("a.en.md", "A")
    reader = house.reader("one")
    house.open(START)
    house.open(FIRST)
    house.site.item("backdated.en.md", "Backdated", date="2026-02-20T10:00:00Z")
    house.site.item("ancient.en.md", "Ancient", date="2020-02-20T10:00:00Z")
    house.open(SECOND)
    assert house.received(reader) == [["a/en"], ["backdated/en"]]


def test_an_item_that_appears_in_the_second_of_the_freeze_is_not_lost(house: House):
    house.site.item("a.en.md", "A")
    reader = house.reader("one")
    house.open(START)
    house.open(FIRST)
    house.site.item("b.en.md", "B")
    house.open(FIRST)
    house.open(SECOND)
    assert house.received(reader) == [["a/en"], ["b/en"]]


def test_a_clock_set_back_loses_nothing_and_sends_nothing_twice(house: House):
    house.site.item("a.en.md", "A")
    reader = house.reader("one")
    house.open(START)
    house.open(FIRST)
    house.site.item("b.en.md", "B")
    house.open(FIRST - DAY)
    house.open(SECOND)
    assert house.received(reader) == [["a/en"], ["b/en"]]


def test_a_clock_that_ran_two_weeks_ahead_silences_no_slot(house: House):
    reader = house.reader("one")
    house.open(START)
    house.open(SECOND + 7 * DAY)  # and opened an empty edition there
    house.site.item("a.en.md", "A")
    house.open(FIRST)
    house.site.item("b.en.md", "B")
    house.open(SECOND)
    assert house.received(reader) == [["a/en"], ["b/en"]]


def test_a_held_item_waits_and_a_renamed_one_is_the_same(house: House):
    house.site.item("a.en.md", "A")
    file = house.site.item("b.en.md", "B", body="The text of b.")
    reader = house.reader("one")
    house.open(START)
    house.site.item("a.en.md", "A", status="hold")
    house.open(FIRST)
    house.site.item("a.en.md", "A")
    (house.site.root / "content" / "2026").mkdir()
    file.rename(house.site.root / "content" / "2026" / "c.en.md")
    house.open(FIRST + DAY)
    house.open(SECOND)
    assert house.received(reader) == [["b/en"], ["a/en"]]


def test_a_late_translation_reaches_those_who_wait_and_nobody_twice(house: House):
    house.set('every = "week"\nat = "Tue 07:00"', 'every = "day"\nat = "07:00"')
    house.site.item("a.en.md", "A", date="2026-03-02T10:00:00Z")
    readers = [house.reader(f"r{n}", tags) for n, tags in enumerate(("en", "ar", "ar en", "fr"))]
    for day in range(8):
        if day == 2:
            house.site.item("a.ar.md", "ا", date="2026-03-02T10:00:00Z")
        if day == 5:
            house.site.item("a.fr.md", "A", date="2026-03-02T10:00:00Z")
        house.open(START + day * DAY)
        house.open(FIRST + day * DAY)
    assert [house.received(one) for one in readers] == [
        [["a/en"]],
        [["a/ar"]],
        [["a/ar"]],
        [["a/en*"]],
    ]
    assert [slot for _, slot, state in house.editions() if state == "sending"] == [
        "2026-03-03T07:00",
        "2026-03-05T07:00",
        "2026-03-06T07:00",
    ]


def test_importing_old_items_and_adding_a_language_mails_nobody(house: House):
    house.site.item("a.en.md", "A")
    readers = [house.reader("one"), house.reader("two", "ar")]
    house.open(START)
    house.open(FIRST)
    house.open(SECOND)
    for number in range(100):
        house.site.item(f"old/{number}.en.md", f"Old {number}", date="2025-01-01T00:00:00Z")
        house.site.item(f"old/{number}.ar.md", f"Old {number}", date="2025-01-01T00:00:00Z")
    house.site.item("a.ar.md", "ا")
    house.open(SECOND + DAY)
    house.open(SECOND + 7 * DAY)
    assert [house.received(one) for one in readers] == [[["a/en"]], [["a/en*"]]]


def test_an_edition_with_too_many_items_is_held_until_more_are_allowed(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 2')
    for name in "abc":
        house.site.item(f"{name}.en.md", name.upper())
    reader = house.reader("one")
    house.open(START)
    (held,) = house.open(FIRST)
    assert held.edition.state is State.HELD
    assert "3 items" in held.edition.note
    assert "digests.weekly.most" in held.edition.note
    assert house.received(reader) == []
    assert house.open(FIRST + DAY) == ()
    house.set("most = 2", "most = 3")
    (opened,) = house.open(FIRST + 2 * DAY)
    assert (opened.edition.state, opened.edition.note) == (State.SENDING, "")
    assert house.received(reader) == [["a/en", "b/en", "c/en"]]


def test_single_items_settle_and_leave_together(house: House):
    house.set('every = "week"\nat = "Tue 07:00"', 'every = "item"')
    house.site.item("before.en.md", "Before", date="2026-03-02T11:59:00Z")
    reader = house.reader("one")
    house.open(START)
    assert house.open(START + timedelta(hours=1)) == ()
    house.site.item("a.en.md", "A", date="2026-03-02T13:00:00Z")
    house.open(START + timedelta(minutes=61))
    house.site.item("b.en.md", "B", date="2026-03-02T13:05:00Z")
    house.open(START + timedelta(minutes=69))
    assert house.open(START + timedelta(minutes=78)) == ()
    house.open(START + timedelta(minutes=79))
    assert house.editions() == [("weekly", "2026-03-02T13:19", "sending")]
    assert house.received(reader) == [["b/en", "a/en"]]


def test_single_items_that_nobody_looked_after_settle_once_more(house: House):
    house.set('every = "week"\nat = "Tue 07:00"', 'every = "item"')
    reader = house.reader("one")
    house.open(START)
    house.site.item("a.en.md", "A", date="2026-03-02T12:30:00Z")
    for days in (1, 2, 3, 4):
        house.open(START + days * DAY)
    assert [state for _, _, state in house.editions()] == ["missed", "sending"]
    assert house.received(reader) == [["a/en"]]


def test_two_editions_in_the_hour_that_clocks_repeat_have_two_names(house: House):
    house.set('every = "week"\nat = "Tue 07:00"', 'every = "item"\nsettle = "0"')
    reader = house.reader("one")
    first = utc("2026-10-25T00:30")
    house.open(utc("2026-10-24T12:00"))
    for number, moment in enumerate((first, first + timedelta(hours=1))):
        house.site.item(f"{number}.en.md", "A", date=moment.isoformat())
        house.open(moment + timedelta(minutes=number))
    assert [slot for _, slot, _ in house.editions()] == ["2026-10-25T01:30", "2026-10-25T01:31"]
    assert house.received(reader) == [["0/en"], ["1/en"]]


def test_an_event_is_not_announced_after_it_ended(house: House):
    over = "{start: 2026-03-02T10:00:00Z, end: 2026-03-03T06:00:00Z}"
    coming = "{start: 2026-03-03T06:00:00Z, end: 2026-03-03T08:00:00Z}"
    house.site.item("over.en.md", "Over", kind="event", event=over)
    house.site.item("coming.en.md", "Coming", kind="event", event=coming)
    reader = house.reader("one")
    house.open(START)
    house.open(FIRST)
    assert house.received(reader) == [["coming/en"]]


def test_an_edition_is_sent_when_nothing_waits_and_nothing_is_in_doubt(house: House):
    house.site.item("a.en.md", "A")
    house.reader("one"), house.reader("two")
    house.open(START)
    house.open(FIRST)
    for state, is_closed in (("in doubt", False), ("held", True)):
        assert digests.close_settled(house.db, FIRST) == ()
        with write(house.db) as conn:
            rows = update(tables.deliveries)
            conn.execute(rows.values(state="sent").where(tables.deliveries.c.id == 1))
            conn.execute(rows.values(state=state).where(tables.deliveries.c.id == 2))
        closed = digests.close_settled(house.db, FIRST) if is_closed else ()
        assert [one.state for one in closed] == [State.SENT] * is_closed
    assert digests.close_settled(house.db, FIRST) == ()
    assert house.editions() == [("weekly", "2026-03-03T07:00", "sent")]


def test_equal_lists_share_one_body_and_segments_count_their_readers(house: House):
    house.set("[feeds]", "[categories.sport]\n[feeds]")
    house.site.item("a.en.md", "A", categories="[prevention]")
    for number in range(5):
        house.reader(f"r{number}", categories=("prevention",) * (number % 2))
    house.reader("arabic", "ar en")
    house.open(START)
    house.open(FIRST)
    with read(house.db) as conn:
        assert conn.scalars(select(tables.segments.c.recipients)).all() == [5]
        assert conn.scalar(select(func.count()).select_from(tables.bodies)) == 1


@pytest.mark.parametrize("what", ["missed", "cancelled"])
def test_a_digest_whose_first_slot_was_passed_by_opens_its_next(house: House, what):
    house.site.item("a.en.md", "A")
    house.reader("one")
    house.open(START)
    if what == "cancelled":
        house.decide("cancel", START)
    house.open(FIRST if what == "cancelled" else FIRST + DAY)
    house.open(FIRST + 7 * DAY)
    states = [state for _, _, state in house.editions()]
    assert states == [what, "sending"]
