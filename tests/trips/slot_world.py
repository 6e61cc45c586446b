"""A site of many zones, and what its digests owe its readers, reckoned from the promise alone.

Minute by minute on a wall clock: an edition opens at the first run after its slot has begun for
anybody; each reader has it at the first run that is not before their own hour.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bench.replay_promise import wall_hour
from bench.walk import Letter, Walk

ZONES = {
    "new-york": "America/New_York",
    "sao-paulo": "America/Sao_Paulo",
    "honolulu": "Pacific/Honolulu",
    "london": "Europe/London",
    "casablanca": "Africa/Casablanca",
    "beirut": "Asia/Beirut",
    "kolkata": "Asia/Kolkata",
    "kathmandu": "Asia/Kathmandu",
    "sydney": "Australia/Sydney",
    "lord-howe": "Australia/Lord_Howe",
    "auckland": "Pacific/Auckland",
    "apia": "Pacific/Apia",
    "kiritimati": "Pacific/Kiritimati",
    "nobody-knows": "",  # goes by the site's
}
DIGESTS = {
    "own-daily": ("subscriber", "day", "02:30"),
    "own-weekly": ("subscriber", "week", "Sun 02:30"),
    "site-daily": ("site", "day", "02:30"),
    "site-weekly": ("site", "week", "Sun 02:30"),
}
SETTINGS = """\
[site]
url = "https://example.org"
name = "A site"
languages = ["en"]
time_zone = "{zone}"
item_url = "{{url}}/{{language}}/{{key}}/"
[feeds]
id_authority = "example.org,2026"
[sender]
address = "digest@example.org"
"""
DIGEST = """\
[digests.{name}]
title = "{name}"
subject = "{name} {{date}}"
every = "{every}"
at = "{at}"
zone = "{zone}"
"""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATENESS = 6 * HOUR
ITEMS_EVERY = 3 * HOUR

Arrival = tuple[str, str, str, datetime, frozenset[str]]  # digest, date, reader, run, items


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def half_past_two(day: date, zone: str) -> datetime:
    return wall_hour(day, time(2, 30), zone)


@dataclass
class Promise:
    """What a digest should bring to whom, run by run."""

    digest: str
    readers: dict[str, str]  # name -> zone
    items: dict[str, datetime]  # key -> when it is published
    started_at: datetime
    opened: dict[date, datetime | None] = field(default_factory=dict)  # None: missed
    _waiting: list[tuple[datetime, Arrival]] = field(default_factory=list)
    _frozen_at: datetime | None = None

    def run(self, now: datetime) -> Iterator[Arrival]:
        """Yield what a run at this moment brings."""
        slot = self._due(now)
        if slot and (not self.opened or slot > max(self.opened)):
            self._open(slot, now)
        due = [(hour, arrival) for hour, arrival in self._waiting if hour <= now]
        self._waiting = [one for one in self._waiting if one not in due]
        for _, (digest, day, name, _, items) in due:
            yield digest, day, name, now, items

    def hour(self, day: date, name: str) -> datetime:
        return half_past_two(day, self.readers[name])

    def _due(self, now: datetime) -> date | None:
        days = [now.date() + DAY * ahead for ahead in range(2, -9, -1)]
        if DIGESTS[self.digest][1] == "week":
            days = [day for day in days if day.weekday() == 6]
        for day in days:
            begins = min(self.hour(day, name) for name in self.readers)
            if begins <= now:
                ends = max(self.hour(day, name) for name in self.readers)
                return day if ends > self.started_at else None
        return None

    def _open(self, slot: date, now: datetime) -> None:
        if now - max(self.hour(slot, name) for name in self.readers) > LATENESS:
            self.opened[slot] = None
            return
        new = frozenset(
            key
            for key, moment in self.items.items()
            if moment <= now and (self._frozen_at is None or moment > self._frozen_at)
        )
        self.opened[slot] = self._frozen_at = now
        shown = f"{slot.day} {slot:%B %Y}"
        for name in self.readers if new else ():
            self._waiting.append(
                (self.hour(slot, name), (self.digest, shown, name, now, new)),
            )


def promises(walked: "World") -> list[Promise]:
    """Return the promise of each digest: own hours for some, the site's hour for all."""
    own = {name: zone or walked.zone for name, zone in walked.readers.items()}
    site = dict.fromkeys(walked.readers, walked.zone)
    found = [
        Promise(name, own if DIGESTS[name][0] == "subscriber" else site, walked.items, walked.began)
        for name in walked.digests
    ]
    for promise in found:
        assert list(promise.run(walked.began)) == []  # as the world itself began
    return found


class World:
    """A site with an item every three hours, its readers, and a run at each moment told."""

    def __init__(self, site, zone, began, readers=ZONES, digests=tuple(DIGESTS), days=5) -> None:
        self.zone, self.began, self.readers = zone, began, dict(readers)
        self.digests = tuple(digests)
        words = [
            DIGEST.format(name=name, zone=kind, every=every, at=at)
            for name, (kind, every, at) in DIGESTS.items()
            if name in digests
        ]
        site.configure(SETTINGS.format(zone=zone) + "".join(words))
        self.items = {}
        for number in range(days * DAY // ITEMS_EVERY):
            moment = began + ITEMS_EVERY * number + 7 * MINUTE
            self.items[f"news-{number:02}"] = moment
            site.item(f"news-{number:02}.en.md", f"News {number}", moment.isoformat())
        site.have_database()
        self.walk = Walk(site.root, began, "https://example.org")
        for name, where in self.readers.items():
            self.walk.join(name, ["en"], time_zone=where)
        self.came: list[Arrival] = []
        assert self.send(began) == []

    def send(self, at: datetime) -> list[Arrival]:
        found = [arrival(letter) for letter in self.walk.at(at).send()]
        self.came += found
        return found

    def dates(self, digest: str, name: str) -> list[str]:
        """The dates of the editions that a reader got, in the order they came."""
        return [came[1] for came in self.came if came[0] == digest and came[2] == name]

    def moments(self, digest: str, name: str) -> list[datetime]:
        return [came[3] for came in self.came if came[0] == digest and came[2] == name]


def arrival(letter: Letter) -> Arrival:
    digest, _, day = letter.subject.partition(" ")
    return digest, day, letter.to, letter.came_at, frozenset(key for _, key in letter.items)


def compare(walked: World, moments: Sequence[datetime]) -> list[Promise]:
    """Send at each moment and see that what comes is what was promised, no more and no less."""
    due = promises(walked)
    for moment in moments:
        expected = sorted(one for promise in due for one in promise.run(moment))
        assert sorted(walked.send(moment)) == expected, moment
    return due
