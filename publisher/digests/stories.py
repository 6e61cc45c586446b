"""Stories for the rule: made from the library and what was seen, and kept frozen as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from publisher.content.item import SPREAD, Event, EventState, Item, Kind
from publisher.digests.period import DAY, day_of
from publisher.digests.rule import Chosen, Earlier, How, Rule, Story, Version, Window
from publisher.digests.select import refusal

if TYPE_CHECKING:
    from publisher.settings.model import Digest, Settings

Seen = Mapping[tuple[str, str], int]  # (key, language) -> unix seconds


def unix(moment: datetime) -> int:
    """Return a moment as the database keeps it."""
    return int(moment.timestamp())


def moment_of(seconds: int) -> datetime:
    """Return a moment that the database kept."""
    return datetime.fromtimestamp(seconds, UTC)


def stories_of(
    items: Iterable[Item],
    seen: Seen,
    unseen_at: int,
    zone: ZoneInfo,
    extras: Mapping[str, int] | None = None,
    called_off: Mapping[str, tuple[int | None, int]] | None = None,
) -> tuple[Story, ...]:
    """Return the stories of these published items; what was never seen is seen at `unseen_at`.

    extras      when an extra edition carried a key
    called_off  the window of an extra edition that was to carry a key and never left
    """
    sent, lost = extras or {}, called_off or {}
    versions: dict[str, dict[str, Version]] = {}
    for item in items:
        versions.setdefault(item.key, {}).setdefault(item.language, version_of(item, zone))
    moments: dict[str, dict[str, int]] = {key: {} for key in versions}
    for (key, language), seen_at in seen.items():
        if key in moments:
            moments[key][language] = seen_at
    for key, by_language in versions.items():
        for language in by_language:
            moments[key].setdefault(language, unseen_at)
    return tuple(
        Story(key, moments[key], found, sent.get(key), called_off=lost.get(key))
        for key, found in versions.items()
    )


def version_of(item: Item, zone: ZoneInfo) -> Version:
    """Return what the rule needs to know of an item."""
    date, day = unix(item.date), day_of(item.date, zone)
    is_day = item.date - day < SPREAD  # as far as anybody can tell, no time was written
    return Version(
        language=item.language,
        date=date,
        date_end=unix(day_of(day + DAY + DAY / 2, zone)) - 1 if is_day else date,
        kind=item.kind.value,
        categories=item.categories,
        digest=item.digest,
        # Only an announcement grows stale: a report tells of an event because it ended.
        ended_at=_ended_at(item.event) if item.event and item.kind is Kind.EVENT else None,
        starts_at=_starts_at(item),
        is_machine=item.is_machine_translated,
        original=item.translation.of if item.translation else "",
    )


def candidates(
    stories: Iterable[Story], rule: Rule, window: Window, *, for_movers: bool = False
) -> tuple[Story, ...]:
    """Return the stories that can reach some reader in a window, whatever the reader's languages.

    A moment of eligibility is either that of a version or the end of the wait, so looking at
    these finds every story that anybody could get.

    for_movers  also those that somebody who chose other languages may have missed
    """
    if rule.is_extra:
        return tuple(stories)
    return tuple(story for story in stories if _is_candidate(story, rule, window, for_movers))


def _is_candidate(story: Story, rule: Rule, window: Window, for_movers: bool) -> bool:
    moments = [moment for moment in story.seen.values() if moment <= window.until]
    if not moments:
        return False
    if story.called_off or any(_may_return(one, window) for one in story.versions.values()):
        return True
    appeared = min(moments)
    is_due = any(moment in window for moment in (*moments, appeared + rule.wait))
    before = rule.before(
        window
    )  # settings that changed meanwhile are a change of mind of everybody
    wait = max(rule.wait, before.wait) if before else rule.wait
    is_waiting = window.after is not None and appeared + wait > window.after
    if not (is_due or ((for_movers or before) and is_waiting)):
        return False
    return any(
        not refusal(Chosen(story.key, version, How.FIRST, appeared, appeared), rule, window)
        for version in story.versions.values()
    )


def _may_return(version: Version, window: Window) -> bool:
    return version.starts_at is not None and window.is_last_before(version.starts_at)


def rule_of(
    settings: "Settings",
    digest: "Digest",
    *,
    floor: datetime | None,
    first_freeze: int | None,
    earlier: tuple[Earlier, ...] = (),
) -> Rule:
    """Return the rule of a digest; `floor` is where its start leaves the past behind."""
    return Rule(
        wait=0 if digest.every == "item" else int(digest.wait_for_translation.total_seconds()),
        fallback=settings.site.languages[0] if digest.fallback else "",
        original=settings.site.languages[0],
        kinds=tuple(digest.kinds),
        max_age=int(digest.max_age.total_seconds()),
        since=unix(digest.since) if digest.since else None,
        floor=unix(floor) if floor else None,
        first_freeze=first_freeze,
        earlier=earlier,
    )


def stories_to_json(stories: Iterable[Story]) -> list[Any]:
    """Return stories as an edition keeps them."""
    return [
        {
            "key": story.key,
            "seen": dict(story.seen),
            "versions": [asdict(version) for version in story.versions.values()],
            "extra_at": story.extra_at,
            "had_until": story.had_until,
            "called_off": story.called_off,
        }
        for story in stories
    ]


def stories_from_json(kept: Iterable[Mapping[str, Any]]) -> tuple[Story, ...]:
    """Return the stories that `stories_to_json` gave."""
    return tuple(
        Story(
            story["key"],
            story["seen"],
            _versions(story["versions"]),
            story.get("extra_at"),
            story.get("had_until"),
            (called_off[0], called_off[1]) if (called_off := story.get("called_off")) else None,
        )
        for story in kept
    )


def _versions(kept: Iterable[Mapping[str, Any]]) -> dict[str, Version]:
    found = (Version(**{**facts, "categories": tuple(facts["categories"])}) for facts in kept)
    return {version.language: version for version in found}


def _starts_at(item: Item) -> int | None:
    """Return when an announced event begins that will take place."""
    event = item.event
    if event is None or item.kind is not Kind.EVENT or event.state is EventState.CANCELLED:
        return None
    return unix(event.start)


def _ended_at(event: Event) -> int:
    # An event written as dates lasts through its last day.
    return unix(event.last_moment + (DAY if event.is_whole_day else timedelta(0)))
