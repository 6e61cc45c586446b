"""An item as it appears in a feed: everything absolute, clean, and the same on every build.

The id is the item's own and never made from its title or address. No date lies in the future,
whatever the front matter says, and a date is never the moment of the build.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from publisher.content.item import Author, Body, Download, Item
from publisher.feeds import clean
from publisher.feeds.entry_html import entry_html
from publisher.language import pick

if TYPE_CHECKING:
    from publisher.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file offered with an entry."""

    url: str
    type: str
    size: int  # bytes; 0 when nobody knows
    title: str


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same item in another language."""

    language: str
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    url: str
    alt: str
    width: int  # pixels; 0 when unknown
    height: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What the writers of all formats need to know about one item, and nothing else."""

    id: str
    language: str
    title: str
    url: str
    published: datetime
    updated: datetime
    summary: str  # plain text, one paragraph
    html: str  # one block that says its language and direction
    authors: tuple[Author, ...]
    categories: tuple[tuple[str, str], ...]  # slug, and its name in the entry's language
    enclosures: tuple[Enclosure, ...]
    picture: Picture | None
    translations: tuple[Alternate, ...]


def changed_at(item: Item, now: datetime) -> datetime:
    """Return when an item last changed in a way that counts; a change yet to come is not one."""
    return item.changed_at if item.changed_at <= now else item.date


def make_entry(
    item: Item,
    body: Body,
    translations: Sequence[Item],
    settings: "Settings",
    now: datetime,
    related: Sequence[Item] = (),
    calendar: str = "",
) -> Entry:
    """Return an item's entry. Raises ValueError when it lacks what no feed can do without.

    related   an event's reports, or a report's announcements
    calendar  address of an event's own calendar file, "" when it has none
    """
    title = clean.title_text(item.title, item.language)
    url = clean.web_address(item.link)
    if not title or not item.id or "://" not in url:
        raise ValueError("it has no title, no id or no address")
    return Entry(
        id=clean.one_line(item.id),
        language=item.language,
        title=title,
        url=url,
        published=item.date,
        updated=max(item.date, changed_at(item, now)),
        summary=clean.one_line(body.summary or item.summary),
        html=clean.html_text(entry_html(item, body, translations, settings, related, calendar)),
        authors=tuple(_author(author) for author in item.authors if author.name.strip()),
        categories=_categories(item, settings),
        enclosures=tuple(_enclosure(download) for download in item.downloads),
        picture=_picture(item),
        translations=tuple(_alternate(other) for other in translations),
    )


def _author(author: Author) -> Author:
    return Author(
        clean.one_line(author.name),
        clean.one_line(author.email) if "@" in author.email else "",
        clean.web_address(author.url) if author.url else "",
    )


def _categories(item: Item, settings: "Settings") -> tuple[tuple[str, str], ...]:
    return tuple((slug, category_name(slug, item.language, settings)) for slug in item.categories)


def category_name(slug: str, language: str, settings: "Settings") -> str:
    """Return what readers of a language call a category; its slug when nobody named it."""
    category = settings.categories.get(slug)
    words = category.name if category else {}
    return clean.one_line(pick(words, language, settings.site.languages)) or slug


def _enclosure(download: Download) -> Enclosure:
    return Enclosure(
        clean.web_address(download.url),
        clean.one_line(download.type) or "application/octet-stream",
        max(0, download.size),
        clean.one_line(download.title),
    )


def _picture(item: Item) -> Picture | None:
    image = item.image
    if not image or not image.src:
        return None
    return Picture(
        clean.web_address(image.src), clean.one_line(image.alt), image.width, image.height
    )


def _alternate(item: Item) -> Alternate:
    return Alternate(
        item.language, clean.web_address(item.link), clean.title_text(item.title, item.language)
    )
