"""What a replayed site owes its readers, reckoned from the promise alone.

Written from the documented rules of editions, without a look at the program: nothing of it is
imported here. Each run is asked what it should bring; the answer is compared with the outbox.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from bench.replay_site import DAY, HOUR, LANGUAGES, Act, File

SITE_ZONE, SEVEN = "Europe/Berlin", time(7)
LATENESS, MAX_AGE, SETTLE = 6 * HOUR, 30 * DAY, timedelta(minutes=10)
TUESDAY = 1

Due = tuple[str, str, frozenset[tuple[str, str]]]  # reader, digest, {(language, key)}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings of one digest say."""

    name: str
    every: str
    wait: timedelta
    has_fallback: bool
    is_own_hour: bool = False


TERMS = (
    Terms("weekly", "week", 3 * DAY, True),
    Terms("daily", "day", 3 * DAY, False, is_own_hour=True),
    Terms("each", "item", timedelta(0), True),
)


@dataclass(slots=True)
class Reader:
    """Somebody, and what each digest brought them."""

    name: str
    languages: tuple[str, ...]
    kinds: tuple[str, ...]
    zone: str
    has_changed: bool = False
    had: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(slots=True)
class Course:
    """Where one digest stands."""

    terms: Terms
    slot: date | None = None  # the last one, opened or missed
    frozen_at: datetime | None = None
    first_freeze: datetime | None = None
    missed_at: datetime | None = None  # of a digest of single items, until the next opens
    editions: int = 0
    missed: int = 0
    waiting: list[tuple[datetime, Due]] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """How often each of the rule's turns was taken, by (reader, item)."""

    waited: int = 0  # in the first language, after the story had gone out in another
    next_language: int = 0
    fallback: int = 0


class Promise:
    """The promise of a whole site, asked run by run."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._seen: dict[str, dict[str, datetime]] = defaultdict(dict)  # key -> language -> when
        self._files: dict[tuple[str, str], File] = {}
        self.readers: dict[str, Reader] = {}
        self.courses = {terms.name: Course(terms) for terms in TERMS}
        self.tally = Tally()

    def act(self, act: Act) -> None:
        """Take in what a reader does."""
        if act.what == "join":
            self.readers[act.name] = Reader(act.name, act.languages, act.kinds, act.time_zone)
        elif act.what == "leave":
            self.readers.pop(act.name, None)
        elif act.name in self.readers:
            reader = self.readers[act.name]
            reader.has_changed |= reader.languages != act.languages
            reader.languages, reader.zone = act.languages, act.time_zone or reader.zone

    def appear(self, file: File, now: datetime) -> None:
        """Take in a file that is seen for the first time by the run of this moment."""
        self._seen[file.key].setdefault(file.language, now)
        self._files[file.key, file.language] = file

    def run(self, now: datetime) -> Iterator[Due]:
        """Yield each message that a run at this moment should bring."""
        for course in self.courses.values():
            if course.terms.every == "item":
                self._settle(course, now)
            else:
                self._keep_calendar(course, now)
            due = [one for one in course.waiting if one[0] <= now]
            course.waiting = [one for one in course.waiting if one[0] > now]
            yield from (owed for _, owed in due if owed[0] in self.readers)

    # When an edition opens.

    def _keep_calendar(self, course: Course, now: datetime) -> None:
        slot = self._last_slot(course.terms, now)
        if slot is None or (course.slot and slot <= course.slot):
            return
        course.slot = slot
        if now - max(self._hours(course.terms, slot)) > LATENESS:
            course.missed += 1
        else:
            self._open(course, now, slot)

    def _last_slot(self, terms: Terms, now: datetime) -> date | None:
        for ahead in range(2, -9, -1):
            day = now.date() + ahead * DAY
            if terms.every == "week" and day.weekday() != TUESDAY:
                continue
            begins = min(self._hours(terms, day))
            if begins <= now:
                return day if max(self._hours(terms, day)) > self._began else None
        return None

    def _hours(self, terms: Terms, day: date) -> list[datetime]:
        zones = {one.zone or SITE_ZONE for one in self.readers.values()} or {SITE_ZONE}
        return [
            wall_hour(day, SEVEN, zone) for zone in (zones if terms.is_own_hour else [SITE_ZONE])
        ]

    def _settle(self, course: Course, now: datetime) -> None:
        strangers = [Reader("", (tag,), (), "") for tag in LANGUAGES]
        keys = {
            key for one in strangers for _, key in self._items(course, one, now, is_count=False)
        }
        if not keys:
            return
        newest = max(at for key in keys for at in self._seen[key].values())
        is_again = course.missed_at is not None
        slot = max(newest, course.missed_at or newest) + SETTLE
        if slot.second or slot.microsecond:
            slot = slot.replace(second=0, microsecond=0) + timedelta(minutes=1)
        if slot > now:
            return
        if now - slot > LATENESS and not is_again:
            course.missed_at, course.missed = now, course.missed + 1
        else:
            course.missed_at = None
            self._open(course, now, None)

    def _open(self, course: Course, now: datetime, slot: date | None) -> None:
        course.editions += 1
        course.first_freeze = course.first_freeze or now
        for reader in self.readers.values():
            items = frozenset(self._items(course, reader, now))
            if not items:
                continue
            reader.had[course.terms.name] |= {key for _, key in items}
            hour = now
            if slot and course.terms.is_own_hour:
                hour = wall_hour(slot, SEVEN, reader.zone or SITE_ZONE)
            course.waiting.append((hour, (reader.name, course.terms.name, items)))
        course.frozen_at = now

    # What is in it for whom.

    def _items(
        self, course: Course, reader: Reader, now: datetime, *, is_count: bool = True
    ) -> Iterator[tuple[str, str]]:
        terms = course.terms
        wishes = (*reader.languages, LANGUAGES[0]) if terms.has_fallback else reader.languages
        for key, seen in self._seen.items():
            here = [tag for tag in wishes if tag in seen]
            if not here or key in reader.had[terms.name]:
                continue
            appeared = min(seen.values())
            eligible = self._eligible(terms, reader.languages, here, seen)
            if eligible > now or self._passed(course, reader, eligible, appeared):
                continue
            if self._counts_as_sent(course, self._files[key, here[0]], seen, now):
                continue
            kind = self._files[key, here[0]].kind or "news"
            if reader.kinds and kind not in reader.kinds:
                continue
            if is_count:
                self._count(terms, reader, here[0], eligible > appeared)
            yield here[0], key

    def _passed(
        self, course: Course, reader: Reader, eligible: datetime, appeared: datetime
    ) -> bool:
        """Return whether an earlier edition was the one for this story.

        Not for who chose other languages while it was still being waited for.
        """
        after = course.frozen_at
        if after is None or eligible > after:
            return False
        return not reader.has_changed or after >= appeared + course.terms.wait

    def _eligible(
        self, terms: Terms, languages: Sequence[str], here: list[str], seen: dict[str, datetime]
    ) -> datetime:
        """Return when a story reaches readers of these languages."""
        waited_until = min(seen.values()) + terms.wait
        first = seen.get(languages[0])
        if first is not None and first <= waited_until:
            return first
        return max(waited_until, min(seen[tag] for tag in here))

    def _counts_as_sent(
        self, course: Course, file: File, seen: dict[str, datetime], now: datetime
    ) -> bool:
        if file.date < seen[file.language] - MAX_AGE:
            return True
        if course.first_freeze is not None and min(seen.values()) > course.first_freeze:
            return False
        day_ends = wall_hour(file.date.date() + DAY, time(), SITE_ZONE)
        return day_ends <= self._past(course.terms)

    def _past(self, terms: Terms) -> datetime:
        """Return where a digest's past ends: one period before its first slot."""
        if terms.every == "item":
            return self._began
        day = self._began.date() + DAY
        while wall_hour(day, SEVEN, SITE_ZONE) > self._began or (
            terms.every == "week" and day.weekday() != TUESDAY
        ):
            day -= DAY
        return wall_hour(day, SEVEN, SITE_ZONE)

    def _count(self, terms: Terms, reader: Reader, language: str, is_late: bool) -> None:
        if language not in reader.languages:
            self.tally.fallback += 1
        elif language != reader.languages[0]:
            self.tally.next_language += 1
        elif is_late:
            self.tally.waited += 1


@cache
def wall_hour(day: date, at: time, zone: str) -> datetime:
    """Return the first minute at which a clock on a wall there shows this time or a later one."""
    wanted, place = datetime.combine(day, at), ZoneInfo(zone)
    minute = datetime.combine(day, at, UTC) - 16 * HOUR
    while minute.astimezone(place).replace(tzinfo=None) < wanted:
        minute += timedelta(minutes=1)
    return minute
