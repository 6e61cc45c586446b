import json

import pytest

from publisher.content.item import Author, Download, Image
from publisher.feeds.channel import make_channel
from publisher.feeds.entry import make_entry
from publisher.feeds.jsonfeed import render
from publisher.feeds.plan import Feed

from .shelf import ARABIC, make_body, make_item


@pytest.fixture
def written(site, now):
    def write(item, translations=()):
        settings = site.settings
        channel = make_channel(Feed(item.language, "all", (item,)), settings, item.date)
        data = render(channel, [make_entry(item, make_body(), translations, settings, now)])
        return data, json.loads(data)

    return write


def test_the_feed_says_what_it_is(written):
    _, feed = written(make_item(language="ar"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["language"] == "ar"
    assert feed["title"] == "مدن المثال"
    assert feed["feed_url"] == "https://news.example.org/feeds/ar/all.json"


def test_an_item_says_all_it_has(written):
    item = make_item(
        authors=(Author("Ann", url="https://ann.example/"), Author("Bob", "bob@example.org")),
        categories=("prevention",),
        downloads=(Download("https://example.org/a.pdf", "A", "application/pdf", 7),),
        image=Image("https://example.org/a.png"),
    )
    _, feed = written(item, (make_item(language="ar"),))
    found = feed["items"][0]
    assert found["id"] == item.id
    assert found["authors"] == [
        {"name": "Ann", "url": "https://ann.example/"},
        {"name": "Bob", "url": "mailto:bob@example.org"},
    ]
    assert found["tags"] == ["Prevention"]
    assert found["attachments"] == [
        {
            "url": "https://example.org/a.pdf",
            "mime_type": "application/pdf",
            "title": "A",
            "size_in_bytes": 7,
        }
    ]
    assert found["date_published"] == found["date_modified"] == "2026-03-01T10:00:00+00:00"
    assert found["_translations"] == [
        {"language": "ar", "url": "https://example.org/ar/summit/", "title": ARABIC}
    ]


def test_a_size_that_nobody_knows_is_not_told(written):
    download = Download("https://example.org/a.pdf", "A", "application/pdf", 0)
    _, feed = written(make_item(downloads=(download,)))
    assert "size_in_bytes" not in feed["items"][0]["attachments"][0]


def test_nothing_in_the_file_looks_like_markup(written):
    data, feed = written(make_item(title="</script><script>"))
    assert b"<" not in data
    assert feed["items"][0]["title"] == "</script><script>"
