"""A file becomes a feed entry, and stays the same entry whatever happens to the file."""

import json

import feedparser


def ids(journey, language="en"):
    feed = json.loads(journey.feed(f"{language}/all.json").read_bytes())
    return {item["title"]: item["id"] for item in feed["items"]}


def test_a_file_is_an_entry_in_every_format(journey):
    journey.site.item("2026/summit.en.md", "Summit opens", body="Hello **world**.")
    assert journey.at("2026-03-02T12:00:00Z").publisher("build") == 0
    for name in ("en/all.rss", "en/all.atom", "en/news.rss", "all.atom"):
        parsed = feedparser.parse(journey.feed(name).read_bytes())
        assert not parsed.bozo
        assert [entry.title for entry in parsed.entries] == ["Summit opens"]
        assert parsed.entries[0].id == "tag:example.org,2026:2026/summit/en"
    assert ids(journey) == {"Summit opens": "tag:example.org,2026:2026/summit/en"}


def test_a_scheduled_item_appears_when_it_is_due(journey):
    journey.site.item("now.en.md", "Now")
    journey.site.item("later.en.md", "Later", date="2026-03-05T10:00:00Z")
    journey.at("2026-03-02T12:00:00Z").publisher("build")
    assert list(ids(journey)) == ["Now"]
    journey.at("2026-03-05T10:00:01Z").publisher("build")
    assert list(ids(journey)) == ["Later", "Now"]


def test_renaming_moving_and_reslugging_a_hundred_items_keeps_every_id(journey):
    content = journey.site.root / "content"
    for number in range(100):
        journey.site.item(
            f"2026/item-{number:03}.en.md",
            f"Item {number}",
            date=f"2026-02-{number % 28 + 1:02}T10:00:00Z",
            body=f"Text of item {number}.",
        )
    text = (journey.site.root / "publisher.toml").read_text(encoding="utf-8")
    journey.site.configure(text.replace("[feeds]\n", "[feeds]\nitems = 200\n"))
    journey.at("2026-03-02T12:00:00Z").publisher("build")
    before = ids(journey)
    assert len(before) == 100

    (content / "2026").rename(content / "archive")
    for number in range(100):
        path = content / f"archive/item-{number:03}.en.md"
        if number % 3 == 0:
            path.rename(path.with_name(f"renamed-{number}.en.md"))
        elif number % 3 == 1:
            changed = path.read_text().replace("---\n", f"---\nslug: other-{number}\n", 1)
            path.write_text(changed)
    assert journey.at("2026-03-02T13:00:00Z").publisher("build") == 0
    assert ids(journey) == before


def test_a_broken_file_is_left_out_and_told_and_all_else_is_built(journey, capsys):
    journey.site.item("good.en.md", "Good")
    journey.site.write("content/bad.en.md", "---\ntitle: [unclosed\n---\nText.\n")
    assert journey.at("2026-03-02T12:00:00Z").publisher("build") == 1
    assert "content/bad.en.md:" in "".join(capsys.readouterr())
    assert list(ids(journey)) == ["Good"]
