"""What one set of preferences gets in one edition: the rule itself, pure.

A story is one key in all its languages; a reader gets each story once. Two questions part it:

- *When* does a story reach a reader? At the moment it becomes eligible for the reader's ordered
  languages. That moment never changes once it has passed, whatever is translated later; so the
  editions' windows (after the last freeze, up to this one) hand out every story exactly once.
- *What* does the reader get? The best version that exists when the edition freezes.

Moments are unix seconds, as in the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from publisher import language as tags

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

    @property
    def is_pinned(self) -> bool:
        return self.digest == PIN


@dataclass(frozen=True, slots=True)
class Story:
    """One key in all its languages."""

    key: str
    seen: Mapping[str, int]  # language -> when it was first seen published, withdrawn ones too
    versions: Mapping[str, Version]  # language -> what is published now


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


@dataclass(frozen=True, slots=True)
class Window:
    """What one edition covers: moments after the previous freeze, up to its own."""

    after: int | None  # None: no edition of this digest has frozen yet
    until: int

    def __contains__(self, moment: int) -> bool:
        return moment <= self.until and (self.after is None or moment > self.after)


@dataclass(frozen=True, slots=True)
class Preferences:
    """One signature: what a subscription asks for; empty kinds or categories mean all."""

    languages: tuple[str, ...]  # in order, best first
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Chosen:
    """One story for one reader."""

    key: str
    version: Version
    how: How
    eligible_at: int
    appeared_at: int  # when the story's first version did

    @property
    def is_fallback(self) -> bool:
        return self.how is How.FALLBACK

    @property
    def order(self) -> tuple[bool, int, str]:
        """Sorts pinned stories first, then the newest date, then by key."""
        return (not self.version.is_pinned, -self.version.date, self.key)


def choose(
    stories: Iterable[Story], reader: Preferences, rule: Rule, window: Window
) -> tuple[Chosen, ...]:
    """Return what a reader with these preferences gets in the edition of this window, in order."""
    return wanted(offers(stories, reader.languages, rule, window), reader)


def offers(
    stories: Iterable[Story], languages: Sequence[str], rule: Rule, window: Window
) -> tuple[Chosen, ...]:
    """Return what readers of these languages can get, before their kinds and categories."""
    found = (offer(story, languages, rule, window.until) for story in stories)
    return tuple(
        sorted(
            (
                chosen
                for chosen in found
                if chosen and chosen.eligible_at in window and not refusal(chosen, rule, window)
            ),
            key=lambda chosen: chosen.order,
        )
    )


def wanted(offered: Iterable[Chosen], reader: Preferences) -> tuple[Chosen, ...]:
    """Return what of this a reader asked for, by kind and category."""
    kinds, categories = reader.kinds, frozenset(reader.categories)
    return tuple(
        chosen
        for chosen in offered
        if (not kinds or chosen.version.kind in kinds)
        and (not categories or not categories.isdisjoint(chosen.version.categories))
    )


def offer(story: Story, languages: Sequence[str], rule: Rule, at: int) -> Chosen | None:
    """Return when a story reaches readers of these languages, and what exists of it at a moment.

    None when nothing that exists at that moment will do. What appears later than `at` is left
    out, so the past looks the same whenever it is asked about.
    """
    seen = {tag: seen_at for tag, seen_at in story.seen.items() if seen_at <= at}
    wishes = (*languages, rule.fallback) if rule.fallback else languages
    usable = [story.versions[wish] for wish in wishes if wish in seen and wish in story.versions]
    if not usable:
        return None
    appeared_at = min(seen.values())
    deadline = appeared_at + rule.wait
    first = seen.get(languages[0], deadline + 1) if languages else deadline + 1
    if first <= deadline:
        moment = first
    else:
        moment = max(deadline, min(seen[wish] for wish in wishes if wish in seen))
    return Chosen(story.key, usable[0], _how(usable[0], languages), moment, appeared_at)


def refusal(chosen: Chosen, rule: Rule, window: Window) -> Refusal | None:
    """Return why a story that became eligible is not sent after all, None when it is."""
    version = chosen.version
    if version.kind not in rule.kinds:
        return Refusal.KIND
    if version.digest == SKIP:
        return Refusal.SKIPPED
    if version.ended_at is not None and version.ended_at <= window.until:
        return Refusal.ENDED
    # A story in time is as old as it was when its first version appeared: waiting for a
    # translation must not make it too old. One that comes later is judged by when it comes.
    in_time = chosen.eligible_at <= chosen.appeared_at + rule.wait
    judged_at = chosen.appeared_at if in_time else chosen.eligible_at
    if version.date < judged_at - rule.max_age and not version.is_pinned:
        return Refusal.TOO_OLD
    if version.date_end < max(_floor(chosen, rule), -inf if rule.since is None else rule.since):
        return Refusal.BEFORE_START
    return None


def spoken(languages: Sequence[str], site_languages: Sequence[str]) -> tuple[str, ...]:
    """Return the site's languages that serve a reader's, in the reader's order.

    A reader of ar-JO reads the site's ar, one of pt the site's pt-BR; languages the site does
    not have fall out.
    """
    found: dict[str, None] = {}
    for wish in languages:
        same = [tag for tag in site_languages if tags.base(tag) == tags.base(wish)]
        for tag in (wish, tags.base(wish), *same):
            if tag in site_languages:
                found[tag] = None
                break
    return tuple(found)


def _how(version: Version, languages: Sequence[str]) -> How:
    if version.language not in languages:
        return How.FALLBACK
    return How.FIRST if version.language == languages[0] else How.NEXT


def _floor(chosen: Chosen, rule: Rule) -> float:
    """Return the date before which this story counts as sent because of the digest's start."""
    is_newcomer = rule.first_freeze is not None and chosen.appeared_at > rule.first_freeze
    return -inf if is_newcomer or rule.floor is None else rule.floor
