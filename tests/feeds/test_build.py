import os
import shutil
import time
from datetime import timedelta

import pytest

from publisher.errors import WithdrawalRefused
from publisher.feeds import feed_links

from .shelf import configure


def fill(built, count=8, language="en"):
    for n in range(count):
        built.item(f"i{n}.{language}.md", f"Item {n}", f"2026-02-{n + 1:02}T10:00:00Z")


def test_one_item_gives_its_feeds_and_no_empty_one(built):
    built.item("a.en.md", "A", categories="[prevention]")
    report = built.build()
    feeds = {path for path in report.changed if path.endswith((".rss", ".atom", ".json"))}
    stems = ("all", "en/all", "en/news", "en/category-prevention")
    assert feeds == {f"{s}.{f}" for s in stems for f in ("rss", "atom", "json")} | {"manifest.json"}
    assert (report.entries, report.feeds, report.problems) == (1, 12, ())
    assert {"index.html", "en/index.html", "feed.css", "feeds.opml"} <= set(report.changed)


def test_building_again_changes_no_byte_and_no_time_stamp(built):
    fill(built)
    built.build()
    before = built.everything()
    report = built.build(now=built.now + timedelta(hours=1))
    assert report.changed == ()
    assert built.everything() == before
    assert report.unchanged == len([path for path in before if path[-3:] not in (".gz", ".br")])


def test_a_build_from_nothing_gives_the_same_bytes(built):
    fill(built)
    built.build()
    before = built.everything()
    shutil.rmtree(built.site.root / "var")
    built.build(now=built.now + timedelta(hours=1))
    assert built.everything() == before
    shutil.rmtree(built.feeds)
    built.build()
    assert {path: data for path, (data, _) in built.everything().items()} == {
        path: data for path, (data, _) in before.items()
    }


def test_only_the_feeds_of_a_changed_item_are_written(built):
    built.item("a.en.md", "A", kind="article")
    built.item("b.ar.md", "B")
    built.build()
    built.item("a.en.md", "A, mended", kind="article")
    report = built.build()
    stems = ("all", "en/all", "en/article")
    assert set(report.changed) == {f"{s}.{f}" for s in stems for f in ("rss", "atom", "json")} | {
        "manifest.json"
    }
    assert built.titles("en/all.json") == ["A, mended"]


def test_a_file_that_somebody_changed_is_put_right(built):
    built.item("a.en.md", "A")
    built.build()
    right = built.read("en/all.rss")
    (built.feeds / "en/all.rss").write_bytes(b"graffiti")
    (built.feeds / "en/news.json").unlink()
    report = built.build()
    assert set(report.changed) == {"en/all.rss", "en/news.json"}
    assert built.read("en/all.rss") == right


def test_a_new_translation_reaches_the_entry_of_the_original(built):
    built.item("a.en.md", "A")
    built.build()
    built.item("a.ar.md", "أ")
    built.build()
    related = built.json("en/all.json")["items"][0]["_translations"]
    assert [other["language"] for other in related] == ["ar"]


def test_a_draft_a_held_and_a_future_item_are_in_no_feed(built):
    built.item("a.en.md", "A")
    built.item("b.en.md", "Draft words", status="draft")
    built.item("c.en.md", "Held words", status="hold")
    built.item("d.en.md", "Future words", "2026-04-01T10:00:00Z")
    built.build()
    everything = b"".join(data for data, _ in built.everything().values())
    for words in (b"Draft words", b"Held words", b"Future words"):
        assert words not in everything


def test_a_future_item_appears_when_its_time_has_come(built):
    built.item("a.en.md", "A")
    built.item("b.en.md", "B", "2026-03-05T10:00:00Z")
    built.build()
    built.build(now=built.now + timedelta(days=7))
    assert built.titles("en/all.json") == ["B", "A"]


def test_a_feed_that_lost_its_items_stays_and_keeps_its_time(built):
    built.item("a.en.md", "A", kind="article")
    built.item("b.en.md", "B")
    built.build()
    time_before = built.json("manifest.json")["feeds"][0]["updated"]
    (built.site.root / "content/a.en.md").unlink()
    built.build()
    rows = {row["path"]: row for row in built.json("manifest.json")["feeds"]}
    assert built.titles("en/article.json") == []
    assert rows["en/article.atom"]["entries"] == 0
    assert rows["en/article.atom"]["updated"] == time_before
    before = built.everything()
    shutil.rmtree(built.site.root / "var")
    built.build(now=built.now + timedelta(days=1))
    assert built.everything() == before


def test_the_feeds_of_a_language_no_longer_listed_stay(built):
    built.item("a.en.md", "A")
    built.item("a.fr.md", "A en français")
    built.build()
    toml = (built.site.root / "publisher.toml").read_text(encoding="utf-8")
    built.site.configure(toml.replace('["en", "ar", "fr"]', '["en", "ar"]'))
    built.build()
    assert (built.feeds / "fr/all.rss").is_file()
    assert (built.feeds / "fr/index.html").is_file()


def test_the_manifest_says_when_each_feed_last_changed(built):
    built.item("a.en.md", "A")
    built.item("b.ar.md", "B")
    built.build()
    later = built.now + timedelta(hours=2)
    built.item("b.ar.md", "B, mended")
    built.build(now=later)
    rows = {row["path"]: row for row in built.json("manifest.json")["feeds"]}
    assert rows["en/all.rss"]["changed"] == built.now.isoformat()
    assert rows["ar/all.rss"]["changed"] == later.isoformat()
    assert [(link.language, link.name) for link in feed_links(built.site.settings, "ar")] == [
        ("ar", "all"),
        ("ar", "news"),
    ]


def test_a_broken_file_costs_no_other_item(built):
    fill(built, 3)
    built.write("content/broken.en.md", "---\ntitle: [\n---\nText.")
    built.build()
    assert len(built.titles("en/all.json")) == 3


def test_a_broken_page_template_costs_no_feed(built):
    built.item("a.en.md", "A")
    built.write("templates/feeds/index.html.j2", "{{ nothing.of_this_name }}")
    report = built.build()
    assert built.titles("en/all.json") == ["A"]
    assert [problem.path for problem in report.problems] == ["templates/feeds/index.html.j2"]


def test_a_mass_withdrawal_is_refused_and_changes_nothing(built):
    fill(built, 20)
    built.build()
    before = built.everything()
    for n in range(5):
        (built.site.root / f"content/i{n}.en.md").unlink()
    built.item("new.en.md", "New")
    with pytest.raises(WithdrawalRefused) as refused:
        built.build()
    assert refused.value.missing == tuple(f"content/i{n}.en.md" for n in range(5))
    assert built.everything() == before
    built.build(withdraw=True)
    assert len(built.titles("en/all.json")) == 16


@pytest.mark.parametrize(("published", "gone"), [(20, 4), (5, 4), (26, 5)])
def test_fewer_than_five_or_no_more_than_a_fifth_may_go(built, published, gone):
    for n in range(published):
        built.item(f"i{n}.en.md", f"Item {n}", f"2026-02-01T10:00:{n:02}Z")
    built.build()
    for n in range(gone):
        (built.site.root / f"content/i{n}.en.md").unlink()
    built.build()


def test_an_item_that_falls_off_the_end_of_a_feed_is_not_withdrawn(built):
    configure(built.site, items=5)
    fill(built, 6)
    built.build()
    for n in range(10):
        built.item(f"n{n}.en.md", f"New {n}", f"2026-03-01T10:00:{n:02}Z")
    built.build()
    assert len(built.titles("en/all.json")) == 5


def test_turning_items_into_drafts_counts_as_withdrawing_them(built):
    fill(built, 6)
    built.build()
    for n in range(5):
        built.item(f"i{n}.en.md", f"Item {n}", f"2026-02-{n + 1:02}T10:00:00Z", status="draft")
    with pytest.raises(WithdrawalRefused):
        built.build()


def test_changed_settings_are_no_withdrawal(built):
    fill(built, 6)
    built.build()
    toml = (built.site.root / "publisher.toml").read_text(encoding="utf-8")
    built.site.configure(toml.replace("[feeds]", '[content]\nexclude = ["i*"]\n[feeds]'))
    assert built.build().entries == 0


def test_progress_is_told(built):
    built.item("a.en.md", "A")
    told = []
    built.build(on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_files_of_others_in_the_feeds_folder_stay(built):
    built.write("feeds/README.md", "Mine.")
    built.item("a.en.md", "A")
    built.build()
    assert built.read("README.md") == b"Mine."


def test_an_unchanged_feed_keeps_its_time_stamp(built):
    built.item("a.en.md", "A")
    built.build()
    past = time.time_ns() - 10**12
    os.utime(built.feeds / "en/all.rss", ns=(past, past))
    built.build()
    assert (built.feeds / "en/all.rss").stat().st_mtime_ns == past


def test_a_link_to_an_item_that_comes_later_is_mended(built):
    built.item("a.en.md", "A", body="See [the other](b.en.md) and ![a picture](p.svg).")
    built.build()
    before = built.json("en/all.json")["items"][0]["content_html"]
    built.item("b.en.md", "B", slug="other")
    built.write("content/p.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    built.build()
    after = built.json("en/all.json")["items"][built.titles("en/all.json").index("A")][
        "content_html"
    ]
    assert after != before
    assert 'href="https://example.org/en/other/"' in after
    assert "/feeds/files/" in after


EVENT = '{start: "2026-02-20T09:00:00Z", city: "Amman"}'


def texts(built, path="en/all.json") -> dict[str, str]:
    return {item["title"]: item["content_html"] for item in built.json(path)["items"]}


def test_a_report_that_appears_is_linked_from_its_event_and_back(built):
    built.item("a.en.md", "Summit", "2026-02-01", kind="event", event=EVENT)
    built.build()
    assert "Read the report" not in texts(built)["Summit"]
    built.item("b.en.md", "What was said", "2026-02-25", kind="event-report", event=EVENT)
    report = built.build()
    assert {"en/event.rss", "en/event.atom", "en/event.json"} <= set(report.changed)
    link = '<a href="https://example.org/en/b/">Read the report</a>'
    assert link in texts(built, "en/event.json")["Summit"]
    assert (
        '<a href="https://example.org/en/a/">The announcement</a>' in texts(built)["What was said"]
    )
    assert built.build().changed == ()
    (built.site.root / "content/b.en.md").unlink()
    built.build()
    assert "Read the report" not in texts(built)["Summit"]


def test_a_report_yet_to_come_is_linked_when_its_time_has_come(built):
    built.item("a.en.md", "Summit", "2026-02-01", kind="event", event=EVENT)
    built.item("b.en.md", "What was said", "2026-03-05", kind="event-report", event=EVENT)
    built.build()
    assert "Read the report" not in texts(built)["Summit"]
    built.build(now=built.now + timedelta(days=7))
    assert "Read the report" in texts(built)["Summit"]


def test_a_correction_is_in_all_formats_and_gone_when_it_is_taken_back(built):
    built.item("a.en.md", "A", correction="It was eight.", updated="2026-03-02T09:00:00Z")
    built.build()
    for name in ("en/all.rss", "en/all.atom", "en/all.json"):
        assert "It was eight." in built.read(name).decode()
    assert built.json("en/all.json")["items"][0]["date_modified"] == "2026-03-02T09:00:00+00:00"
    built.item("a.en.md", "A")
    built.build()
    assert "It was eight." not in texts(built)["A"]
