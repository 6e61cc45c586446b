import re

import pytest
from lxml import etree, html


@pytest.fixture
def pages(built):
    built.item("a.en.md", "A", categories="[prevention]")
    built.item("a.ar.md", "أ")
    built.build()
    return built


def test_each_language_has_a_page_in_itself(pages):
    page = html.fromstring(pages.read("ar/index.html").decode())
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    headings = [node.text_content() for node in page.iter("h1", "h2")]
    assert all(re.search("[\u0600-\u06ff]", heading) for heading in headings)
    assert any("الوقاية" in heading for heading in headings)


def test_the_page_over_all_lists_every_feed(pages):
    page = html.fromstring(pages.read("index.html").decode())
    links = {node.get("href") for node in page.iter("a")}
    rows = pages.json("manifest.json")["feeds"]
    assert {row["path"] for row in rows} <= links
    sections = {(node.get("lang"), node.get("dir")) for node in page.iter("section")}
    assert {("en", "ltr"), ("ar", "rtl")} <= sections


@pytest.mark.parametrize("name", ["index.html", "ar/index.html", "en/index.html"])
def test_every_link_of_a_page_leads_somewhere(pages, name):
    page = html.fromstring(pages.read(name).decode())
    folder = (pages.feeds / name).parent
    targets = [node.get("href") for node in page.iter("a", "link")]
    inside = [target for target in targets if "://" not in target]
    assert len(inside) > 6
    for target in inside:
        assert (folder / target).resolve().is_file(), target


def test_a_page_needs_no_script_and_says_no_side(pages):
    text = pages.read("ar/index.html").decode() + pages.read("feed.css").decode()
    assert "<script" not in text
    assert not re.search(
        r"(margin|padding|border)-(left|right)|float|text-align: (left|right)", text
    )


def test_the_stylesheet_has_the_sites_colours_and_a_dark_scheme(pages):
    css = pages.read("feed.css").decode()
    assert "--accent: #0b5fa5;" in css
    assert "prefers-color-scheme: dark" in css
    assert css.count("{") == css.count("}")


def test_a_page_does_not_change_with_every_item(pages):
    before = pages.read("en/index.html")
    pages.item("b.en.md", "B")
    report = pages.build()
    assert "en/index.html" not in report.changed
    assert pages.read("en/index.html") == before


def test_a_sites_own_template_wins(pages):
    pages.write("templates/feeds/index.html.j2", "<p>{{ groups | length }} of ours</p>")
    pages.build()
    assert pages.read("en/index.html") == b"<p>1 of ours</p>"


def test_a_site_without_items_says_so(built):
    (built.site.root / "content").mkdir(exist_ok=True)
    built.build()
    assert "There is no feed yet" in built.read("index.html").decode()


def test_the_list_of_feeds_is_opml(pages):
    root = etree.fromstring(pages.read("feeds.opml"))
    assert root.get("version") == "2.0"
    feeds = [node for node in root.iter("outline") if node.get("xmlUrl")]
    rows = [row for row in pages.json("manifest.json")["feeds"] if row["path"].endswith(".atom")]
    assert [node.get("xmlUrl") for node in feeds] == [
        f"https://news.example.org/feeds/{row['path']}" for row in rows
    ]
    assert {"العربية", "English"} <= {node.get("text") for node in root.iter("outline")}
    assert all(node.get("type") == "rss" and node.get("text") for node in feeds)
