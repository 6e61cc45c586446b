from dataclasses import replace
from datetime import timedelta

from publisher.content.item import Kind
from publisher.feeds.plan import Feed, plan

from .shelf import make_item


def paths(feeds):
    return [feed.path for feed in feeds]


def test_a_site_without_items_has_no_feeds():
    assert plan([], 20) == ()


def test_each_language_has_a_feed_of_everything_of_each_kind_and_of_each_category():
    items = [
        make_item("a", "en", kind=Kind.EVENT, categories=("prevention",)),
        make_item("a", "ar"),
    ]
    assert paths(plan(items, 20)) == [
        "all",
        "ar/all",
        "ar/news",
        "en/all",
        "en/event",
        "en/category-prevention",
    ]


def test_a_feed_holds_its_newest_items_only():
    start = make_item().date
    items = [make_item(f"i{n}", date=start - timedelta(days=n)) for n in range(30)]
    feeds = {feed.path: feed for feed in plan(items, 20)}
    assert [item.key for item in feeds["en/all"].items] == [f"i{n}" for n in range(20)]


def test_the_feed_over_all_languages_mixes_them():
    items = [make_item("a", "en"), make_item("a", "ar")]
    everything = plan(items, 20)[0]
    assert everything.language == ""
    assert everything.items == tuple(items)


def test_a_feed_once_published_stays_when_it_is_empty():
    feeds = plan([make_item()], 20, {"fr/all", "en/category-old"})
    assert Feed("fr", "all", ()) in feeds
    assert Feed("en", "category-old", ()) in feeds


def test_the_order_does_not_depend_on_the_items():
    items = [make_item("a", "en"), make_item("b", "ar", kind=Kind.EVENT)]
    assert paths(plan(items, 20)) == paths(plan(items[::-1], 20))


def test_a_category_that_cannot_be_part_of_a_file_name_gets_no_feed():
    item = replace(make_item(), categories=("../x", "a/b", "الوقاية"))
    names = [feed.name for feed in plan([item], 20) if feed.category]
    assert names == ["category-الوقاية"]
