"""What editors decide: before the slot, at it and after; whatever is said twice or killed between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from publisher import digests
from publisher.digests import State
from publisher.digests.choosing import find_edition
from publisher.digests.decisions import Decision, decisions_on
from publisher.errors import PublisherError, StateError
from publisher.store import read, tables, write
from tests.digests.conftest import DAY, House, utc
from tests.digests.killed import KILLED, decide
from tests.rig.launch import exit_codes

START = utc("2026-03-02T12:00")
FIRST = utc("2026-03-03T07:00")
SECOND = utc("2026-03-10T07:00")
MINUTE = timedelta(minutes=1)
DRAFTS = ('at = "Tue 07:00"', 'at = "Tue 07:00"\napprove = "editor"')


def filled(house: House, *, drafts: bool = False, items: int = 1) -> list[int]:
    """Items and two readers of a digest that has started."""
    if drafts:
        house.set(*DRAFTS)
    for number in range(items):
        house.site.item(f"a{number}.en.md", "A")
    readers = [house.reader("one"), house.reader("two")]
    house.open(START)
    return readers


def states(house: House) -> list[str]:
    return [state for _, _, state in house.editions()]


def rows(house: House) -> list[tuple[str, int]]:
    """Each delivery's state and when it is due, in seconds after the first slot."""
    columns = tables.deliveries.c
    with read(house.db) as conn:
        found = conn.execute(select(columns.state, columns.next_at).order_by(columns.id))
        return [(state, at - int(FIRST.timestamp())) for state, at in found]


def leaves(house: House, delivery: int = 1) -> None:
    with write(house.db) as conn:
        row = update(tables.deliveries).where(tables.deliveries.c.id == delivery)
        conn.execute(row.values(state="sent"))


def said(house: House) -> dict[str, Decision]:
    with read(house.db) as conn:
        return decisions_on(conn, "weekly")


# Drafts.


def test_with_approve_editor_the_slot_makes_a_draft_that_nobody_gets(house: House):
    filled(house, drafts=True)
    (opened,) = house.open(FIRST)
    assert opened.edition.state is State.DRAFT
    assert opened.stories == 1
    assert house.open(FIRST + DAY) == ()
    assert rows(house) == []


def test_an_approved_draft_goes_to_all_at_once(house: House):
    filled(house, drafts=True)
    house.open(FIRST)
    acted = house.decide("approve", FIRST + DAY)
    assert (acted.edition.state, acted.opened.recipients) == (State.SENDING, 2)
    assert [state for state, _ in rows(house)] == ["queued", "queued"]


def test_approved_beforehand_it_goes_out_at_its_slot(house: House):
    filled(house, drafts=True)
    acted = house.decide("approve", START, "2026-03-03")
    assert acted.edition is None
    assert acted.slot.local == "2026-03-03T07:00"
    (opened,) = house.open(FIRST)
    assert opened.edition.state is State.SENDING
    assert said(house) == {}


def test_an_approval_counts_for_one_edition(house: House):
    filled(house, drafts=True)
    house.decide("approve", START, "2026-03-03")
    house.open(FIRST)
    house.open(SECOND)
    assert states(house) == ["sending", "draft"]


def test_approving_twice_does_not_approve_the_next_edition_unseen(house: House):
    filled(house, drafts=True)
    house.open(FIRST)
    house.decide("approve", FIRST)
    with pytest.raises(PublisherError, match="has no draft to approve") as caught:
        house.decide("approve", FIRST)
    assert "publisher digest approve weekly 2026-03-10T07:00" in caught.value.hint
    assert said(house) == {}


def test_a_draft_that_nobody_approved_waits_beside_the_next(house: House):
    filled(house, drafts=True)
    house.open(FIRST)
    house.site.item("b.en.md", "B", date="2026-03-09T10:00:00Z")
    house.open(SECOND)
    assert states(house) == ["draft", "draft"]
    with pytest.raises(PublisherError, match="several editions to approve") as caught:
        house.decide("approve", SECOND)
    assert caught.value.hint == "name one: 2026-03-03T07:00 (draft), 2026-03-10T07:00 (draft)"
    house.decide("approve", SECOND, "2026-03-03")
    assert states(house) == ["sending", "draft"]


def test_a_held_draft_that_is_released_is_a_draft_again(house: House):
    filled(house, drafts=True)
    house.open(FIRST)
    house.decide("hold", FIRST)
    with pytest.raises(StateError, match="is held and cannot become approved") as caught:
        house.decide("approve", FIRST, "2026-03-03")
    assert "publisher digest release weekly 2026-03-03T07:00" in caught.value.hint
    assert house.decide("release", FIRST).edition.state is State.DRAFT
    assert house.decide("approve", FIRST).edition.state is State.SENDING


def test_a_digest_that_needs_no_approval_says_so(house: House):
    filled(house)
    with pytest.raises(PublisherError, match="needs no approval: it goes out at its slot"):
        house.decide("approve", START, "2026-03-03")


# Hold and release.


def test_held_before_its_slot_it_freezes_and_waits(house: House):
    reader, _ = filled(house)
    house.decide("hold", START)
    (opened,) = house.open(FIRST)
    assert (opened.edition.state, opened.edition.note) == (State.HELD, "an editor holds it")
    house.site.item("a0.en.md", "A", body="Edited.")
    assert house.open(FIRST + DAY) == ()
    assert rows(house) == []
    assert house.decide("release", FIRST + DAY).opened.recipients == 2
    assert house.received(reader) == [["a0/en"]]


def test_released_before_its_slot_it_goes_out_at_the_slot(house: House):
    filled(house)
    house.decide("hold", START)
    house.decide("release", START)
    with pytest.raises(PublisherError, match="no edition that is held or was missed"):
        house.decide("release", START)
    with pytest.raises(PublisherError, match="is not held"):
        house.decide("release", START, "2026-03-03")
    house.open(FIRST)
    assert states(house) == ["sending"]


def test_a_slot_that_is_due_and_not_yet_opened_can_still_be_stopped(house: House):
    filled(house)
    house.decide("hold", FIRST + MINUTE)
    house.open(FIRST + 2 * MINUTE)
    assert house.editions() == [("weekly", "2026-03-03T07:00", "held")]


def test_held_in_mid_sending_what_waits_stays_and_what_left_is_gone(house: House):
    filled(house)
    house.open(FIRST)
    leaves(house)
    acted = house.decide("hold", FIRST)
    assert (acted.gone, acted.kept) == (1, 1)
    assert [state for state, _ in rows(house)] == ["sent", "held"]
    assert digests.close_settled(house.db, FIRST) == ()
    assert house.open(FIRST + DAY) == ()
    assert house.decide("release", FIRST + DAY).edition.state is State.SENDING
    assert [state for state, _ in rows(house)] == ["sent", "queued"]


def test_holding_again_changes_nothing_and_does_not_hold_the_next(house: House):
    filled(house)
    house.open(FIRST)
    house.decide("hold", FIRST)
    with pytest.raises(PublisherError, match="edition of 2026-03-03T07:00, is held already"):
        house.decide("hold", FIRST)
    assert house.decide("hold", FIRST, "2026-03-03").edition.state is State.HELD
    assert said(house) == {}


def test_held_while_it_opens_the_rest_is_written_after_the_release(house: House):
    readers = filled(house)
    number = house.freeze(FIRST)
    house.open_a_chunk(number, FIRST, size=1)
    house.decide("hold", FIRST)
    assert [state for state, _ in rows(house)] == ["held"]
    house.open(FIRST)
    assert [state for state, _ in rows(house)] == ["held"]
    house.decide("release", FIRST)
    assert [state for state, _ in rows(house)] == ["queued", "queued"]
    assert [house.received(one) for one in readers] == [[["a0/en"]]] * 2


def test_what_was_deferred_after_the_hold_is_held_by_the_next_look(house: House):
    filled(house)
    house.open(FIRST)
    house.decide("hold", FIRST)
    with write(house.db) as conn:
        conn.execute(update(tables.deliveries).values(state="queued"))
    house.open(FIRST)
    assert [state for state, _ in rows(house)] == ["held", "held"]
    house.decide("cancel", FIRST)
    with write(house.db) as conn:
        conn.execute(update(tables.deliveries).values(state="queued"))
    house.open(FIRST)
    assert [state for state, _ in rows(house)] == ["skipped", "skipped"]


def test_a_missed_edition_that_is_released_carries_what_is_there_now(house: House):
    reader, _ = filled(house)
    house.open(FIRST + DAY)
    house.site.item("b.en.md", "B", date="2026-03-04T06:00:00Z")
    acted = house.decide("release", FIRST + DAY)
    assert (acted.edition.state, acted.opened.recipients) == (State.SENDING, 2)
    assert house.received(reader) == [["b/en", "a0/en"]]
    house.open(SECOND)
    assert house.received(reader) == [["b/en", "a0/en"]]


def test_an_extra_edition_does_not_hide_a_missed_one(house: House):
    filled(house, items=2)
    house.open(FIRST + DAY)
    house.extra(["a1"], FIRST + DAY)
    acted = house.decide("release", FIRST + DAY, "2026-03-03T07:00")
    assert acted.edition.state is State.SENDING
    assert house.editions()[0] == ("weekly", "2026-03-03T07:00", "sending")


# Too many items.


def test_one_held_for_its_size_goes_out_as_it_is_when_released(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 2')
    reader, _ = filled(house, items=3)
    (held,) = house.open(FIRST)
    assert held.edition.state is State.HELD
    assert "publisher digest release weekly" in held.edition.note
    assert house.decide("release", FIRST).opened.recipients == 2
    assert len(house.received(reader)[0]) == 3
    assert house.open(FIRST) == ()


def test_an_editor_who_held_it_before_has_not_seen_its_size(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 2')
    filled(house, items=3)
    house.decide("hold", START)
    house.open(FIRST)
    acted = house.decide("release", FIRST)
    assert acted.edition.state is State.HELD
    assert "it has 3 items" in acted.edition.note
    assert rows(house) == []
    assert house.decide("release", FIRST).edition.state is State.SENDING


def test_nor_one_who_approved_it_before_its_slot(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 2\napprove = "editor"')
    filled(house, items=3)
    house.decide("approve", START, "2026-03-03")
    (opened,) = house.open(FIRST)
    assert opened.edition.state is State.HELD
    assert house.decide("release", FIRST).edition.state is State.SENDING


def test_a_draft_that_is_approved_goes_out_however_large(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 2\napprove = "editor"')
    filled(house, items=3)
    house.open(FIRST)
    assert house.decide("approve", FIRST).edition.state is State.SENDING


def test_one_that_an_editor_holds_is_not_let_go_by_raising_most(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 2')
    filled(house, items=3)
    house.open(FIRST)
    house.decide("hold", FIRST, "2026-03-03")
    house.set("most = 2", "most = 9")
    assert house.open(FIRST) == ()
    assert states(house) == ["held"]


# Cancel.


@pytest.mark.parametrize("before", ["open", "hold"])
def test_cancelled_before_anything_left_its_items_wait(house: House, before):
    reader, _ = filled(house)
    house.open(FIRST)
    if before == "hold":
        house.decide("hold", FIRST)
    acted = house.decide("cancel", FIRST)
    assert (acted.edition.state, acted.gone, acted.kept) == (State.CANCELLED, 0, 2)
    assert [state for state, _ in rows(house)] == ["skipped", "skipped"]
    house.open(SECOND)
    assert house.received(reader)[1:] == [["a0/en"]]


def test_cancelled_before_its_slot_nothing_freezes(house: House):
    reader, _ = filled(house)
    house.decide("cancel", START)
    (opened,) = house.open(FIRST)
    assert opened.edition.state is State.CANCELLED
    assert "before its slot" in opened.edition.note
    assert said(house) == {}
    house.open(SECOND)
    assert house.received(reader) == [["a0/en"]]


def test_a_cancelled_slot_can_be_taken_back_until_it_is_due(house: House):
    filled(house)
    house.decide("cancel", START)
    house.decide("release", START)
    house.open(FIRST)
    assert states(house) == ["sending"]


@pytest.mark.parametrize("what", ["hold", "cancel"])
def test_stopping_what_has_just_gone_out_does_not_stop_the_next(house: House, what: str):
    filled(house)
    house.open(FIRST)
    with write(house.db) as conn:
        conn.execute(update(tables.deliveries).values(state="sent"))
    digests.close_settled(house.db, FIRST)
    with pytest.raises(PublisherError, match="has gone out already") as caught:
        house.decide(what, FIRST + MINUTE)
    assert "2026-03-10T07:00" in caught.value.hint
    house.decide(what, FIRST + DAY)
    assert list(said(house)) == ["2026-03-10T07:00"]


def test_cancelling_twice_does_not_cancel_the_next(house: House):
    filled(house)
    house.open(FIRST)
    house.decide("cancel", FIRST)
    with pytest.raises(PublisherError, match=r"03-03T07:00, is cancelled already") as caught:
        house.decide("cancel", FIRST)
    assert "publisher digest cancel weekly 2026-03-10T07:00" in caught.value.hint
    with pytest.raises(StateError, match="is cancelled already") as caught:
        house.decide("cancel", FIRST, "2026-03-03")
    assert "that is final" in caught.value.hint
    assert said(house) == {}


def test_the_next_freeze_in_the_second_of_a_cancelling_takes_its_items_once(house: House):
    reader, _ = filled(house)
    house.decide("hold", START)
    house.open(FIRST)
    house.site.item("b.en.md", "B", date="2026-03-09T10:00:00Z")
    house.open(SECOND)
    third = SECOND + 7 * DAY
    house.decide("cancel", third, "2026-03-03")
    house.open(third)
    house.open(third + 7 * DAY)
    assert house.received(reader) == [["b/en"], ["a0/en"]]


def test_decisions_on_slots_that_passed_by_are_forgotten(house: House):
    filled(house)
    house.decide("hold", START, "2026-03-03")
    house.decide("approve", START, "2026-03-03")
    house.decide("hold", START, "2026-03-10")
    house.open(utc("2026-03-20T12:00"))
    assert house.editions() == [("weekly", "2026-03-17T07:00", "missed")]
    assert said(house) == {}


def test_cancelled_single_items_wait_for_a_newer_one(house: House):
    house.set('every = "week"\nat = "Tue 07:00"', 'every = "item"')
    reader = house.reader("one")
    house.open(START)
    house.site.item("a.en.md", "A", date="2026-03-02T12:30:00Z")
    for minutes in (30, 41):
        house.open(START + minutes * MINUTE)
    house.decide("cancel", START + 42 * MINUTE)
    for minutes in (50, 60, 600):
        house.open(START + minutes * MINUTE)
    assert states(house) == ["cancelled"]
    house.site.item("b.en.md", "B", date="2026-03-03T12:00:00Z")
    for minutes in (24 * 60, 24 * 60 + 11):
        house.open(START + minutes * MINUTE)
    assert states(house) == ["cancelled", "sending"]
    assert house.received(reader)[1:] == [["b/en", "a/en"]]


def test_single_items_have_no_slot_to_decide_on(house: House):
    house.set('every = "week"\nat = "Tue 07:00"', 'every = "item"')
    filled(house)
    with pytest.raises(PublisherError, match="weekly has no edition to hold") as caught:
        house.decide("hold", START)
    assert "status: hold" in caught.value.hint


# A delay.


def test_within_the_delay_nothing_leaves_and_a_cancel_loses_nothing(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\ndelay = "10m"')
    filled(house)
    house.open(FIRST + MINUTE)
    assert rows(house) == [("queued", 11 * 60)] * 2
    acted = house.decide("cancel", FIRST + 9 * MINUTE)
    assert acted.gone == 0
    house.open(SECOND)
    assert [state for state, _ in rows(house)] == ["skipped", "skipped", "queued", "queued"]


def test_the_delay_begins_when_a_draft_is_approved(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\ndelay = "10m"\napprove = "editor"')
    filled(house)
    house.open(FIRST)
    house.decide("approve", FIRST + 60 * MINUTE)
    assert rows(house) == [("queued", 70 * 60)] * 2


# Which edition is meant.


@pytest.mark.parametrize(
    "wanted",
    ["2026-03-03T07:00", "2026-03-03 07:00", "2026-03-03T0700", "2026-03-03", " 2026-03-03 "],
)
@pytest.mark.parametrize("at", [START, FIRST])
def test_a_slot_may_be_written_in_several_ways(house: House, wanted, at):
    filled(house)
    house.open(at)
    assert house.decide("hold", at, wanted).slot.local == "2026-03-03T07:00"


@pytest.mark.parametrize("wanted", ["2026-03-04", "2026-03-03T08:00", "2026-13-45", "2031-01-07"])
def test_an_unknown_slot_names_the_next_ones(house: House, wanted):
    filled(house)
    with pytest.raises(PublisherError, match=f"weekly has no edition of {wanted}") as caught:
        house.decide("hold", START, wanted)
    assert caught.value.hint == "the next slots are: 2026-03-03T07:00, 2026-03-10T07:00"


@pytest.mark.parametrize("wanted", ["tuesday", "2026-3-3", "2026-03-03T7", "17"])
def test_what_is_no_slot_is_told_how_to_write_one(house: House, wanted):
    filled(house)
    with pytest.raises(PublisherError, match="is not a slot") as caught:
        house.decide("hold", START, wanted)
    assert '"2026-03-29T07:00"' in caught.value.hint


def test_a_day_with_an_extra_edition_has_two(house: House):
    filled(house, items=2)
    house.extra(["a0"], FIRST - 60 * MINUTE)
    with pytest.raises(PublisherError, match="several editions of 2026-03-03") as caught:
        house.decide("hold", FIRST - MINUTE, "2026-03-03")
    assert caught.value.hint == "name one: 2026-03-03T06:00 (sending), 2026-03-03T07:00"
    leaves(house), leaves(house, 2)
    digests.close_settled(house.db, FIRST)
    assert house.decide("hold", FIRST - MINUTE, "2026-03-03").slot.local == "2026-03-03T07:00"


@pytest.mark.parametrize("what", ["approve", "hold", "release", "cancel"])
def test_it_is_too_late_for_an_edition_that_is_sent(house: House, what):
    filled(house)
    house.open(FIRST)
    leaves(house), leaves(house, 2)
    digests.close_settled(house.db, FIRST)
    with pytest.raises(
        StateError, match="edition of 2026-03-03T07:00 is sent and cannot"
    ) as caught:
        house.decide(what, FIRST, "2026-03-03")
    assert (
        caught.value.hint
        == "all of it has left; publisher digest extra tells readers of a correction"
    )


# Crashes, and two at once.


# One process that imports once, then forks whenever it is told "what when crash_at".
@pytest.fixture
def killed(house: House) -> Callable[..., bool]:
    """Decide in a process that ends at its n-th commit; return whether it came so far."""
    url = house.db.url.render_as_string(hide_password=False)

    def run(what: str, now: datetime, crash_at: int) -> bool:
        (code,) = exit_codes(decide, house.site.root, url, now, crash_at, what)
        assert code in (0, KILLED)
        return code == KILLED

    return run


@pytest.mark.parametrize("what", ["approve", "release", "cancel"])
def test_killed_at_any_commit_a_decision_is_finished_by_saying_it_again(house: House, killed, what):
    readers = filled(house, drafts=True)
    for crash_at in range(1, 9):
        with write(house.db) as conn:
            for name in ("deliveries", "segments", "bodies", "edition_items", "editions"):
                conn.execute(tables.metadata.tables[name].delete())
        late = FIRST + DAY if what == "release" else FIRST
        house.open(late)
        was_killed = killed(what, late, crash_at)
        house.open(late)  # finishes what was begun
        if states(house) in (["draft"], ["missed"]):
            house.decide(what, late)
        if what == "cancel":
            assert states(house) == ["cancelled"]
            assert rows(house) == []
        else:
            assert states(house) == ["sending"]
            assert [house.received(one) for one in readers] == [[["a0/en"]]] * 2
        if not was_killed:
            break
    assert not was_killed
    assert crash_at > (1 if what == "cancel" else 3)


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(house: House):
    filled(house, drafts=True)
    for _ in range(5):
        with write(house.db) as conn:
            for name in ("deliveries", "segments", "bodies", "edition_items", "editions"):
                conn.execute(tables.metadata.tables[name].delete())
        house.open(FIRST)

        def decide(what: str) -> str:
            try:
                return house.decide(what, FIRST, "2026-03-03").edition.state
            except StateError as error:
                return f"too late: {error.state}"

        with ThreadPoolExecutor(2) as pool:
            found = sorted(pool.map(decide, ("approve", "cancel")))
        # Cancelling is the last word in either order; an approval came before it or too late.
        assert states(house) == ["cancelled"]
        assert found[0] == "cancelled"
        assert found[1] in ("cancelled", "sending", "too late: cancelled")
        assert {one for one, _ in rows(house)} <= {"skipped"}


def test_a_decision_and_the_freeze_at_once_agree(house: House):
    filled(house)
    for week in range(5):
        now = FIRST + week * 7 * DAY
        now -= timedelta(hours=1) if now > utc("2026-03-29T01:00") else timedelta(0)
        slot = f"{now:%Y-%m-%d}"
        house.site.item(f"b{week}.en.md", "B", date=f"{now:%Y-%m-%dT%H:%M:%SZ}")
        with ThreadPoolExecutor(2) as pool:
            opening = pool.submit(house.open, now)
            holding = pool.submit(house.decide, "hold", now, slot)
            opening.result(), holding.result()
        house.open(now)
        assert states(house)[-1] == "held"
        assert said(house) == {}
        assert {state for state, _ in rows(house)} <= {"held", "skipped"}
        house.decide("cancel", now, slot)


def test_cancelled_while_its_blocks_are_made_nothing_freezes(house: House):
    filled(house)

    def cancel_meanwhile(name, stories):
        house.decide("cancel", FIRST, "2026-03-03")
        return ()

    library = house.library(FIRST)
    opened = digests.open_due(
        house.db, house.settings, library, house.templates, FIRST, look=cancel_meanwhile
    )
    assert [one.edition.state for one in opened] == [State.CANCELLED]
    assert rows(house) == []
    assert said(house) == {}


def test_finding_an_edition_reads_nothing_of_what_was_frozen(house: House):
    filled(house)
    house.open(FIRST)
    with write(house.db) as conn:
        conn.execute(update(tables.editions).values(frozen="not JSON"))
    with read(house.db) as conn:
        found = find_edition(conn, house.settings, "weekly", "hold", "", FIRST)
    assert found.slot.local == "2026-03-03T07:00"
