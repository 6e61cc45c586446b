"""The report: what became of an edition that closed, is held, or is paused; each told once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from publisher import digests
from publisher.delivery import answer_words
from publisher.digests import Edition, Ended, Standing, State
from publisher.editors.mail import MOST_LINES, Post
from publisher.editors.notices import Draft, who_has
from publisher.render import mark
from publisher.store import read

if TYPE_CHECKING:
    from publisher.delivery import Failure

LATELY = timedelta(days=2)  # what closed before is no news, for instance to a new editor
# The words of a report's subject and of its counts; translated.
TITLES = {
    State.SENT: "Sent",
    State.HELD: "Held",
    State.PAUSED: "Paused",
    State.MISSED: "Missed",
    State.CANCELLED: "Cancelled",
}
COUNTS = {
    "recipients": "Readers",
    "sent": "Sent",
    "failed": "Failed",
    "skipped": "Skipped",
    "held": "Held",
    "doubted": "In doubt",
    "waiting": "Waiting",
}
_PAUSED = "The mail server refuses our messages, so nothing leaves until it takes them again."


def report_mails(engine: Engine, post: Post, now: datetime) -> Sequence[Draft]:
    """Return what each editor has not been told of editions that closed, are held or paused.

    Raises RenderError, HeaderError.
    """
    editors = post.editors
    due: list[tuple[Ended, str, frozenset[str]]] = []
    with read(engine) as conn:
        for edition in digests.stopped_or_closed(conn, now - LATELY):
            purpose = _purpose(edition, now)
            have = who_has(conn, purpose)
            if edition.digest in post.settings.digests and editors.keys() - have:
                due.append((digests.ended(conn, edition), purpose, have))
    return [
        draft
        for ended, purpose, have in due
        if not _is_empty(ended)
        for draft in _mails(post, ended, purpose, have, now)
    ]


def _purpose(edition: Edition, now: datetime) -> str:
    """Return what names a report: of a hold, anew after each release; of a pause, once a day."""
    said = str(edition.id)
    if edition.state is State.HELD:
        said += f"/{int(edition.released_at.timestamp()) if edition.released_at else 0}"
    if edition.state is State.PAUSED:
        said += f"/{now:%Y-%m-%d}"  # its words may be others with every try
    return f"{edition.state}:{said}/"


def _is_empty(ended: Ended) -> bool:
    """Return whether nobody was to get an edition anyway, because nothing was new."""
    return ended.edition.state is State.SENT and not ended.recipients


def _mails(
    post: Post, ended: Ended, purpose: str, have: frozenset[str], now: datetime
) -> Sequence[Draft]:
    edition, state = ended.edition, ended.edition.state
    words = post.templates.words(post.language)
    title = post.title_of(edition.digest)
    label = words.t("%(label)s:", label=words.t(TITLES[state]))
    body = post.body(
        "report",
        f"{label} {title}",
        title,
        title=title,
        when=edition.slot.at.replace(tzinfo=post.settings.site.zone),
        is_own_hour=post.settings.digests[edition.digest].zone == "subscriber",
        label=TITLES[state],
        sentence=_sentence(edition),
        note=edition.note if state in (State.PAUSED, State.HELD) else "",
        counts=_counts(ended),
        failures=[_line(failure) for failure in ended.failures[:MOST_LINES]],
        links={act: mark(f"{act}_url") for act in ("approve", "cancel")}
        if state is State.HELD
        else {},
    )
    about = (edition.digest, edition.slot.local)
    return post.drafts(purpose, body, now, but=have, about=about)


def _sentence(edition: Edition) -> str:
    if edition.state is State.PAUSED:
        return _PAUSED
    if edition.state is State.HELD:
        return (Standing.TOO_LARGE if edition.is_held_for_size else Standing.HELD).sentence
    return Standing[edition.state.name].sentence


def _counts(ended: Ended) -> list[dict[str, Any]]:
    """Return the words and numbers of a report; what is nothing is said of two only."""
    if not ended.recipients:
        return []
    numbers = {"recipients": ended.recipients, "sent": ended.totals.sent}
    numbers |= {name: getattr(ended.totals, name) for name in COUNTS if name not in numbers}
    return [
        {"label": COUNTS[name], "number": number}
        for name, number in numbers.items()
        if number or name in ("recipients", "sent")
    ]


def _line(failure: "Failure") -> str:
    said = answer_words(failure.code, failure.answer)
    return f"{failure.deliveries:,} × {said or 'no answer'}"
