"""When editions are due: slots of the local calendar, over changes of the clock, late or missed.

The only place where the site's time zone decides anything. Pure: the caller says what time it is.
A slot is named by its local time ("2026-03-29T07:00"), so one calendar slot is one edition
whatever the clocks do that day.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from publisher.settings.model import Digest

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LAST = 0  # the day of a month that "last" stands for

_TIME = r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)"
_FORMS = {  # what `at` may look like, and what it is when left empty
    "day": (re.compile(_TIME, re.ASCII), "07:00"),
    "week": (re.compile(rf"(?P<day>[A-Za-z]+)\s+{_TIME}", re.ASCII), "Tue 07:00"),
    "month": (re.compile(rf"(?P<day>\d{{1,2}}|last)\s+{_TIME}", re.ASCII), "1 07:00"),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A calendar place for one edition: its local name and the instant it falls on."""

    local: str  # "2026-03-29T07:00", in the site's time zone
    due_at: datetime  # aware, UTC


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What `every` and `at` say together."""

    every: str
    day: int  # week: 0 is Monday; month: 1 to 28 or LAST; else 0
    time: time


def read_at(digest: "Digest") -> Rhythm | None:
    """Return when in its period a digest is due, None for every = "item".

    Raises ValueError with a sentence that says what to write.
    """
    if digest.every == "item":
        if digest.at:
            raise ValueError('every = "item" has no fixed time; remove `at` and set `settle`')
        return None
    form, usual = _FORMS[digest.every]
    found = form.fullmatch(digest.at.strip() or usual)
    day = _day(digest.every, found["day"]) if found and digest.every != "day" else 0
    if not found or day is None:
        also = ', up to "28 07:00", or "last 07:00"' if digest.every == "month" else ""
        raise ValueError(
            f'"{digest.at}" does not fit every = "{digest.every}"; write for instance "{usual}"{also}'
        )
    return Rhythm(digest.every, day, time(int(found["hour"]), int(found["minute"])))


def slots_between(
    digest: "Digest", zone: ZoneInfo, after: datetime, until: datetime
) -> tuple[Slot, ...]:
    """Return the slots due after one moment and not later than another, oldest first.

    Empty for every = "item", whose slots follow from its items: see `settled_slot`.
    """
    rhythm = read_at(digest)
    if rhythm is None or until <= after:
        return ()
    slots = (
        slot_at(datetime.combine(day, rhythm.time), zone)
        for day in _days(rhythm, _near(after, zone, -DAY), _near(until, zone, DAY))
    )
    return tuple(slot for slot in slots if after < slot.due_at <= until)


def next_slot(digest: "Digest", zone: ZoneInfo, after: datetime) -> Slot | None:
    """Return the first slot due after a moment; None for every = "item"."""
    slots = slots_between(digest, zone, after, after + timedelta(days=64))
    return slots[0] if slots else None


def last_slot(digest: "Digest", zone: ZoneInfo, until: datetime) -> Slot | None:
    """Return the latest slot due not later than a moment; None for every = "item"."""
    slots = slots_between(digest, zone, until - timedelta(days=64), until)
    return slots[-1] if slots else None


def settled_slot(newest: datetime, settle: timedelta, zone: ZoneInfo) -> Slot:
    """Return the slot of an every = "item" edition: `settle` after the newest waiting item.

    The name is a minute, so the moment is rounded up to one; its order is that of the instants.
    """
    due = newest + settle
    beyond = timedelta(seconds=due.second, microseconds=due.microsecond)
    due += MINUTE - beyond if beyond else timedelta(0)
    return Slot(_name(due.astimezone(zone)), due)


def slot_at(local: datetime, zone: ZoneInfo) -> Slot:
    """Return the slot of a local time: a doubled one is the first, a skipped one the gap's end.

    local   without a time zone, whole minutes
    """
    due = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if due.astimezone(zone).replace(tzinfo=None) != local:
        due = _end_of_gap(local, zone)
    return Slot(_name(local), due)


def is_too_late(digest: "Digest", slot: Slot, now: datetime) -> bool:
    """Return whether a slot that nobody opened in time is missed."""
    return now - slot.due_at > digest.max_lateness


def day_of(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the beginning of the local day a moment lies in, as an instant."""
    day = moment.astimezone(zone).date()
    return slot_at(datetime.combine(day, time()), zone).due_at


def _day(every: str, word: str) -> int | None:
    if every == "week":
        return WEEKDAYS.index(word) if word in WEEKDAYS else None
    if word == "last":
        return LAST
    return int(word) if 1 <= int(word) <= 28 else None  # each month has these


def _days(rhythm: Rhythm, first: date, last: date) -> Iterator[date]:
    if rhythm.every == "month":
        year, month = first.year, first.month
        while (year, month) <= (last.year, last.month):
            yield date(year, month, rhythm.day or monthrange(year, month)[1])
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        return
    day, step = first, DAY
    if rhythm.every == "week":
        day, step = first + DAY * ((rhythm.day - first.weekday()) % 7), DAY * 7
    while day <= last:
        yield day
        day += step


def _near(moment: datetime, zone: ZoneInfo, by: timedelta) -> date:
    return moment.astimezone(zone).date() + by


def _name(local: datetime) -> str:
    return local.strftime("%Y-%m-%dT%H:%M")


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first minute after the gap that a skipped local time lies in."""
    # PEP 495: in a gap fold=1 reckons with the offset after it, which is a moment before it.
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    beyond = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while beyond - before > MINUTE:
        middle = before + (beyond - before) // (2 * MINUTE) * MINUTE
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            beyond = middle
    return beyond
