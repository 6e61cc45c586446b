"""What an editor publishes: one item is one file in one language.

Everything here is resolved: facts shared between translations are filled in, links are absolute,
files are measured. Texts are NFC and hold no character that XML 1.0 forbids.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# An item dated by day alone appears within the first minutes of that day, each at its own second,
# so that feeds sort alike at every build and no two entries share a time.
SPREAD = timedelta(minutes=15)


class Kind(StrEnum):
    """What sort of piece an item is; exactly one per item."""

    NEWS = "news"
    ARTICLE = "article"
    EVENT_REPORT = "event-report"
    EVENT = "event"


class Status(StrEnum):
    """What the editor decided: only `ready` items are ever published."""

    READY = "ready"
    DRAFT = "draft"
    HOLD = "hold"


class EventState(StrEnum):
    PLANNED = "planned"
    MOVED = "moved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file under the content folder that an item uses; published beside the feeds."""

    path: str  # relative to the site folder, "/" between parts
    name: str  # the name readers see, safe in a URL and on a disk
    size: int  # bytes
    type: str  # media type
    sha256: str  # 64 hex digits


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    src: str  # absolute URL
    alt: str = ""
    width: int = 0  # pixels; 0 when unknown
    height: int = 0
    file: LocalFile | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file offered with an item; in a feed, an enclosure."""

    url: str  # absolute
    title: str
    type: str  # media type
    size: int  # bytes; 0 when it lies elsewhere and the editor did not say
    file: LocalFile | None = None


@dataclass(frozen=True, slots=True)
class Event:
    start: datetime  # aware, UTC
    end: datetime | None
    is_whole_day: bool  # start and end were written as dates, in the site's time zone
    place: str = ""
    city: str = ""
    country: str = ""
    url: str = ""
    state: EventState = EventState.PLANNED
    offset: int | None = None  # minutes east of UTC its hours were written with: those of the place

    @property
    def last_moment(self) -> datetime:
        """When it is over; a whole-day event's end is its last day, which still belongs to it."""
        last = self.end or self.start
        return last + timedelta(days=1) if self.is_whole_day else last


@dataclass(frozen=True, slots=True)
class Translation:
    of: str = ""  # language tag of the original, "" when not said
    is_machine: bool = False
    by: str = ""  # who or what translated


@dataclass(frozen=True, slots=True)
class Item:
    """One piece an editor publishes, in one language: one file."""

    key: str  # shared by translations; survives renames
    language: str  # normalised BCP 47 tag
    id: str  # stable, unique per language; what feeds call it
    path: str  # relative to the site folder, "/" between parts
    title: str
    date: datetime  # aware, UTC
    updated: datetime | None  # a significant change, never before date
    kind: Kind
    summary: str  # the editor's words; "" means: the body's first paragraph
    slug: str
    link: str  # absolute, percent-encoded
    categories: tuple[str, ...]  # slugs of [categories]
    authors: tuple[Author, ...]
    image: Image | None
    video: str  # absolute URL of a page, or ""
    downloads: tuple[Download, ...]
    event: Event | None
    translation: Translation | None
    correction: str
    status: Status
    digest: str  # "", "pin" or "skip"
    content_hash: str  # of the file's bytes

    def is_published(self, now: datetime) -> bool:
        """Return whether readers may see the item at this moment."""
        return self.status is Status.READY and self.date <= now

    @property
    def is_machine_translated(self) -> bool:
        return self.translation is not None and self.translation.is_machine

    @property
    def changed_at(self) -> datetime:
        """When readers should look again: the last significant change."""
        return self.updated or self.date


@dataclass(frozen=True, slots=True)
class Body:
    """What an item's Markdown becomes: clean, well-formed, absolute-linked HTML, and what it says."""

    html: str  # block elements carry dir where it differs from plain left-to-right
    text: str  # plain text, paragraphs parted by an empty line
    summary: str  # one paragraph of plain text: the editor's, else the first
    reading_minutes: int  # at least 1
    files: tuple[LocalFile, ...]  # images and files the text links to


@dataclass(frozen=True, slots=True)
class Word:
    """What an editor wrote for one edition in one language; any of it may be empty."""

    subject: str  # one line
    preheader: str  # one line
    html: str  # paragraphs, links, emphasis and lists; as clean as a body, without pictures
    text: str  # the same as plain text, then the addresses it links to, a line each
    path: str  # relative to the site folder, "/" between parts
