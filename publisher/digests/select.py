"""What one set of preferences gets in one edition: the rule itself, pure.

A story is one key in all its languages; a reader gets each story once. Two questions part it:

- *When* does a story reach a reader? At the moment it becomes eligible for the reader's ordered
  languages. That moment never changes once it has passed, whatever is translated later; so the
  editions' windows (after the last freeze, up to this one) hand out every story exactly once.
- *What* does the reader get? The best version that exists when the edition freezes.

Three things are apart from that: a coming event returns in the last edition before it; an extra
edition carries what an editor named, and its items count as sent; and whoever chose other
languages meanwhile gets what they would have missed between the old choice and the new, and
nothing twice (`for_mover`).

Moments are unix seconds, as in the database.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf

from publisher import language as tags
from publisher.digests.rule import (
    SKIP,
    Chosen,
    How,
    Preferences,
    Refusal,
    Rule,
    Story,
    Version,
    Window,
)

_COUNTS_AS_SENT = (Refusal.BEFORE_START, Refusal.TOO_OLD)


def choose(
    stories: Iterable[Story], reader: Preferences, rule: Rule, window: Window
) -> tuple[Chosen, ...]:
    """Return what a reader with these preferences gets in the edition of this window, in order."""
    return wanted(offers(stories, reader.languages, rule, window, reader.originals), reader)


def for_mover(
    stories: Iterable[Story],
    reader: Preferences,
    rule: Rule,
    window: Window,
    had: Container[str],
) -> tuple[Chosen, ...]:
    """Return what a reader gets who chose otherwise a while ago, in order.

    A story may have become eligible for the new languages before the last freeze while the old
    ones still waited for it: it comes now. One that the reader had in an old language never
    comes again, whatever appears in the new.

    had   keys of the stories that this digest sent the reader before
    """
    found = []
    for story in stories:
        chosen = _offered(story, reader.languages, rule, window, reader.originals, is_mover=True)
        if chosen is None:
            chosen = _overtaken(story, reader, rule, window)
        if chosen and (chosen.is_return or chosen.key not in had):
            found.append(chosen)
    return wanted(sorted(found, key=lambda chosen: chosen.order), reader)


def offers(
    stories: Iterable[Story],
    languages: Sequence[str],
    rule: Rule,
    window: Window,
    originals: bool = False,
) -> tuple[Chosen, ...]:
    """Return what readers of these languages can get, before their kinds and categories."""
    found = (_offered(story, languages, rule, window, originals) for story in stories)
    return tuple(sorted((one for one in found if one), key=lambda chosen: chosen.order))


def wanted(offered: Iterable[Chosen], reader: Preferences) -> tuple[Chosen, ...]:
    """Return what of this a reader asked for, by kind and category."""
    kinds, categories = reader.kinds, frozenset(reader.categories)
    return tuple(
        chosen
        for chosen in offered
        if (not kinds or chosen.version.kind in kinds)
        and (not categories or not categories.isdisjoint(chosen.version.categories))
    )


def offer(
    story: Story, languages: Sequence[str], rule: Rule, at: int, originals: bool = False
) -> Chosen | None:
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
    best = usable[0]
    if originals and best.is_machine:
        original = _original(story, best, seen, rule)
        if original is not None:
            return Chosen(story.key, original, How.ORIGINAL, moment, appeared_at)
    return Chosen(story.key, best, _how(best, languages), moment, appeared_at)


def returns(story: Story, chosen: Chosen, rule: Rule, window: Window) -> bool:
    """Return whether an event that was eligible before comes once more: this edition is the last.

    Also one that counts as sent because of its date: it is still to come.
    """
    starts_at = chosen.version.starts_at
    if starts_at is None or rule.is_extra or not window.is_last_before(starts_at):
        return False
    was_before = window.after is not None and chosen.eligible_at <= window.after
    had_extra = story.extra_at is not None and story.extra_at <= window.until
    counts_as_sent = refusal(chosen, rule, window) in _COUNTS_AS_SENT
    if not (was_before or had_extra or (counts_as_sent and chosen.eligible_at <= window.until)):
        return False
    return refusal(chosen, rule, window) not in (Refusal.KIND, Refusal.SKIPPED)


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


def _offered(
    story: Story,
    languages: Sequence[str],
    rule: Rule,
    window: Window,
    originals: bool,
    *,
    is_mover: bool = False,
) -> Chosen | None:
    """Return what of a story readers of these languages get in the edition of this window.

    is_mover  what they had before is known, and need not follow from what they ask for now
    """
    chosen = offer(story, languages, rule, window.until, originals)
    if chosen is None:
        return None
    if rule.is_extra:
        return chosen if is_mover or not _had(story, languages, rule, window, chosen) else None
    if returns(story, chosen, rule, window):
        return replace(chosen, is_return=True)
    is_turn = is_due(story, languages, rule, window, chosen)
    if is_mover:
        is_turn = is_turn or chosen.eligible_at in window
    if not is_turn or refusal(chosen, rule, window):
        return None
    return None if not is_mover and had_in_extra(story, languages, rule) else chosen


def is_due(
    story: Story, languages: Sequence[str], rule: Rule, window: Window, chosen: Chosen
) -> bool:
    """Return whether it is the turn of this window to bring a story to readers of these languages.

    Settings may have changed since the edition before: what went out by the old ones does not come
    again, and what waited by them is not lost.
    """
    if was_called_off(story, languages, rule, chosen):
        return True
    if _had_by_earlier(story, languages, rule, window):
        return False
    if chosen.eligible_at in window:
        return True
    before = rule.before(window)
    if before is None or chosen.eligible_at > before.until:
        return False
    return chosen.appeared_at + before.wait > before.until  # by the old settings it still waited


def _had(
    story: Story, languages: Sequence[str], rule: Rule, window: Window, chosen: Chosen
) -> bool:
    """Return whether readers of these languages had a story before an extra edition names it."""
    if had_in_extra(story, languages, rule):
        return True
    if story.had_until is None:
        return False
    return chosen.eligible_at <= story.had_until or _had_by_earlier(story, languages, rule, window)


def _had_by_earlier(story: Story, languages: Sequence[str], rule: Rule, window: Window) -> bool:
    """Return whether an edition brought a story to these readers while settings said otherwise."""
    for one in rule.earlier:
        chosen = offer(story, languages, rule.by(one), one.until)
        if chosen and chosen.eligible_at <= one.until and not window.is_gap(chosen.eligible_at):
            return True
    return False


def was_called_off(story: Story, languages: Sequence[str], rule: Rule, chosen: Chosen) -> bool:
    """Return whether readers were to get a story by an extra edition that never left.

    Editions of the rhythm that froze before it was called off left the story to it.
    """
    if story.called_off is None:
        return False
    after, until = story.called_off
    if after is not None and chosen.eligible_at <= after:
        return False  # an edition before the extra one had it for them
    return offer(story, languages, rule, until) is not None


def _overtaken(story: Story, reader: Preferences, rule: Rule, window: Window) -> Chosen | None:
    """Return a story that came into a mover's new languages while the old ones waited for it."""
    chosen = offer(story, reader.languages, rule, window.until, reader.originals)
    if chosen is None or window.after is None or chosen.eligible_at > window.after:
        return None
    before = rule.before(window)
    wait = max(rule.wait, before.wait) if before else rule.wait
    if chosen.appeared_at + wait <= window.after or refusal(chosen, rule, window):
        return None
    return chosen


def had_in_extra(story: Story, languages: Sequence[str], rule: Rule) -> bool:
    """Return whether an extra edition had a version for readers of these languages."""
    if story.extra_at is None:
        return False
    then = next((rule.by(one) for one in rule.earlier if one.until >= story.extra_at), rule)
    return offer(story, languages, then, story.extra_at) is not None


def _original(
    story: Story, machine: Version, seen: Mapping[str, int], rule: Rule
) -> Version | None:
    """Return what a machine's translation was made from, as far as it is published."""
    here = [story.versions[tag] for tag in seen if tag in story.versions]
    human = [version for version in here if not version.is_machine]
    named = [version for version in human if version.language == machine.original]
    first = [version for version in human if version.language == rule.original]
    return next(iter((*named, *first, *sorted(human, key=lambda one: seen[one.language]))), None)


def _how(version: Version, languages: Sequence[str]) -> How:
    if version.language not in languages:
        return How.FALLBACK
    return How.FIRST if version.language == languages[0] else How.NEXT


def _floor(chosen: Chosen, rule: Rule) -> float:
    """Return the date before which this story counts as sent because of the digest's start."""
    is_newcomer = rule.first_freeze is not None and chosen.appeared_at > rule.first_freeze
    return -inf if is_newcomer or rule.floor is None else rule.floor
