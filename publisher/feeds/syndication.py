"""RSS 2.0 and Atom through feedgen, behind our own feed and entry.

feedgen 1.0.0 has had no release since 2023-12. What it gets wrong is put right here, and each
trap has a test that names it, so that an upgrade that mends one tells us the counter can go.
"""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from html import escape
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from publisher.feeds import clean
from publisher.feeds.channel import Channel
from publisher.feeds.entry import Entry
from publisher.feeds.plan import MEDIA_TYPES
from publisher.language import is_rtl

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_Node = Any  # lxml's elements; its stubs know no factory of them


class _Namespaces(BaseExtension):  # type: ignore[misc]
    """Tells feedgen the prefixes of what our entries add."""

    def extend_ns(self) -> dict[str, str]:
        return {"dc": DUBLIN_CORE, "media": MEDIA}


class SyndicatedEntry(FeedEntry):  # type: ignore[misc]
    """feedgen's entry with links, order, dates and authors as the two formats want them.

    An item stands in several feeds: its elements are made once and copied into each.

    Raises ValueError and other errors of feedgen and lxml for what they cannot write.
    """

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.id(entry.id)  # also the guid, with isPermaLink="false"
        self.title(clean.as_markup(entry.title))
        self.updated(entry.updated)
        self.content(entry.html, type="html")  # "CDATA" would make Atom invalid
        self.link(href=entry.url, rel="alternate")
        if entry.summary:
            self.summary(entry.summary)
        self.author([_person(author.name, author.email, author.url) for author in entry.authors])
        self.category([{"term": slug, "label": name} for slug, name in entry.categories])
        for enclosure in entry.enclosures[:1]:
            self.link(
                href=enclosure.url, rel="enclosure", type=enclosure.type, length=str(enclosure.size)
            )
        self._atom, self._rss = self._made_for_atom(), self._made_for_rss()

    def atom_entry(self, extensions: bool = True) -> _Node:
        """Return the Atom element, for feedgen to put into a feed."""
        return deepcopy(self._atom)

    def rss_entry(self, extensions: bool = True) -> _Node:
        """Return the RSS element, for feedgen to put into a feed."""
        return deepcopy(self._rss)

    def _made_for_atom(self) -> _Node:
        """Make the Atom element: links whole, summary before content, its own language."""
        node = super().atom_entry()
        node.set(XML_LANGUAGE, self.entry.language)
        if clean.looks_like_markup(self.entry.title):
            node.find("title").set("type", "html")
        for link in node.findall("link"):
            node.remove(link)
        content, summary = node.find("content"), node.find("summary")
        for link in self._links():
            content.addprevious(etree.Element("link", link))
        if summary is not None:
            content.addprevious(summary)
        published = etree.SubElement(node, "published")
        published.text = self.entry.published.isoformat()
        _add_thumbnail(node, self.entry)
        return node

    def _made_for_rss(self) -> _Node:
        """Make the RSS element: date without a locale, nameless authors, further enclosures."""
        node = super().rss_entry()
        node.set(XML_LANGUAGE, self.entry.language)
        if self.entry.summary:
            node.find("description").text = _description(self.entry)
        etree.SubElement(node, "pubDate").text = rss_date(self.entry.published)
        for author in self.entry.authors:
            if not author.email:
                etree.SubElement(node, f"{{{DUBLIN_CORE}}}creator").text = author.name
        for enclosure in self.entry.enclosures[1:]:
            media = etree.SubElement(
                node, f"{{{MEDIA}}}content", url=enclosure.url, type=enclosure.type
            )
            if enclosure.size:
                media.set("fileSize", str(enclosure.size))
            etree.SubElement(media, f"{{{MEDIA}}}title").text = enclosure.title
        _add_thumbnail(node, self.entry)
        return node

    def _links(self) -> list[dict[str, str]]:
        """Return the item's own page first: some readers open whichever alternate they meet."""
        entry = self.entry
        links = [
            {
                "rel": "alternate",
                "type": "text/html",
                "hreflang": entry.language,
                "href": entry.url,
            }
        ]
        links += [
            {
                "rel": "related",
                "type": "text/html",
                "hreflang": other.language,
                "title": other.title,
                "href": other.url,
            }
            for other in entry.translations
        ]
        for enclosure in entry.enclosures:
            link = {"rel": "enclosure", "type": enclosure.type, "href": enclosure.url}
            if enclosure.size:
                link["length"] = str(enclosure.size)
            if enclosure.title:
                link["title"] = enclosure.title
            links.append(link)
        return links


class SyndicatedFeed(FeedGenerator):  # type: ignore[misc]
    """feedgen's feed with a time of its own, its language, a stylesheet and the hub's address."""

    def __init__(self, channel: Channel, format_: str) -> None:
        super().__init__()
        self._channel = channel
        self.register_extension("publisher", _Namespaces, BaseExtension)
        self.id(channel.id)
        self.title(channel.title)
        self.subtitle(channel.description)
        self.description(channel.description)
        self.generator("publisher")
        if channel.language:
            self.language(channel.language)
        # Without a time feedgen takes the clock's. Its RSS date goes through setlocale, which no
        # thread survives: that one is taken back and written by us.
        self.updated(channel.updated)
        self._FeedGenerator__rss_lastBuildDate = None
        self.author(name=channel.site_name, uri=channel.home)
        self.link(href=channel.file_url(format_), rel="self", type=MEDIA_TYPES[format_])
        if channel.hub:
            self.link(href=channel.hub, rel="hub")
        # RSS takes whichever link comes last for the channel's own.
        self.link(href=channel.home, rel="alternate", type="text/html")

    def _create_atom(self, extensions: bool = True) -> tuple[_Node, _Node]:
        feed, document = super()._create_atom(extensions)
        feed.addprevious(_stylesheet(self._channel))
        return feed, document

    def _create_rss(self, extensions: bool = True) -> tuple[_Node, _Node]:
        feed, document = super()._create_rss(extensions)
        channel = feed.find("channel")
        own = channel.find(f"{{{ATOM}}}link")
        if self._channel.hub:
            hub = etree.Element(f"{{{ATOM}}}link", href=self._channel.hub, rel="hub")
            own.addnext(hub)
        built = etree.Element("lastBuildDate")
        built.text = rss_date(self._channel.updated)
        own.addprevious(built)
        feed.addprevious(_stylesheet(self._channel))
        return feed, document


def render(channel: Channel, entries: Sequence[SyndicatedEntry], format_: str) -> bytes:
    """Return a feed in RSS or Atom."""
    feed = SyndicatedFeed(channel, format_)
    for entry in entries:
        feed.add_entry(entry, order="append")  # feedgen would put it first
    text: bytes = feed.rss_str(pretty=True) if format_ == "rss" else feed.atom_str(pretty=True)
    return text


def rss_date(moment: datetime) -> str:
    """Return a date as RFC 822 wants it, with a numeric zone, in English whatever the locale."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} {moment:%z}"


def _description(entry: Entry) -> str:
    """Return the summary as the HTML that RSS takes a description for."""
    text = escape(entry.summary, quote=False)
    return clean.wrap(text, entry.language) if is_rtl(entry.language) else text


def _person(name: str, email: str, url: str) -> dict[str, str]:
    person = {"name": name, "email": email, "uri": url}
    return {key: value for key, value in person.items() if value}


def _add_thumbnail(node: _Node, entry: Entry) -> None:
    if entry.picture:
        picture = etree.SubElement(node, f"{{{MEDIA}}}thumbnail", url=entry.picture.url)
        if entry.picture.width and entry.picture.height:
            picture.set("width", str(entry.picture.width))
            picture.set("height", str(entry.picture.height))


def _stylesheet(channel: Channel) -> _Node:
    """Return the CSS that makes a feed readable in a browser; browsers are removing XSLT."""
    return etree.ProcessingInstruction(
        "xml-stylesheet", f'type="text/css" href="{escape(channel.stylesheet)}"'
    )
