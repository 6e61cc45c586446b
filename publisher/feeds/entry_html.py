"""The HTML of an entry: the item's text, and around it all that some readers never show.

Readers drop enclosures, pictures, dates of events and translations in their own ways; what stands
in the text itself is seen by everybody. Every block carries the direction of its language.
"""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from publisher.content.item import Body, Event, EventState, Item, Kind
from publisher.feeds import clean, words
from publisher.language import direction
from publisher.render import file_kind

if TYPE_CHECKING:
    from publisher.render.phrases import Word
    from publisher.settings.model import Settings


def entry_html(
    item: Item,
    body: Body,
    translations: Sequence[Item],
    settings: "Settings",
    related: Sequence[Item] = (),
    calendar: str = "",
) -> str:
    """Return one block with everything an entry tells, in the item's language."""
    parts = [
        _correction(item, settings),
        _machine_notice(item, translations, settings),
        _event(item.event, item, settings, calendar) if item.event else "",
        _picture(item, body),
        body.html if settings.feeds.content == "full" else _paragraph(item, body.summary),
        _video(item, settings),
        _downloads(item, settings),
        _related(item, related, settings),
    ]
    return clean.wrap("\n".join(part for part in parts if part), item.language)


def _paragraph(item: Item, text: str) -> str:
    return _block(item, escape(clean.one_line(text), quote=False)) if text else ""


def _block(item: Item, html: str) -> str:
    return f'<p dir="{direction(item.language)}">{html}</p>'


def _correction(item: Item, settings: "Settings") -> str:
    if not item.correction:
        return ""
    label = _said(words.speaker(item.language, settings)(words.CORRECTION))
    sentence = escape(clean.one_line(item.correction), quote=False)
    return _block(item, f"<strong>{label}:</strong> {sentence}")


def _machine_notice(item: Item, translations: Sequence[Item], settings: "Settings") -> str:
    if not item.is_machine_translated:
        return ""
    say = words.speaker(item.language, settings)
    text = _said(say(words.MACHINE_TRANSLATED))
    original = _original(item, translations, settings)
    if original:
        text += f" {_said(say(words.READ_ORIGINAL))}: "
        text += _link(original.link, clean.one_line(original.title), original.language)
    return _block(item, text)


def _original(item: Item, translations: Sequence[Item], settings: "Settings") -> Item | None:
    """Return the item this one was translated from, else the one in the site's first language."""
    stated = item.translation.of if item.translation else ""
    for language in (stated, *settings.site.languages):
        for other in translations:
            if other.language == language and not other.is_machine_translated:
                return other
    return None


def _event(event: Event, item: Item, settings: "Settings", calendar: str) -> str:
    say = words.speaker(item.language, settings)
    when = words.event_dates(event, item.language, settings)
    lines = [f"<strong>{_said(say(words.WHEN))}</strong> {escape(when, quote=False)}"]
    where = [clean.one_line(part) for part in (event.place, event.city, event.country) if part]
    if where:
        place = escape(say(words.COMMA).join(where), quote=False)
        lines.append(f"<strong>{_said(say(words.WHERE))}</strong> {place}")
    if event.state in words.STATES:
        lines.insert(0, f"<strong>{_said(say(words.STATES[event.state]))}</strong>")
    if event.url:
        lines.append(_link(event.url, say(words.EVENT_PAGE)))
    if calendar and event.state is not EventState.CANCELLED:
        lines.append(_link(calendar, say(words.ADD_TO_CALENDAR)))
    return _block(item, "<br>".join(lines))


def _picture(item: Item, body: Body) -> str:
    image = item.image
    if not image or not image.src or escape(image.src) in body.html:
        return ""
    size = "".join(
        f' {side}="{length}"'
        for side, length in (("width", image.width), ("height", image.height))
        if length > 0
    )
    src = escape(clean.web_address(image.src))
    return _block(item, f'<img src="{src}" alt="{escape(clean.one_line(image.alt))}"{size}>')


def _video(item: Item, settings: "Settings") -> str:
    if not item.video:
        return ""
    say = words.speaker(item.language, settings)
    return _block(item, _link(item.video, say(words.WATCH)))


def _downloads(item: Item, settings: "Settings") -> str:
    if not item.downloads:
        return ""
    say = words.speaker(item.language, settings)
    side = direction(item.language)
    rows = []
    for download in item.downloads:
        facts = [file_kind(download.type)]
        if download.size:
            facts.append(words.file_size(download.size, item.language, settings))
        told = escape(say(words.COMMA).join(fact for fact in facts if fact), quote=False)
        label = clean.one_line(download.title) or download.url.rpartition("/")[2]
        told = f' <span dir="auto">({told})</span>' if told else ""
        rows.append(f'<li dir="{side}">{_link(download.url, label)}{told}</li>')
    head = _block(item, f"<strong>{_said(say(words.DOWNLOADS))}</strong>")
    return f'{head}\n<ul dir="{side}">{"".join(rows)}</ul>'


def _related(item: Item, related: Sequence[Item], settings: "Settings") -> str:
    """Return links to an event's reports, or from a report to what announced its event."""
    if not related:
        return ""
    say = words.speaker(item.language, settings)
    label = say(words.READ_REPORT if item.kind is Kind.EVENT else words.ANNOUNCEMENT)
    if len(related) == 1:
        return _block(item, _link(related[0].link, label))
    links = [_link(one.link, clean.one_line(one.title)) for one in related]
    return _block(item, "<br>".join([f"{_said(label)}:", *links]))


def _said(word: "Word") -> str:
    """Return a sentence of the interface; one borrowed from English says that it is English."""
    text = escape(word, quote=False)
    return f'<span dir="ltr" lang="en">{text}</span>' if word.is_borrowed else text


def _link(url: str, label: str, language: str = "") -> str:
    tongue = f' hreflang="{escape(language)}"' if language else ""
    address = escape(clean.web_address(url))
    return f'<a href="{address}"{tongue}>{escape(label, quote=False)}</a>'
