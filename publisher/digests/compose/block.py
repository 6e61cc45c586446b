"""One item as it stands in digests: rendered once, frozen, put into every body that offers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from publisher import language as languages
from publisher.content.item import Body, Download, Item, Kind
from publisher.digests.compose.event import calendar_link, other_side, place_of
from publisher.digests.compose.notice import CORRECTION_LENGTH, notice_id
from publisher.digests.compose.text import sentence, shorten
from publisher.errors import RenderError
from publisher.render import (
    Templates,
    colours,
    directed_lines,
    file_kind,
    format_size,
    language_name,
    without_marks,
)

if TYPE_CHECKING:
    from publisher.render import Phrases
    from publisher.settings.model import Settings

SUMMARY_LENGTH = 260  # characters: four lines of at most 66
_LONGEST = 300  # characters of any one text of an author's that is not a summary
_MOST_DOWNLOADS = 10
_MOST_AUTHORS = 6

# What a kind is called in front of an item, as a sentence of the interface.
KIND_WORDS = {
    Kind.NEWS: "News",
    Kind.ARTICLE: "Article",
    Kind.EVENT_REPORT: "Event report",
    Kind.EVENT: "Event",
}


@dataclass(frozen=True, slots=True)
class Block:
    """An item ready for digests: what was frozen of it, in values that JSON can hold."""

    key: str
    language: str
    title: str
    link: str
    kind: str
    html: str  # the inside of one mj-text
    plain: str  # its lines of the text part
    facts: Mapping[str, Any]  # date, summary, image, notice: what is not in html and plain


def render_block(
    templates: Templates,
    settings: "Settings",
    item: Item,
    body: Body,
    translations: Sequence[Item],
    related: Sequence[Item] = (),
) -> Block:
    """Render one item in its own language; raises RenderError that names the item's key.

    related   an event's reports, or what announced a report's event, in the same language
    """
    values = _values(templates.words(item.language), settings, item, body, translations)
    values["other_side"] = other = other_side(item, related)
    if other is not None and other.kind is Kind.EVENT_REPORT:
        values["calendar"] = ""  # what has been reported about is over
    try:
        html = templates.html("email/_item", item.language, **values)
        plain = templates.plain("email/_item", item.language, **values)
    except RenderError as error:
        told = RenderError(error.template, error.line, error.why, item_key=item.key)
        raise told from error
    return Block(
        key=item.key,
        language=item.language,
        title=values["title"],
        link=without_marks(item.link),
        kind=item.kind.value,
        html=without_marks(html),
        plain=without_marks(directed_lines(plain, item.language)),
        facts={
            "date": item.date.isoformat(),
            "summary": values["summary"],
            "image": _image(item),
            "is_machine": item.is_machine_translated,
            "notice": notice_id(item),
        },
    )


def _values(
    words: "Phrases",
    settings: "Settings",
    item: Item,
    body: Body,
    translations: Sequence[Item],
) -> dict[str, Any]:
    translation = item.translation
    report_to = settings.site.report_translation_errors_to
    return {
        "item": item,
        "title": sentence(item.title, _LONGEST),
        "kind": KIND_WORDS[item.kind],
        "minutes": body.reading_minutes,
        "authors": [sentence(one.name, 100) for one in item.authors[:_MOST_AUTHORS]],
        "summary": sentence(item.summary or body.summary, SUMMARY_LENGTH),
        "correction": sentence(item.correction, CORRECTION_LENGTH),
        "place": place_of(item.event),
        "calendar": calendar_link(settings, item),
        "downloads": [
            _download(file, item, settings, words) for file in item.downloads[:_MOST_DOWNLOADS]
        ],
        "translations": [_other(other) for other in translations],
        "is_machine": item.is_machine_translated,
        "original": _original(translation.of if translation else "", translations),
        "report_to": _report_link(words, report_to, item) if report_to else "",
        "report_address": report_to,
        "light": colours.light(settings.look),
        "site": settings.site,
        "look": settings.look,
    }


def _download(file: Download, item: Item, settings: "Settings", words: "Phrases") -> dict[str, Any]:
    site = settings.site
    size = format_size(file.size, item.language, site, words) if file.size else ""
    about = tuple(part for part in (file_kind(file.type), size) if part)
    title = sentence(file.title, _LONGEST) or file.url.rsplit("/", 1)[-1]
    return {"url": file.url, "title": title, "about": about}


def _other(item: Item) -> dict[str, str]:
    return {
        "language": item.language,
        "dir": languages.direction(item.language),
        "name": language_name(item.language),
        "link": item.link,
    }


def _original(language: str, translations: Sequence[Item]) -> str:
    return next((other.link for other in translations if other.language == language), "")


def _report_link(words: "Phrases", report_to: str, item: Item) -> str:
    if "://" in report_to:
        return report_to
    subject = words.t("Error in the translation: %(title)s", title=shorten(item.title, 100))
    return f"mailto:{quote(report_to, safe='@+')}?subject={quote(subject)}&body={quote(item.link)}"


def _image(item: Item) -> dict[str, Any] | None:
    image = item.image
    if image is None:
        return None
    return {
        "src": without_marks(image.src),
        "alt": sentence(image.alt, _LONGEST),
        "width": image.width,
        "height": image.height,
    }
