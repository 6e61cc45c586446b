"""The proof: an edition as its readers will see it, sent to editors before it goes out.

One mail for each language that has readers. Several editions in one mail would be a long way to
scroll on a phone, would turn from right to left in the middle, and Gmail would cut it off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from publisher import digests
from publisher import language as languages
from publisher.delivery import Recipient
from publisher.digests import Above, Composed, Expected, Slot, Standing
from publisher.editors.mail import Post
from publisher.editors.notices import Draft, who_has
from publisher.errors import Level, Problem
from publisher.render import isolated, language_name, mark, wrap
from publisher.store import read
from publisher.subscribers import recipient_values

if TYPE_CHECKING:
    from publisher.content import Library

Find = Callable[[str, Sequence[digests.Story]], tuple[Problem, ...]]
"""Returns what an editor should look at in the stories of a digest's edition."""

_SHOWN = (Standing.COMING, Standing.UNDECIDED, Standing.APPROVED, Standing.HELD)
_MOST_FINDINGS = 8  # a phone shows three or four at a time, and the edition begins below them
_BEFORE = timedelta(seconds=1)  # a slot is looked at from just before it


@dataclass(frozen=True, slots=True)
class Due:
    """An edition whose proof is due, and which editors have it already."""

    digest: str
    slot: Slot
    edition_id: int | None  # None: nothing froze yet
    have: frozenset[str]

    @property
    def purpose(self) -> str:
        """What begins the purpose of its mails."""
        return f"proof:{self.digest}/{self.slot.local}/"


def due_proofs(engine: Engine, post: Post, now: datetime) -> tuple[list[Due], datetime | None]:
    """Return the proofs that some editor does not have, and when the next slot's falls due.

    Before a slot by `[editors] proof`; of a draft, whenever it became one.
    """
    lead = post.settings.editors.proof
    later: list[datetime] = []
    found: list[tuple[str, Slot, int | None]] = []
    for name, slot in digests.next_due(engine, post.settings, now).items():
        if lead and slot.due_at - lead <= now:
            found.append((name, slot, None))
        elif lead:
            later.append(slot.due_at - lead)
    with read(engine) as conn:
        found += [(one.digest, one.slot, one.id) for one in digests.drafts(conn)]
        due = [
            Due(name, slot, number, who_has(conn, f"proof:{name}/{slot.local}/"))
            for name, slot, number in found
            if name in post.settings.digests
        ]
    return [one for one in due if post.editors.keys() - one.have], min(later, default=None)


def proof_mails(
    engine: Engine, post: Post, library: "Library", due: Due, find: Find, now: datetime
) -> Sequence[Draft]:
    """Return an edition's proof for each editor who lacks it, in each language that has readers.

    Empty while the edition is, or when it was called off. Raises RenderError, HeaderError.
    """
    settings = post.settings
    with read(engine) as conn:
        standing, _ = digests.standing(conn, settings, due.digest, due.slot.local, now)
        readers = digests.first_languages(conn, due.digest, now, settings.site.languages)
    if standing not in _SHOWN:
        return []
    edition = _edition(engine, post, library, due)
    items = {tag: edition.choices(tag) for tag in settings.site.languages}
    if not any(items.values()):
        return []
    findings = (*_too_large(post, due, items), *find(due.digest, edition.frozen.stories))
    shown = [tag for tag in items if items[tag] and readers[tag]]
    shown = shown or [tag for tag in items if items[tag]][:1]
    told = {
        "title": post.title_of(due.digest),
        "when": due.slot.at.replace(tzinfo=settings.site.zone),
        "is_own_hour": settings.digests[due.digest].zone == "subscriber",
        "sentence": standing.sentence,
        "rows": [_row(tag, len(items[tag]), readers[tag]) for tag in items],
        "findings": [_finding(problem) for problem in findings[:_MOST_FINDINGS]],
        "more": max(len(findings) - _MOST_FINDINGS, 0),
        "links": {act: mark(f"{act}_url") for act in ("approve", "hold")},
    }
    return [
        draft
        for tag in shown
        for draft in _in_language(post, due, edition, tag, items[tag], told, now)
    ]


def _edition(engine: Engine, post: Post, library: "Library", due: Due) -> Expected:
    settings, templates = post.settings, post.templates
    if due.edition_id is not None:
        return digests.expected_of(engine, settings, templates, due.edition_id)
    at = due.slot.due_at - _BEFORE
    return digests.expected(engine, settings, library, templates, due.digest, due.slot, at)


def _row(tag: str, items: int, readers: int) -> dict[str, Any]:
    name, way = language_name(tag), languages.direction(tag)
    return {"name": name, "tag": tag, "dir": way, "items": items, "readers": readers}


def _finding(problem: Problem) -> str:
    """Return a finding on one line; that it is a warning goes without saying."""
    return str(replace(problem, level=Level.ERROR))


def _too_large(post: Post, due: Due, items: dict[str, Any]) -> list[Problem]:
    """Return that the edition will be held for its size, if it will."""
    most = post.settings.digests[due.digest].most
    largest = max(map(len, items.values()))
    if largest <= most:
        return []
    said = f"the edition will be held, because it has {largest} items and most = {most}"
    advice = f"approve it then, or raise digests.{due.digest}.most"
    return [Problem("publisher.toml", 0, said, advice, Level.WARNING)]


def _in_language(
    post: Post,
    due: Due,
    edition: Expected,
    tag: str,
    items: Sequence[Any],
    told: dict[str, Any],
    now: datetime,
) -> Sequence[Draft]:
    composed = _composed(post, edition, tag, items, told, now)
    shown = isolated(composed.subject, post.language)
    subject = post.templates.words(post.language).t("Proof: %(subject)s", subject=shown)
    body = post.body_of(str(subject), composed.html, composed.plain, tag)
    return post.drafts(
        f"{due.purpose}{tag}",
        body,
        now,
        but=due.have,
        about=(due.digest, due.slot.local),
        values=_of_nobody(post, due.digest, tag, now),
    )


def _composed(
    post: Post,
    edition: Expected,
    tag: str,
    items: Sequence[Any],
    told: dict[str, Any],
    now: datetime,
) -> Composed:
    """Return an edition with what editors are told above it; it may push the last items out."""

    def composed(*, is_short: bool) -> Composed:
        above = _above(post, {**told, "shown": _row(tag, 0, 0), "is_short": is_short})
        return edition.compose(tag, items, now, above=above)

    found = composed(is_short=False)
    if found.more > edition.compose(tag, items, now).more:
        return composed(is_short=True)
    return found


def _above(post: Post, told: dict[str, Any]) -> Above:
    given = post.words(**told)
    html = post.templates.html("email/_proof", post.language, **given)
    plain = post.templates.plain("email/_proof", post.language, **given)
    return Above(html, wrap(plain))


def _of_nobody(post: Post, digest: str, tag: str, now: datetime) -> dict[str, str]:
    """Return what stands where a reader's own links would: they lead to nobody."""
    reader = Recipient(0, "example", "reader@example.org", (tag,), now)
    return dict(recipient_values(post.settings, post.keys, reader, digest, tag))
