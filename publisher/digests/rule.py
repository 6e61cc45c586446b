"""What the rule of editions speaks of: versions, stories, settings, windows, readers, choices.

Plain values, of which `select` decides. Moments are unix seconds, as in the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

SKIP, PIN = "skip", "pin"


@dataclass(frozen=True, slots=True)
class Version:
    """One published item as the rule sees it."""

    language: str
    date: int
    date_end: int  # the last moment the date can mean: that day's end when it has no time
    kind: str
    categories: tuple[str, ...] = ()
    digest: str = ""  # "", "pin" or "skip"
    ended_at: int | None = None  # when its event is over
    starts_at: int | None = None  # when its event begins, unless it was cancelled
    is_machine: bool = False
    original: str = ""  # the language it was translated from, "" when nobody said

    @property
    def is_pinned(self) -> bool:
        return self.digest == PIN


@dataclass(frozen=True, slots=True)
class Story:
    """One key in all its languages."""

    key: str
    seen: Mapping[str, int]  # language -> when it was first seen published, withdrawn ones too
    versions: Mapping[str, Version]  # language -> what is published now
    extra_at: int | None = None  # when an extra edition carried it: who could get it then has it
    had_until: int | None = None  # for an extra edition: who was due by then has it already
    called_off: tuple[int | None, int] | None = None  # an extra edition that never left: its window


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a digest's settings said before they changed."""

    wait: int
    fallback: str
    until: int  # when the last edition froze by them


@dataclass(frozen=True, slots=True)
class Rule:
    """What a digest's settings and its start say about every reader."""

    wait: int  # seconds that a reader's first language is waited for
    fallback: str  # the site's first language, "" when readers want none
    kinds: tuple[str, ...]
    max_age: int  # seconds
    since: int | None = None  # items dated before it count as sent
    floor: int | None = None  # so do items dated before it, if here by the first edition
    first_freeze: int | None = None  # when the first edition froze; None before
    original: str = ""  # the site's first language, whether or not readers fall back to it
    is_extra: bool = False  # an editor named the stories: nothing but having them keeps one back
    earlier: tuple[Earlier, ...] = ()  # settings that editions froze by before, oldest first

    def before(self, window: "Window") -> Earlier | None:
        """Return the settings that changed since the edition before this one, None if none did."""
        last = self.earlier[-1] if self.earlier else None
        return last if last and last.until == window.after else None

    def by(self, settings: Earlier) -> "Rule":
        """Return this rule as it was by other settings."""
        return replace(self, wait=settings.wait, fallback=settings.fallback)


@dataclass(frozen=True, slots=True)
class Window:
    """What one edition covers: moments after the previous freeze, up to its own."""

    after: int | None  # None: no edition of this digest has frozen yet
    until: int
    next_at: int | None = None  # when the next edition reaches its last reader; None: unknown
    gaps: tuple[tuple[int | None, int], ...] = ()  # what older editions covered that were cancelled
    last_at: int | None = None  # when this one does, where each reader's own hour counts

    def __contains__(self, moment: int) -> bool:
        is_new = moment <= self.until and (self.after is None or moment > self.after)
        return is_new or self.is_gap(moment)

    def is_gap(self, moment: int) -> bool:
        """Return whether older editions left a moment to this one."""
        return any(
            moment <= until and (after is None or moment > after) for after, until in self.gaps
        )

    def is_last_before(self, moment: int) -> bool:
        """Return whether no later edition reaches every reader before a moment, and this one does."""
        if self.next_at is None:
            return False
        return max(self.until, self.last_at or self.until) < moment <= self.next_at


@dataclass(frozen=True, slots=True)
class Preferences:
    """One signature: what a subscription asks for; empty kinds or categories mean all."""

    languages: tuple[str, ...]  # in order, best first
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    originals: bool = False  # the original rather than a machine's translation


class Refusal(StrEnum):
    """Why a story that became eligible is not sent; the last three count as sent."""

    KIND = "not a kind of this digest"
    SKIPPED = "skipped"
    ENDED = "its event is over"
    BEFORE_START = "from before the start"
    TOO_OLD = "too old"


class How(StrEnum):
    """Why a reader gets a story in this language."""

    FIRST = "first"  # the reader's first language
    NEXT = "next"  # another of the reader's languages
    FALLBACK = "fallback"  # the site's first language; the mail says so
    ORIGINAL = "original"  # asked for instead of a machine's translation


@dataclass(frozen=True, slots=True)
class Chosen:
    """One story for one reader."""

    key: str
    version: Version
    how: How
    eligible_at: int
    appeared_at: int  # when the story's first version did
    is_return: bool = False  # a coming event, once more

    @property
    def is_fallback(self) -> bool:
        return self.how is How.FALLBACK

    @property
    def order(self) -> tuple[bool, int, str]:
        """Sorts pinned stories first, then the newest date, then by key."""
        return (not self.version.is_pinned, -self.version.date, self.key)
