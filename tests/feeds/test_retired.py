"""Feeds that the site retires by name, and that come back when it does not any more."""

import shutil
from datetime import timedelta

import pytest

from publisher.content import open_library
from publisher.feeds import is_retired_path, places

from .shelf import configure

EVENT = '{start: "2026-05-01", city: "Amman"}'


@pytest.fixture
def published(built):
    """A site with feeds in two languages, a category and an event."""
    built.item("a.en.md", "A", categories="[prevention]")
    built.item("a.fr.md", "A en français")
    built.item("e.fr.md", "E", kind="event", event=EVENT)
    built.build()
    return built


def retire(built, *feeds):
    toml = (built.site.root / "publisher.toml").read_text(encoding="utf-8")
    configure(built.site, retired=list(feeds))
    return toml


def drop_french(built):
    """Take a language out of the settings and of the content."""
    toml = (built.site.root / "publisher.toml").read_text(encoding="utf-8")
    built.site.configure(toml.replace('["en", "ar", "fr"]', '["en", "ar"]'))
    for path in (built.site.root / "content").glob("*.fr.md"):
        path.unlink()


def stems(built) -> set[str]:
    return {row["path"].rpartition(".")[0] for row in built.json("manifest.json")["feeds"]}


def test_a_retired_language_goes_with_its_feeds_page_calendar_and_copies(published):
    drop_french(published)
    retire(published, "fr")
    report = published.build()
    assert not (published.feeds / "fr").exists()
    assert {"fr/all.rss", "fr/event.json", "fr/events.ics", "fr/index.html"} <= set(report.removed)
    assert not any(path.startswith("fr/") for path in stems(published))
    for page in ("feeds.opml", "index.html", "en/index.html"):
        assert b"fr/" not in published.read(page)
    assert published.titles("en/all.json") == ["A"]


def test_the_manifest_says_which_feeds_are_retired_and_since_when(published):
    listed = {row["path"] for row in published.json("manifest.json")["feeds"]}
    retire(published, "fr")
    published.build()
    told = published.json("manifest.json")["retired"]
    assert {row["path"] for row in told} == {path for path in listed if path.startswith("fr/")}
    assert {row["since"] for row in told} == {published.now.isoformat()}


def test_nothing_of_what_is_retired_changes_afterwards(published):
    retire(published, "fr", "en/category-prevention")
    published.build()
    before = published.everything()
    assert published.build(now=published.now + timedelta(days=1)).changed == ()
    shutil.rmtree(published.site.root / "var")
    published.build(now=published.now + timedelta(days=2))
    assert published.everything() == before


def test_one_feed_is_retired_though_it_has_items(published):
    retire(published, "en/category-prevention")
    report = published.build()
    assert set(report.removed) == {f"en/category-prevention.{f}" for f in ("rss", "atom", "json")}
    assert published.titles("en/all.json") == ["A"]
    assert "en/category-prevention" not in stems(published)


def test_the_calendar_of_a_retired_language_goes_and_that_of_an_event_stays(published):
    retire(published, "fr")
    published.build()
    assert [path for path in published.everything() if path.startswith("fr/")] == [
        "fr/events/e.ics"
    ]


def test_a_calendar_to_subscribe_to_can_be_retired_alone(published):
    retire(published, "fr/events")
    assert published.build().removed == ("fr/events.ics",)
    assert "fr/event" in stems(published)
    assert b"events.ics" not in published.read("fr/index.html")


@pytest.mark.parametrize("has_items", [True, False])
def test_a_feed_that_is_retired_no_more_comes_back_even_without_entries(published, has_items):
    if not has_items:
        drop_french(published)
    toml = retire(published, "fr")
    published.build()
    published.site.configure(toml)
    published.build()
    assert {"fr/all", "fr/news", "fr/event", "fr/events"} <= stems(published)
    assert (published.feeds / "fr/index.html").is_file()
    assert "retired" not in published.json("manifest.json")
    assert len(published.titles("fr/all.json")) == (2 if has_items else 0)


def test_a_feed_that_was_never_published_is_neither_made_nor_listed(built):
    retire(built, "en/news")
    built.item("a.en.md", "A")
    built.build()
    assert stems(built) == {"all", "en/all"}
    assert "retired" not in built.json("manifest.json")


def test_a_language_that_only_left_the_settings_retires_nothing(published):
    drop_french(published)
    published.build()
    assert "fr/all" in stems(published)
    assert published.titles("fr/all.json") == []


def test_what_lies_at_a_retired_address_all_the_same_goes_at_the_next_build(published):
    retire(published, "fr")
    published.build()
    published.write("feeds/fr/all.rss", "from an old copy")
    published.item("b.en.md", "B")
    assert published.build().removed == ("fr/all.rss",)


def test_an_item_stands_in_no_retired_feed(built):
    built.item("a.en.md", "A", categories="[prevention]")
    library = open_library(built.site.settings, now=built.now)
    found = places(library.items, library.items[0], 20, ["en/news", "all"])
    assert [place.feed for place in found] == ["en/all", "en/category-prevention"]


@pytest.mark.parametrize(
    ("path", "is_it"),
    [
        ("all.rss", True),
        ("all.atom.gz", True),
        ("all", False),
        ("en/all.rss", False),
        ("en/category-a.b.json", True),
        ("en/category-a.b.json.br", True),
        ("en/category-a.b", False),
        ("en/category-a.json", False),
        ("en/events.ics", True),
        ("en/events/e.ics", False),
        ("fr/all.rss", True),
        ("fr/index.html", True),
        ("fr/events/e.ics", True),
        ("fr", True),
        ("fro/all.rss", False),
        ("manifest.json", False),
    ],
)
def test_paths_of_retired_feeds_and_languages_are_known(path, is_it):
    retired = ["all", "en/category-a.b", "en/events", "fr"]
    assert is_retired_path(path, retired) is is_it
    assert not is_retired_path(path, [])
