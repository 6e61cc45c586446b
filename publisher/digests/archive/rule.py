"""Which editions the archive shows, and what of each: all that it carried in a language.

Everything follows from what the edition froze. A reader's mail is part of it, never more, and no
page tells who there was to read it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from publisher.digests.edition import Edition, Frozen, State, edition_of
from publisher.digests.rule import SKIP, Chosen, How, Story
from publisher.digests.select import offers, spoken
from publisher.digests.stories import unix
from publisher.digests.zones import Hours
from publisher.settings import reshaped
from publisher.store.tables import edition_items, editions

# One that is held or cancelled leaves the archive too, however much of it had been sent.
_LEAVING = (State.OPENING, State.SENDING, State.PAUSED)


def public_editions(conn: Connection, root: Path, now: datetime) -> ColumnElement[bool]:
    """Return the condition that anybody may read an edition: its first message may have left.

    root   the site's folder
    """
    has_begun = or_(editions.c.state != State.OPENING, editions.c.opened_through > 0)
    return and_(
        editions.c.state.in_([State.SENT, *_LEAVING]),
        has_begun,
        editions.c.due_at <= unix(now),
        editions.c.id.not_in(_delayed(conn, root, now)),
        exists().where(edition_items.c.edition_id == editions.c.id),
    )


def carried(frozen: Frozen, language: str) -> tuple[Chosen, ...]:
    """Return what readers of a language could get, whatever else they read or chose, in order.

    An extra edition carries what an editor named, also what all of them had before.
    """
    order = _order(frozen, language)
    readers = [order[:1], *((order[0], other) for other in order[1:]), order]
    return _in_order(frozen, readers, order)


def carried_for_all(frozen: Frozen, language: str) -> tuple[Chosen, ...]:
    """Return what readers of any language could get, best for this one, in order.

    Where a language has nothing of its own in an edition, somebody who changed languages may have
    got a mail in it all the same.
    """
    order = _order(frozen, language)
    readers = [(first, *(tag for tag in order if tag != first)) for first in order]
    return _in_order(frozen, [*readers, *((tag,) for tag in order)], order)


def _in_order(
    frozen: Frozen, readers: Sequence[tuple[str, ...]], order: Sequence[str]
) -> tuple[Chosen, ...]:
    stories = {story.key: story for story in frozen.stories}
    found: dict[str, Chosen] = {}
    for languages in readers:
        for chosen in offers(frozen.stories, languages, frozen.rule, frozen.window):
            found.setdefault(chosen.key, chosen)
    if frozen.rule.is_extra:
        for chosen in filter(None, map(_named, frozen.stories)):
            found.setdefault(chosen.key, chosen)
    best = (_in_best_language(one, stories[one.key], order) for one in found.values())
    return tuple(sorted(best, key=lambda chosen: chosen.order))


def _delayed(conn: Connection, root: Path, now: datetime) -> list[int]:
    """Return the editions that still may be called off before anything of them leaves."""
    rows = conn.execute(select(editions).where(editions.c.state.in_(_LEAVING))).all()
    return [row.id for row in rows if _first_hour(edition_of(row), row.frozen, root) > unix(now)]


def _first_hour(edition: Edition, frozen: str, root: Path) -> int:
    return Hours(edition, reshaped(Frozen.from_json(frozen).settings, root)).first


def _order(frozen: Frozen, language: str) -> tuple[str, ...]:
    """Return the site's languages as the edition knew them, those that serve this one first."""
    known = tuple(frozen.settings["site"]["languages"])
    return tuple(dict.fromkeys((*spoken((language,), known), *known)))


def _named(story: Story) -> Chosen | None:
    version = next(iter(story.versions.values()), None)
    seen_at = min(story.seen.values(), default=0)
    return Chosen(story.key, version, How.FIRST, seen_at, seen_at) if version else None


def _in_best_language(chosen: Chosen, story: Story, order: Sequence[str]) -> Chosen:
    versions = (story.versions[tag] for tag in order if tag in story.versions)
    best = next((one for one in versions if one.digest != SKIP), chosen.version)
    return replace(chosen, version=best)
