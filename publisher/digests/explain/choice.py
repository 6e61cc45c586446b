"""What the rule has for one person: by what they choose, and by what they had before."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, select

from publisher.digests.edition import Frozen
from publisher.digests.explain.delivery import DeliveryFacts
from publisher.digests.explain.history import History
from publisher.digests.explain.item import how_of
from publisher.digests.rule import Chosen, Preferences, Rule, Story, Window
from publisher.digests.segment import Segment, Segmenter
from publisher.digests.select import for_mover, refusal, spoken
from publisher.digests.stories import unix
from publisher.store.tables import segments


@dataclass(frozen=True, slots=True)
class Got:
    """One item of a mail, and why it stands there in this language."""

    key: str
    language: str
    title: str
    how: str  # first, next, fallback or original
    is_pinned: bool
    is_return: bool
    waited: timedelta | None  # for a translation into their first language


@dataclass(frozen=True, slots=True)
class PassedOver:
    """One item of an edition that was not for this person."""

    key: str
    title: str
    why: str


class Choices:
    """What one person chooses, digest by digest, and what they were sent."""

    def __init__(self, conn: Connection, person: History, mails: Sequence[DeliveryFacts]) -> None:
        self._conn, self._person, self._mails = conn, person, mails
        self._had: dict[int, frozenset[str]] = {}  # by body

    def of(
        self,
        digest: str,
        stories: Sequence[Story],
        rule: Rule,
        window: Window,
        languages: Sequence[str],
        since: int,
        before: int,
    ) -> tuple[Chosen, ...]:
        """Return what these stories have for them; nothing twice after they chose otherwise.

        since   unix seconds: choices changed before no longer matter
        before  the number of the edition that is asked about
        """
        reader = self.wishes(digest)
        wish = next((one for one in self._person.wishes if one.digest == digest), None)
        moved_at = wish.moved_at if wish else None
        if moved_at is None or not since < unix(moved_at) <= window.until:
            return Segmenter(stories, rule, window, languages).chosen(reader)
        served = replace(reader, languages=spoken(reader.languages, languages))
        return for_mover(stories, served, rule, window, self._keys_before(digest, before))

    def _keys_before(self, digest: str, before: int) -> frozenset[str]:
        """Return the keys they were sent by a digest's editions before one of this number."""
        had: frozenset[str] = frozenset()
        for mail in self._mails:
            number = int(mail.purpose.rpartition(":")[2]) if mail.digest == digest else before
            if number >= before or mail.state == "skipped":
                continue
            if mail.body_id not in self._had:
                items = self._conn.scalar(
                    select(segments.c["items"]).where(segments.c.body_id == mail.body_id)
                )
                self._had[mail.body_id] = frozenset(part[0] for part in json.loads(items or "[]"))
            had |= self._had[mail.body_id]
        return had

    def wishes(self, digest: str) -> Preferences:
        """Return what they ask of a digest today."""
        wish = next((one for one in self._person.wishes if one.digest == digest), None)
        kinds, categories = (wish.kinds, wish.categories) if wish else ((), ())
        return Preferences(self._person.languages, kinds, categories, self._person.originals)


def why_passed_over(chosen: Chosen | None, reader: Preferences, frozen: Frozen) -> str:
    """Return why a story of an edition is not for a reader to whom it came as `chosen`, if at all."""
    if chosen is None:
        return "in none of their languages"
    if reader.kinds and chosen.version.kind not in reader.kinds:
        return "not one of the kinds they chose"
    if reader.categories and set(reader.categories).isdisjoint(chosen.version.categories):
        return "in none of the categories they chose"
    refused = refusal(chosen, frozen.rule, frozen.window)
    if refused:
        return refused.value
    if chosen.eligible_at > frozen.window.until:
        return "it still waited for a translation into their first language"
    return "it was for an edition before"


def got_of(
    segment: Segment,
    chosen: Mapping[str, Chosen],
    frozen: Frozen,
    titles: Mapping[tuple[str, str], str],
) -> Iterator[Got]:
    """Yield what stands in a mail; what today's choices explain, with its reason."""
    stories = {story.key: story for story in frozen.stories}
    for part in segment.parts:
        title = titles.get((part.key, part.language), "")
        one = chosen.get(part.key)
        if one and one.version.language == part.language:
            yield got(one, title)
            continue
        version = stories[part.key].versions.get(part.language) if part.key in stories else None
        is_pinned = version is not None and version.is_pinned
        how = how_of(part, segment.language).value
        yield Got(part.key, part.language, title, how, is_pinned, part.is_return, None)


def got(one: Chosen, title: str) -> Got:
    """Return what somebody gets of a choice."""
    waited = timedelta(seconds=one.eligible_at - one.appeared_at)
    return Got(
        one.key,
        one.version.language,
        title,
        one.how.value,
        one.version.is_pinned,
        one.is_return,
        waited or None,
    )
