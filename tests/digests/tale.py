"""Small stories told in days, and what each reader had in hand at their end.

A story is lines of "day what". At six in the morning of its day a thing happens; `edition` is at
seven, and what stands below it on the same day happens at noon. The digest goes out daily at seven
and starts at noon of day 0; days of which nothing is told pass without anybody looking.

    1 a.en appears              a file is there; more may follow: dated=-9 status=draft on=6
    2 a.en is edited            with another text, and with whatever follows
    2 a.en is withdrawn         the file is gone; `returns` brings it back as it was
    2 a.en is renamed b.en      another file, and so another key, with the same content
    3 edition                   the slot of that day is opened in time
    3 nobody looks until night  it is found thirteen hours late
    3 the slot freezes          and its deliveries are not written yet
    3 mail to ar leaves
    4 ar reads ar en            a reader chooses other languages
    4 ar wants prevention       or other categories
    4 zoe joins in en           readers not said to join are there from the beginning
    4 ar leaves, ar pauses until 6
    3 hold, release, cancel, approve     what an editor says; `hold 5` says it of day 5
    4 extra a b                 an edition outside the rhythm

What a reader had is told as "3 a/ar | 5 !a/en b/en*": the day of an edition and what stood in it.
! is the notice of a change, * the site's first language for want of the reader's, ~ an event that
comes once more, ^ an original instead of a machine's translation.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from publisher import digests
from publisher.digests.segment import Segment
from publisher.store import read, tables, write
from publisher.subscribers import Catalogue, change_preferences, unsubscribe
from tests.digests.conftest import DAY, House, utc

_FIRST_DAY = utc("2026-03-02T00:00")
_MORNING, _SLOT, _NOON, _NIGHT = (timedelta(hours=hour) for hour in (6, 7, 12, 20))
_LATE = "nobody looks until night"
_IN_HAND = ("queued", "sending", "sent")
_EVENT = ("on", "moved", "cancelled")


def day(number: float) -> datetime:
    """The beginning of a day; a Monday is day 0."""
    return _FIRST_DAY + number * DAY


class Tale:
    """One story, told to a site with a daily digest."""

    def __init__(self, house: House, *, digest: str = "", readers: Sequence[str] = ()) -> None:
        """Begin a story with readers named by their languages; `digest` is more settings."""
        house.set('every = "week"\nat = "Tue 07:00"', f'every = "day"\nat = "07:00"\n{digest}')
        house.set("[feeds]", "[categories.sport]\n[feeds]")
        self._house = house
        self._files: dict[str, dict[str, str]] = {}
        self._edits = 0
        self._readers: dict[str, int] = {}
        for name in readers:
            languages, _, wish = name.partition(" (")
            self._readers[name] = house.reader(
                languages.replace(" ", "-") + wish.strip(")"), languages, originals=bool(wish)
            )
        house.open(day(0) + _NOON)

    def tell(self, story: str) -> None:
        """Let things happen, line by line."""
        past: tuple[int, timedelta] = (-1, _NOON)  # the day whose edition was there, and when
        for line in filter(None, map(str.strip, story.splitlines())):
            number, _, what = line.partition(" ")
            today = int(number)
            if what in ("edition", "the slot freezes", _LATE):
                hour, after = (_NIGHT, _NIGHT) if what == _LATE else (_SLOT, _NOON)
                hour = _NOON if past[0] == today else hour
                past = today, after
            else:
                hour = past[1] if past[0] == today else _MORNING
            now = day(today) + hour
            self._happen(what, now)

    def had(self, reader: str) -> str:
        """What a reader had in hand, edition by edition."""
        return " | ".join(self._editions_of(self._readers[reader]))

    def _happen(self, what: str, now: datetime) -> None:
        house = self._house
        first, *rest = what.split()
        if what in ("edition", _LATE):
            house.open(now)
        elif what == "the slot freezes":
            house.freeze(now)
        elif first == "mail":
            self._leave(rest[1])
        elif first in ("hold", "release", "cancel", "approve"):
            slot = f"{day(int(rest[0])):%Y-%m-%d}" if rest else ""
            house.decide(first, now, slot)
        elif first == "extra":
            house.extra(rest, now)
        elif "." in first:
            self._file(first, rest, now)
        else:
            self._reader(what, now)

    def _file(self, name: str, words: list[str], now: datetime) -> None:
        act, *facts = words[1:] if words[0] == "is" else words
        path = self._house.site.root / "content" / f"{name}.md"
        if act in ("withdrawn", "renamed"):
            path.unlink()
        if act == "renamed":
            name = facts.pop()
            self._files[name] = self._files[path.stem]
        if act == "appears":
            # A translation has the date of what it translates.
            key = name.partition(".")[0]
            dates = [file["dated"] for file in self._files.values() if file["key"] == key]
            today = f"{(now - _FIRST_DAY).days}"
            self._files[name] = {"key": key, "dated": [*dates, today][0]}
        if act == "edited":
            self._edits += 1
            self._files[name]["body"] = f"Edited {self._edits} times."
        if act != "withdrawn":
            told = {key: value for key, _, value in (fact.partition("=") for fact in facts)}
            if "correction" in told:
                told["updated"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
            self._files[name] |= told
            self._write(name)
        library = self._house.library(now)
        assert not [problem for problem in library.problems if problem.is_error]
        with write(self._house.db) as conn:
            digests.record_seen(conn, library, now)

    def _write(self, name: str) -> None:
        facts = dict(self._files[name])
        date = day(float(facts.pop("dated"))) + timedelta(hours=5)
        title = facts.pop("key").upper()
        body = facts.pop("body", f"The text of {title}.")
        event = {key: facts.pop(key) for key in _EVENT if key in facts}
        if event:
            start = day(int(event.get("moved") or event["on"])) + timedelta(hours=10)
            state = (
                "cancelled" if "cancelled" in event else "moved" if "moved" in event else "planned"
            )
            facts["kind"] = "event"
            facts["event"] = f"{{start: {start:%Y-%m-%dT%H:%M:%SZ}, state: {state}}}"
        if "machine" in facts:
            facts["translation"] = f"{{of: {facts.pop('machine')}, method: machine}}"
        if "categories" in facts:
            facts["categories"] = f"[{facts['categories']}]"
        self._house.site.item(f"{name}.md", title, f"{date:%Y-%m-%dT%H:%M:%SZ}", body, **facts)

    def _reader(self, what: str, now: datetime) -> None:
        name, act, words = self._named(what)
        house = self._house
        if act == "joins":
            self._readers[name] = house.reader(name, words.removeprefix("in "), now)
            return
        number = self._readers[name]
        with write(house.db) as conn:
            if act == "leaves":
                unsubscribe(conn, number, now)
            elif act == "pauses":
                until = day(int(words.split()[-1])) + _MORNING
                rows = update(tables.subscribers).where(tables.subscribers.c.id == number)
                conn.execute(rows.values(paused_until=int(until.timestamp())))
            else:
                reads = words.split() if act == "reads" else name.split()
                wants = words.split() if act == "wants" else []
                choice = Catalogue(house.settings).choose(reads, categories=wants)
                change_preferences(conn, number, choice, now)

    def _named(self, what: str) -> tuple[str, str, str]:
        for act in ("joins", "reads", "wants", "leaves", "pauses"):
            name, found, words = what.partition(f" {act}")
            if found:
                return name, act, words.strip()
        raise ValueError(what)

    def _leave(self, reader: str) -> None:
        """Let a reader's mail of the newest edition leave."""
        rows = tables.deliveries.c
        with write(self._house.db) as conn:
            newest = conn.scalar(
                select(rows.id)
                .where(rows.subscriber_id == self._readers[reader], rows.state == "queued")
                .order_by(rows.id.desc())
                .limit(1)
            )
            left = update(tables.deliveries).where(rows.id == newest)
            assert conn.execute(left.values(state="sent")).rowcount == 1

    def _editions_of(self, reader: int) -> Iterator[str]:
        deliveries, editions, segments = tables.deliveries.c, tables.editions.c, tables.segments.c
        query = (
            select(tables.segments, editions.slot)
            .join(tables.deliveries, deliveries.body_id == segments.body_id)
            .join(tables.editions, editions.id == segments.edition_id)
            .where(deliveries.subscriber_id == reader, deliveries.state.in_(_IN_HAND))
            .order_by(editions.slot, editions.id)
        )
        with read(self._house.db) as conn:
            rows = conn.execute(query).all()
        for row in rows:
            segment = Segment.from_json(
                row.language, json.loads(row.items), json.loads(row.notices)
            )
            told = [f"!{key}/{language}" for key, language, _ in segment.notices]
            parts = [
                f"{part.key}/{part.language}"
                + "*" * part.is_fallback
                + "~" * part.is_return
                + "^" * part.is_original
                for part in segment.parts
            ]
            slot = datetime.fromisoformat(row.slot).date() - _FIRST_DAY.date()
            yield f"{slot.days} {' '.join([*told, *parts])}"
