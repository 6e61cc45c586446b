"""What changed after an item went out, as the next digest opens with it: a correction, an event
that was moved or is cancelled.

A notice is rendered once, frozen with its edition, and told to those who were offered the item.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from publisher.content.item import EventState, Item
from publisher.digests.compose.event import calendar_link, place_of
from publisher.digests.compose.text import clean, sentence
from publisher.errors import RenderError
from publisher.render import Templates, colours, directed_lines, without_marks

if TYPE_CHECKING:
    from publisher.settings.model import Settings

CORRECTION_LENGTH = 500  # characters: an editor is asked for one sentence
_TITLE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Notice:
    """A change readers should know of, ready for digests, in values that JSON can hold."""

    key: str
    language: str
    id: str  # another one when there is something else to tell
    title: str
    link: str
    html: str  # the inside of one mj-text
    plain: str  # its lines of the text part


def notice_id(item: Item) -> str:
    """Return what names the change an item tells of; "" when it tells of none.

    Whoever was told one id need not be told again. An event's dates and place count only once it
    was moved or cancelled: before that they are part of the item, not a change to it.
    """
    # From what the file says, not from how it is shown: a new release must not tell it all again.
    event, told = item.event, [item.correction.strip()]
    if event and event.state is not EventState.PLANNED:
        end = event.end.isoformat() if event.end else ""
        where = (event.place, event.city, event.country)
        told += [event.state.value, event.start.isoformat(), end, *where]
    if not any(told):
        return ""
    return sha256(json.dumps(told).encode()).hexdigest()[:16]


def render_notice(templates: Templates, settings: "Settings", item: Item) -> Notice | None:
    """Render what changed about an item, in its own language; None when nothing did.

    Raises RenderError that names the item's key.
    """
    known_as = notice_id(item)
    if not known_as:
        return None
    title = sentence(item.title, _TITLE_LENGTH)
    values = {
        "item": item,
        "title": title,
        "correction": sentence(item.correction, CORRECTION_LENGTH),
        "place": place_of(item.event),
        "calendar": calendar_link(settings, item),
        "light": colours.light(settings.look),
        "site": settings.site,
        "look": settings.look,
    }
    try:
        html = templates.html("email/_notice", item.language, **values)
        plain = templates.plain("email/_notice", item.language, **values)
    except RenderError as error:
        told = RenderError(error.template, error.line, error.why, item_key=item.key)
        raise told from error
    return Notice(
        key=item.key,
        language=item.language,
        id=known_as,
        title=title,
        link=clean(item.link),
        html=without_marks(html),
        plain=without_marks(directed_lines(plain, item.language)),
    )
