"""Feeds of three sites that nobody here wrote, as a feed reader sees them."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from publisher.content import open_library
from publisher.feeds import build
from publisher.settings import load

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SITES = {
    "opentelemetry": ["en", "es", "ja", "pt", "uk", "zh"],
    "rust": ["en"],
    "letsencrypt": ["fa", "he"],
}
SETTINGS = """\
[site]
url = "https://{name}.example"
name = "{name}"
languages = {languages}
[feeds]
id_authority = "{name}.example,2026"
[sender]
address = "news@example.org"
"""
# "#" is a footnote inside its own entry, under an id that no other entry has.
RELATIVE = re.compile(r"""(?:href|src)=["'](?!https?://|mailto:|tel:|#)""")
COMMENT = re.compile(r"{{[<%]\s*comment\s*[>%]}}(.*?){{[<%]\s*/comment\s*[>%]}}", re.DOTALL)


@pytest.fixture(scope="module", params=SITES)
def built_site(request, real, tmp_path_factory):
    name = request.param
    root = tmp_path_factory.mktemp(name)
    (root / "publisher.toml").write_text(
        SETTINGS.format(name=name, languages=json.dumps(SITES[name])), encoding="utf-8"
    )
    shutil.copytree(real / name / "content", root / "content")
    library = open_library(load(root, {}), now=NOW)
    return root, library, build(library, now=NOW)


def all_feeds(root: Path, format_: str):
    found = sorted((root / "feeds").rglob(f"*.{format_}"))
    return [path for path in found if path.name != "manifest.json"]


def test_every_item_of_the_newest_twenty_is_in_the_feed_of_its_language(built_site):
    root, library, report = built_site
    assert report.problems == ()
    published = library.published(NOW)
    assert published
    for language in {item.language for item in published}:
        newest = [item for item in published if item.language == language][:20]
        for format_ in ("rss", "atom"):
            parsed = feedparser.parse((root / f"feeds/{language}/all.{format_}").read_bytes())
            assert not parsed.bozo
            assert [entry.id for entry in parsed.entries] == [item.id for item in newest]
            dates = [datetime(*entry.published_parsed[:6], tzinfo=UTC) for entry in parsed.entries]
            assert dates == [item.date for item in newest]
            assert [entry.link for entry in parsed.entries] == [item.link for item in newest]
            counts = [len(entry.enclosures) for entry in parsed.entries]
            most = 1 if format_ == "rss" else 99
            assert counts == [min(len(item.downloads), most) for item in newest]
            assert (parsed.feed.get("language") or parsed.feed.title_detail.language) == language


def test_every_feed_is_strict_xml_and_has_no_relative_link(built_site):
    root, _, _ = built_site
    feeds = [*all_feeds(root, "rss"), *all_feeds(root, "atom")]
    assert feeds
    for path in feeds:
        text = " ".join(etree.fromstring(path.read_bytes()).itertext())
        assert RELATIVE.findall(text) == [], path


def test_no_feed_holds_what_a_hugo_comment_says(built_site):
    root, _, _ = built_site
    said = {
        words
        for path in (root / "content").rglob("*.md")
        for comment in COMMENT.findall(path.read_text(encoding="utf-8"))
        if len(words := " ".join(comment.split())) > 20
    }
    for path in all_feeds(root, "json"):
        text = " ".join(str(item) for item in json.loads(path.read_bytes())["items"])
        assert [words for words in said if words in " ".join(text.split())] == []
        assert "{{<" not in text
        assert "{{%" not in text


def test_right_to_left_items_stand_in_a_block_that_says_so(built_site):
    root, _, _ = built_site
    for path in all_feeds(root, "json"):
        for item in json.loads(path.read_bytes())["items"]:
            side = "rtl" if item["language"] in ("fa", "he") else "ltr"
            assert item["content_html"].startswith(f'<div dir="{side}" lang="{item["language"]}">')


def test_building_again_changes_nothing(built_site):
    root, _, _ = built_site
    library = open_library(load(root, {}), now=NOW)
    assert build(library, now=NOW).changed == ()
