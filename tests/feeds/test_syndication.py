"""RSS and Atom as readers parse them, and every trap of feedgen 1.0.0 by its name.

A trap's test shows first that feedgen still has it. When that half fails after an upgrade, the
counter in publisher/feeds/syndication.py can go.
"""

import locale
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import feedparser
import pytest
from feedgen.feed import FeedGenerator
from lxml import etree

from publisher.content.item import Author, Download, Image
from publisher.feeds.channel import make_channel
from publisher.feeds.entry import make_entry
from publisher.feeds.plan import Feed
from publisher.feeds.syndication import SyndicatedEntry, render

from .shelf import configure, make_body, make_item

MOMENT = datetime(2026, 3, 1, 10, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
PDFS = tuple(
    Download(f"https://example.org/{name}.pdf", name, "application/pdf", size)
    for name, size in (("one", 111), ("two", 222), ("three", 0))
)


@pytest.fixture
def written(site, now):
    """Write items as a feed of one format, and parse it strictly."""

    def write(format_, *items, language="en", body=None, translations=()):
        settings = site.settings
        channel = make_channel(Feed(language, "all", items), settings, MOMENT)
        entries = [make_entry(i, body or make_body(), translations, settings, now) for i in items]
        data = render(channel, [SyndicatedEntry(entry) for entry in entries], format_)
        return data, etree.fromstring(data)

    return write


def bare_feed():
    feed = FeedGenerator()
    feed.id("tag:example.org,2026:x")
    feed.title("T")
    feed.description("D")
    feed.link(href="https://example.org/", rel="alternate")
    return feed


def bare_entry(feed, **facts):
    entry = feed.add_entry(**facts)
    entry.id("tag:example.org,2026:i")
    entry.title("T")
    entry.updated(MOMENT)
    entry.content("C")
    return entry


def test_trap_atom_entry_links_lose_what_they_are(written):
    feed = bare_feed()
    bare_entry(feed).link(href="https://example.org/a.pdf", rel="enclosure", type="application/pdf")
    lost = etree.fromstring(feed.atom_str()).find(f"{ATOM}entry/{ATOM}link")
    assert dict(lost.attrib) == {"href": "https://example.org/a.pdf"}

    item = make_item(downloads=PDFS)
    data, root = written("atom", item, translations=(make_item(language="ar"),))
    links = [dict(link.attrib) for link in root.findall(f"{ATOM}entry/{ATOM}link")]
    assert [(link["rel"], link.get("hreflang"), link.get("length")) for link in links] == [
        ("alternate", "en", None),
        ("related", "ar", None),
        ("enclosure", None, "111"),
        ("enclosure", None, "222"),
        ("enclosure", None, None),
    ]
    parsed = feedparser.parse(data)
    assert parsed.entries[0].link == item.link
    assert len(parsed.entries[0].enclosures) == 3


def test_trap_the_rss_channel_takes_the_last_link(written):
    feed = bare_feed()
    feed.link(href="https://example.org/all.rss", rel="self")
    assert b"<link>https://example.org/all.rss</link>" in feed.rss_str()

    _, root = written("rss", make_item())
    assert root.findtext("channel/link") == "https://example.org/"


def test_trap_rss_knows_no_link_but_self(site, now, written):
    feed = bare_feed()
    feed.link(href="https://hub.example/", rel="hub")
    assert b"hub.example" not in feed.rss_str().replace(b"<link>https://hub.example/</link>", b"")

    configure(site, hub="https://hub.example/")
    _, root = written("rss", make_item())
    links = {link.get("rel"): link.get("href") for link in root.findall(f"channel/{ATOM}link")}
    assert links == {
        "self": "https://news.example.org/feeds/en/all.rss",
        "hub": "https://hub.example/",
    }


def test_trap_entries_are_put_first(written):
    feed = bare_feed()
    bare_entry(feed).title("first")
    bare_entry(feed).title("second")
    titles = [node.text for node in etree.fromstring(feed.rss_str()).findall("channel/item/title")]
    assert titles == ["second", "first"]

    _, root = written("rss", make_item("a", title="first"), make_item("b", title="second"))
    assert [node.text for node in root.findall("channel/item/title")] == ["first", "second"]


def test_trap_a_feed_without_a_time_takes_the_clocks(written):
    feed = bare_feed()
    assert datetime.now(UTC).strftime("%Y-%m") in feed.atom_str().decode()

    for format_ in ("rss", "atom"):
        first, _ = written(format_, make_item())
        second, _ = written(format_, make_item())
        assert first == second
        assert datetime.now(UTC).strftime("%Y-%m") not in first.decode()


def test_trap_feedgen_sets_the_locale_at_each_date(written, monkeypatch):
    calls = []
    real = locale.setlocale

    def watched(*arguments):
        calls.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(locale, "setlocale", watched)
    bare_feed().rss_str()
    assert calls
    calls.clear()
    for format_ in ("rss", "atom"):
        written(format_, make_item())
    assert calls == []


@pytest.mark.parametrize("title", ["nul \x00", "vertical \x0b", "half a pair \ud800"])
def test_trap_forbidden_characters_raise_and_lose_the_whole_feed(written, title):
    feed = bare_feed()
    bare_entry(feed).title(title)
    with pytest.raises(ValueError):
        feed.rss_str()

    for format_ in ("rss", "atom"):
        data, _ = written(format_, make_item(title=title))
        assert len(feedparser.parse(data).entries) == 1


def test_trap_a_date_without_a_zone_raises(site, now):
    with pytest.raises(ValueError):
        bare_entry(bare_feed()).updated(datetime(2026, 3, 1))

    entry = make_entry(make_item(), make_body(), (), site.settings, now)
    with pytest.raises(ValueError):  # so an entry is tried by itself, before a feed takes it
        SyndicatedEntry(replace(entry, updated=datetime(2026, 3, 1)))


def test_trap_cdata_makes_invalid_atom(written):
    feed = bare_feed()
    bare_entry(feed).content("<p>x</p>", type="CDATA")
    assert b'type="CDATA"' in feed.atom_str()

    _, root = written("atom", make_item(), body=make_body("<p>a &amp; b<br>c</p>"))
    content = root.find(f"{ATOM}entry/{ATOM}content")
    assert content.get("type") == "html"
    assert "<p>a &amp; b<br>c</p>" in content.text


def test_trap_an_author_without_an_address_vanishes_from_rss(written):
    feed = bare_feed()
    bare_entry(feed).author(name="Ann")
    assert b"Ann" not in feed.rss_str()

    authors = (Author("Ann"), Author("Bob", "bob@example.org"))
    data, root = written("rss", make_item(authors=authors))
    creator = root.findtext("channel/item/{http://purl.org/dc/elements/1.1/}creator")
    assert creator == "Ann"
    assert root.findtext("channel/item/author") == "bob@example.org (Bob)"
    assert {author["name"] for author in feedparser.parse(data).entries[0].authors} >= {"Ann"}


def test_trap_rss_keeps_only_the_last_enclosure(written):
    feed = bare_feed()
    entry = bare_entry(feed)
    for name in ("one", "two"):
        entry.link(href=f"https://example.org/{name}.pdf", rel="enclosure", type="application/pdf")
    kept = etree.fromstring(feed.rss_str()).findall("channel/item/enclosure")
    assert [node.get("url") for node in kept] == ["https://example.org/two.pdf"]

    _, root = written("rss", make_item(downloads=PDFS))
    enclosures = [dict(node.attrib) for node in root.findall("channel/item/enclosure")]
    assert enclosures == [
        {"url": "https://example.org/one.pdf", "length": "111", "type": "application/pdf"}
    ]
    further = root.findall("channel/item/{http://search.yahoo.com/mrss/}content")
    assert [(node.get("url"), node.get("fileSize")) for node in further] == [
        ("https://example.org/two.pdf", "222"),
        ("https://example.org/three.pdf", None),
    ]


def test_trap_atom_puts_the_summary_after_the_content(written):
    feed = bare_feed()
    bare_entry(feed).summary("S")
    text = feed.atom_str()
    assert text.index(b"<content") < text.index(b"<summary")

    text, _ = written("atom", make_item())
    assert text.index(b"<summary") < text.index(b"<content")


def test_trap_feedgen_knows_no_json_feed():
    assert not [name for name in dir(FeedGenerator) if "json" in name.lower()]


def test_the_summary_stands_before_the_full_text_in_rss(written):
    text, _ = written("rss", make_item())
    assert text.index(b"<description>Text.") < text.index(b"<content:encoded>")


def test_the_guid_is_no_address(written):
    _, root = written("rss", make_item())
    guid = root.find("channel/item/guid")
    assert (guid.text, guid.get("isPermaLink")) == ("tag:example.org,2026:summit/en", "false")


def test_rss_dates_have_a_numeric_zone(written):
    _, root = written("rss", make_item())
    assert root.findtext("channel/item/pubDate") == "Sun, 01 Mar 2026 10:00:00 +0000"
    assert root.findtext("channel/lastBuildDate") == "Sun, 01 Mar 2026 10:00:00 +0000"


@pytest.mark.parametrize(("format_", "path"), [("rss", "channel/item"), ("atom", f"{ATOM}entry")])
def test_feed_and_entries_say_their_language(written, format_, path):
    _, root = written(format_, make_item(language="ar"), language="ar")
    tongue = "{http://www.w3.org/XML/1998/namespace}lang"
    assert root.find(path).get(tongue) == "ar"
    assert (root.findtext("channel/language") or root.get(tongue)) == "ar"


@pytest.mark.parametrize("format_", ["rss", "atom"])
def test_a_stylesheet_in_css_and_none_in_xslt(written, format_):
    data, root = written(format_, make_item())
    instruction = root.getprevious()
    assert instruction.target == "xml-stylesheet"
    assert instruction.text == 'type="text/css" href="../feed.css"'
    assert b"xsl" not in data


@pytest.mark.parametrize("format_", ["rss", "atom"])
@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "a &lt; b", "R&D", "1 < 2"])
def test_a_title_reads_as_it_was_written(written, format_, title):
    data, _ = written(format_, make_item(title=title))
    assert "<script" not in etree.fromstring(data).xpath("string()")
    shown = feedparser.parse(data, sanitize_html=False).entries[0].title
    assert unescape(shown) == title


@pytest.mark.parametrize("format_", ["rss", "atom"])
def test_the_picture_is_a_thumbnail(written, format_):
    data, _ = written(format_, make_item(image=Image("https://example.org/a.png", "", 8, 6)))
    assert feedparser.parse(data).entries[0].media_thumbnail == [
        {"url": "https://example.org/a.png", "width": "8", "height": "6"}
    ]
    assert b"ns0:" not in data


def test_a_right_to_left_summary_says_so_in_rss_where_it_is_html(written):
    _, root = written("rss", make_item(language="ar"), language="ar")
    assert root.findtext("channel/item/description") == '<div dir="rtl" lang="ar">Text.</div>'
    _, root = written("atom", make_item(language="ar"), language="ar")
    assert root.findtext(f"{ATOM}entry/{ATOM}summary") == "Text."


def test_a_summary_reads_as_it_was_written(written):
    _, root = written("rss", make_item(), body=make_body(summary="1 < 2 & <b>"))
    assert root.findtext("channel/item/description") == "1 &lt; 2 &amp; &lt;b&gt;"
