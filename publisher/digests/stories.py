"""Stories for the rule: made from the library and what was seen, and kept frozen as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from publisher.content.item import Event, Item, Kind
from publisher.digests.period import DAY, day_of
from publisher.digests.select import Chosen, How, Rule, Story, Version, Window, refusal

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
    items: Iterable[Item], seen: Seen, unseen_at: int, zone: ZoneInfo
) -> tuple[Story, ...]:
    """Return the stories of these published items; what was never seen is seen at `unseen_at`."""
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
    return tuple(Story(key, moments[key], found) for key, found in versions.items())


def version_of(item: Item, zone: ZoneInfo) -> Version:
    """Return what the rule needs to know of an item."""
    date = unix(item.date)
    return Version(
        language=item.language,
        date=date,
        date_end=unix(item.date + DAY) - 1 if day_of(item.date, zone) == item.date else date,
        kind=item.kind.value,
        categories=item.categories,
        digest=item.digest,
        # Only an announcement grows stale: a report tells of an event because it ended.
        ended_at=_ended_at(item.event) if item.event and item.kind is Kind.EVENT else None,
    )


def candidates(stories: Iterable[Story], rule: Rule, window: Window) -> tuple[Story, ...]:
    """Return the stories that can reach some reader in a window, whatever the reader's languages.

    A moment of eligibility is either that of a version or the end of the wait, so looking at
    these finds every story that anybody could get.
    """
    return tuple(story for story in stories if _is_candidate(story, rule, window))


def _is_candidate(story: Story, rule: Rule, window: Window) -> bool:
    moments = [moment for moment in story.seen.values() if moment <= window.until]
    if not moments:
        return False
    appeared = min(moments)
    if not any(moment in window for moment in (*moments, appeared + rule.wait)):
        return False
    return any(
        not refusal(Chosen(story.key, version, How.FIRST, appeared, appeared), rule, window)
        for version in story.versions.values()
    )


def rule_of(
    settings: "Settings", digest: "Digest", *, floor: datetime | None, first_freeze: int | None
) -> Rule:
    """Return the rule of a digest; `floor` is where its start leaves the past behind."""
    return Rule(
        wait=0 if digest.every == "item" else int(digest.wait_for_translation.total_seconds()),
        fallback=settings.site.languages[0] if digest.fallback else "",
        kinds=tuple(digest.kinds),
        max_age=int(digest.max_age.total_seconds()),
        since=unix(digest.since) if digest.since else None,
        floor=unix(floor) if floor else None,
        first_freeze=first_freeze,
    )


def stories_to_json(stories: Iterable[Story]) -> list[Any]:
    """Return stories as an edition keeps them."""
    return [
        {"key": s.key, "seen": dict(s.seen), "versions": [asdict(v) for v in s.versions.values()]}
        for s in stories
    ]


def stories_from_json(kept: Iterable[Mapping[str, Any]]) -> tuple[Story, ...]:
    """Return the stories that `stories_to_json` gave."""
    return tuple(Story(story["key"], story["seen"], _versions(story["versions"])) for story in kept)


def _versions(kept: Iterable[Mapping[str, Any]]) -> dict[str, Version]:
    found = (Version(**{**facts, "categories": tuple(facts["categories"])}) for facts in kept)
    return {version.language: version for version in found}


def _ended_at(event: Event) -> int:
    # An event written as dates lasts through its last day.
    return unix(event.last_moment + (DAY if event.is_whole_day else timedelta(0)))
