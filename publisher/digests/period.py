"""When editions are due: slots of the local calendar, over changes of the clock, late or missed.

The only place where time zones decide anything. Pure: the caller says what time it is. A slot is
named by its local time ("2026-03-29T07:00"), so one calendar slot is one edition whatever the
clocks do that day. Where each reader's own hour counts, the one local time is many instants: the
slot is due at the first of them, and `hours` has them all.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from publisher.settings.model import Digest

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPAN = 2 * DAY  # local days differ by at most one from UTC's, and a gap may skip a whole day
_LONGEST = timedelta(days=66)  # between two slots of any rhythm, and some
LAST = 0  # the day of a month that "last" stands for

_TIME = r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)"
_FORMS = {  # what `at` may look like, and what it is when left empty
    "day": (re.compile(_TIME, re.ASCII), "07:00"),
    "week": (re.compile(rf"(?P<day>[A-Za-z]+)\s+{_TIME}", re.ASCII), "Tue 07:00"),
    "month": (re.compile(rf"(?P<day>\d{{1,2}}|last)\s+{_TIME}", re.ASCII), "1 07:00"),
}


Zones = ZoneInfo | Sequence[ZoneInfo]  # of the site, or of all its readers


@dataclass(frozen=True, slots=True)
class Slot:
    """A calendar place for one edition: its local name and the instant it falls on."""

    local: str  # "2026-03-29T07:00", in the site's time zone or in each reader's own
    due_at: datetime  # aware, UTC; the first of all, where there are several zones

    @property
    def at(self) -> datetime:
        """The local time, without a zone."""
        return datetime.fromisoformat(self.local)


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
    digest: "Digest", zones: Zones, after: datetime, until: datetime
) -> tuple[Slot, ...]:
    """Return the slots due after one moment and not later than another, oldest first.

    Empty for every = "item", whose slots follow from its items: see `settled_slot`.
    """
    rhythm = read_at(digest)
    if rhythm is None or until <= after:
        return ()
    days = _days(rhythm, _day_near(after, -_SPAN), _day_near(until, _SPAN))
    slots = (slot_at(datetime.combine(day, rhythm.time), zones) for day in days)
    return tuple(slot for slot in slots if after < slot.due_at <= until)


def next_slot(digest: "Digest", zones: Zones, after: datetime) -> Slot | None:
    """Return the first slot due after a moment; None for every = "item"."""
    rhythm = read_at(digest)
    if rhythm is None:
        return None
    days = _days(rhythm, _day_near(after, -_SPAN), _day_near(after, _LONGEST))
    slots = (slot_at(datetime.combine(day, rhythm.time), zones) for day in days)
    return next((slot for slot in slots if slot.due_at > after), None)


def last_slot(digest: "Digest", zones: Zones, until: datetime) -> Slot | None:
    """Return the latest slot due not later than a moment; None for every = "item"."""
    rhythm = read_at(digest)
    if rhythm is None:
        return None
    days = [*_days(rhythm, _day_near(until, -_LONGEST), _day_near(until, _SPAN))]
    slots = (slot_at(datetime.combine(day, rhythm.time), zones) for day in reversed(days))
    return next((slot for slot in slots if slot.due_at <= until), None)


def settled_slot(newest: datetime, settle: timedelta, zone: ZoneInfo) -> Slot:
    """Return the slot of an every = "item" edition: `settle` after the newest waiting item.

    The name is a minute, so the moment is rounded up to one; its order is that of the instants.
    """
    due = newest + settle
    beyond = timedelta(seconds=due.second, microseconds=due.microsecond)
    due += MINUTE - beyond if beyond else timedelta(0)
    return Slot(_name(due.astimezone(zone)), due)


def slot_at(local: datetime, zones: Zones) -> Slot:
    """Return the slot of a local time, due when it first begins in any of these zones.

    local   without a time zone, whole minutes
    """
    return Slot(_name(local), min(_instant(local, zone) for zone in _several(zones)))


def hours(local: datetime, zones: Iterable[ZoneInfo]) -> dict[str, datetime]:
    """Return when a local time is in each zone, by the zone's name, as instants."""
    return {zone.key: _instant(local, zone) for zone in zones}


def last_hour(slot: Slot, zones: Zones) -> datetime:
    """Return when a slot begins in the last of these zones."""
    return max(slot.due_at, *(_instant(slot.at, zone) for zone in _several(zones)))


def is_regular(digest: "Digest", local: datetime) -> bool:
    """Return whether a local time is one of a digest's slots."""
    rhythm = read_at(digest)
    if rhythm is None or local.time() != rhythm.time:
        return False
    return local.date() in _days(rhythm, local.date(), local.date())


def is_too_late(digest: "Digest", slot: Slot, zones: Zones, now: datetime) -> bool:
    """Return whether a slot that nobody opened in time is missed: for every reader's hour."""
    return now - last_hour(slot, zones) > digest.max_lateness


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return when a local time is: a doubled one is the first, a skipped one the gap's end."""
    due = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if due.astimezone(zone).replace(tzinfo=None) != local:
        due = _end_of_gap(local, zone)
    return due


def _several(zones: Zones) -> Sequence[ZoneInfo]:
    return [zones] if isinstance(zones, ZoneInfo) else zones


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


def _day_near(moment: datetime, by: timedelta) -> date:
    """Return a day so far from a moment that no zone's calendar is beyond it."""
    return moment.astimezone(UTC).date() + by


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
