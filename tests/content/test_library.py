import os
from datetime import UTC, datetime, timedelta

import pytest

from publisher.content import open_library, scan
from publisher.content.item import EventState, Kind, Status
from publisher.errors import ContentError

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00"
    b"\x12\x16\xf1M"
)


def opened(site, now, **more):
    return open_library(site.settings, now=now, **more)


def titles(items):
    return [item.title for item in items]


def test_items_come_newest_first_then_by_path(site, now):
    site.item("b.en.md", "B")
    site.item("a.en.md", "A")
    site.item("c.en.md", "C", date="2026-03-02T00:00:00Z")
    assert titles(opened(site, now).items) == ["C", "A", "B"]


def test_future_drafts_and_held_items_are_not_published(site, now):
    site.item("a.en.md", "A")
    site.item("b.en.md", "B", status="draft")
    site.item("c.en.md", "C", status="hold")
    site.item("d.en.md", "D", date="2026-03-02T12:00:01Z")
    library = opened(site, now)
    assert titles(library.published(now)) == ["A"]
    assert library.next_change(now) == now + timedelta(seconds=1)
    assert library.next_change(now + timedelta(seconds=1)) is None
    assert len(library.items) == 4


def test_translation_takes_what_it_does_not_say_from_its_original(site, now):
    site.write("content/r.pdf", b"%PDF-1")
    site.write("content/p.png", PNG)
    site.write(
        "content/x.en.md",
        "---\ntitle: X\ndate: 2026-02-01T10:00:00Z\nkind: event\ncategories: [prevention]\n"
        "authors: [Jane]\nimage: {src: p.png, alt: Hall}\nvideo: https://example.org/v\n"
        "downloads: [r.pdf]\ndigest: pin\nstatus: hold\n"
        "event: {start: 2026-05-01T10:00:00Z, place: Hall, city: London}\n---\nText.\n",
    )
    site.write(
        "content/x.ar.md",
        "---\ntitle: س\nimage: {alt: قاعة}\nevent: {place: قاعة, state: moved}\n---\nنص.\n",
    )
    library = opened(site, now)
    assert not library.problems
    arabic, english = library.find("x", "ar"), library.find("x", "en")
    for name in ("date", "kind", "categories", "authors", "video", "downloads", "digest", "status"):
        assert getattr(arabic, name) == getattr(english, name)
    assert arabic.status is Status.HOLD
    assert arabic.kind is Kind.EVENT
    assert (arabic.event.place, arabic.event.city) == ("قاعة", "London")
    assert (arabic.event.state, english.event.state) == (EventState.MOVED, EventState.PLANNED)
    assert (arabic.image.alt, arabic.image.src) == ("قاعة", english.image.src)


def test_first_listed_language_that_has_the_item_is_its_original(site, now):
    site.item("x.ar.md", "A", date="2026-02-01T10:00:00Z", kind="article")
    site.item("x.fr.md", "F", date="2026-02-02T10:00:00Z")
    library = opened(site, now)
    assert library.find("x", "fr").kind is Kind.ARTICLE
    assert titles(library.translations(library.find("x", "fr"), now)) == ["A"]


def test_item_without_any_date_is_left_out(site, now):
    site.item("x.en.md", "X", date="")
    library = opened(site, now)
    assert not library.items
    assert "no date" in library.problems[0].message


def test_day_alone_gives_a_moment_early_that_day_that_stays(site, now):
    for number in range(5):
        site.item(f"x-{number}.en.md", "X", date="2026-03-02")
    dates = [item.date for item in opened(site, now).items]
    assert len(set(dates)) == 5
    day = datetime(2026, 3, 2, tzinfo=UTC)
    assert all(day <= date < day + timedelta(minutes=15) for date in dates)
    assert dates == [item.date for item in opened(site, now).items]


def test_update_before_the_date_is_none(site, now):
    site.item("a.en.md", "A", updated="2026-02-28")
    site.item("b.en.md", "B", updated="2026-03-02T10:00:00Z")
    found = {item.title: item.updated for item in opened(site, now).items}
    assert found == {"A": None, "B": datetime(2026, 3, 2, 10, tzinfo=UTC)}


def test_whole_day_event_is_over_when_its_last_day_is(site, now):
    site.item("a.en.md", "A", event_start="2026-05-01", event_end="2026-05-02")
    event = opened(site, now).items[0].event
    assert event.is_whole_day
    assert event.end == datetime(2026, 5, 1, 23, tzinfo=UTC)
    assert event.last_moment == datetime(2026, 5, 2, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("{url}/{language}/{slug}/", "https://example.org/ar/%D9%85%D8%A4%D8%AA%D9%85%D8%B1/"),
        (
            "{url}/{year}/{month}/{day}/{key}",
            "https://example.org/2026/03/01/n/%D9%85%D8%A4%D8%AA%D9%85%D8%B1",
        ),
    ],
)
def test_link_is_made_by_item_url_and_percent_encoded(site, now, template, link):
    text = (site.root / "publisher.toml").read_text()
    site.configure(text.replace("time_zone", f'item_url = "{template}"\ntime_zone'))
    site.item("n/مؤتمر.ar.md", "م")
    assert opened(site, now).items[0].link == link


def test_written_link_wins_and_may_lie_on_the_site(site, now):
    site.item("a.en.md", "A", link="/blog/ä b/")
    assert opened(site, now).items[0].link == "https://example.org/blog/%C3%A4%20b/"


def test_file_slugs_that_meet_make_room_for_each_other(site, now):
    site.item("2025/kubecon-eu.en.md", "Old", date="2025-01-01")
    site.item("2026/kubecon-eu.en.md", "New", date="2026-01-01")
    site.item("2026/kubecon-eu.ar.md", "Other language")
    slugs = {item.title: item.slug for item in opened(site, now).items}
    assert slugs == {"Old": "kubecon-eu", "New": "2026-kubecon-eu", "Other language": "kubecon-eu"}


def test_written_slug_keeps_its_place_before_one_of_a_file(site, now):
    site.item("same.en.md", "File", date="2025-01-01")
    site.item("z.en.md", "Written", slug="same")
    slugs = {item.title: item.slug for item in opened(site, now).items}
    assert slugs["Written"] == "same"
    assert slugs["File"] == "same-2"


def test_category_words_of_any_language_mean_the_slug(site, now):
    site.item("a.en.md", "A", categories="[Prevention, الوقاية, preventing  HATE, gardening]")
    site.item("b.en.md", "B", categories="[gardening]")
    library = opened(site, now)
    assert library.find("a", "en").categories == ("prevention",)
    (problem,) = library.problems
    assert not problem.is_error
    assert "gardening" in problem.message
    assert "1 more" in problem.message


def test_unknown_key_is_one_warning_that_known_silences(site, now):
    site.item("a.en.md", "A", weight="1")
    site.item("b.en.md", "B", weight="2")
    (problem,) = opened(site, now).problems
    assert (problem.path, problem.line, problem.is_error) == ("content/a.en.md", 4, False)
    assert "2 files" in problem.message
    text = (site.root / "publisher.toml").read_text()
    site.configure(text + '[content]\nknown = ["weight"]\n')
    assert not opened(site, now).problems


def test_include_and_exclude_leave_files_out_without_a_word(site, now):
    text = (site.root / "publisher.toml").read_text()
    site.configure(
        text + '[content]\ninclude = ["blog/**"]\nexclude = ["*.draft.md", "blog/old/"]\n'
    )
    for path in ("blog/a.md", "blog/b.draft.md", "blog/old/c.md", "docs/d.md"):
        site.write(f"content/{path}", "no item at all")
    site.item("blog/a.md", "A")
    library = opened(site, now)
    assert titles(library.items) == ["A"]
    assert not library.problems


def test_download_carries_true_size_type_and_hash(site, now):
    site.write("content/files/report 1.pdf", b"%PDF-1.7 text")
    site.item(
        "2026/a.en.md", "A", downloads='["../files/report 1.pdf", "https://example.org/x.zip"]'
    )
    library = opened(site, now)
    local, remote = library.items[0].downloads
    assert (local.size, local.type, local.title) == (13, "application/pdf", "report 1.pdf")
    assert (
        local.url == f"https://news.example.org/feeds/files/{local.file.sha256[:16]}/report-1.pdf"
    )
    assert library.path_of(local.file).read_bytes() == b"%PDF-1.7 text"
    assert (remote.url, remote.type, remote.file) == (
        "https://example.org/x.zip",
        "application/zip",
        None,
    )


def test_missing_download_leaves_the_item_out_with_its_line(site, now):
    site.item("a.en.md", "A", downloads="[gone.pdf]")
    library = opened(site, now)
    assert not library.items
    assert str(library.problems[0]).startswith("content/a.en.md:4: there is no file")


def test_symlink_out_of_the_site_is_no_download(site, now, tmp_path):
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    site.item("a.en.md", "A", downloads="[link.pdf]")
    (site.root / "content/link.pdf").symlink_to(tmp_path / "secret.pdf")
    assert not opened(site, now).items


def test_files_url_of_the_site_serves_files_at_their_own_place(site, now):
    text = (site.root / "publisher.toml").read_text()
    site.configure(text.replace("time_zone", 'files_url = "https://cdn.example.org/c"\ntime_zone'))
    site.write("content/2026/ä.pdf", b"%PDF")
    site.item("2026/a.en.md", "A", downloads="[ä.pdf]")
    (download,) = opened(site, now).items[0].downloads
    assert download.url == "https://cdn.example.org/c/2026/%C3%A4.pdf"


def test_local_image_is_measured_and_others_stay_addresses(site, now):
    site.write("content/2026/p.png", PNG)
    site.item("2026/a.en.md", "A", image="p.png")
    site.item("2026/b.en.md", "B", image="/img/x.png")
    site.item("2026/c.en.md", "C", image="https://example.org/y.png")
    images = {item.title: item.image for item in opened(site, now).items}
    assert (images["A"].width, images["A"].height, images["A"].file.path) == (
        3,
        2,
        "content/2026/p.png",
    )
    assert images["B"].src == "https://example.org/img/x.png"
    assert images["C"].src == "https://example.org/y.png"


def test_one_broken_file_harms_no_other(site, now):
    site.write("content/bad.en.md", "---\ntitle: [\n---\n")
    site.item("good.en.md", "Good")
    library = opened(site, now)
    assert titles(library.items) == ["Good"]
    assert [problem.path for problem in library.problems] == ["content/bad.en.md"]


def test_folder_of_an_unlisted_language_is_a_warning(site, now):
    site.item("de/a.md", "A")
    site.item("de/b.md", "B")
    (problem,) = opened(site, now).problems
    assert (problem.path, problem.is_error) == ("content/de", False)


def test_editions_are_not_items(site, now):
    site.item("editions/weekly.en.md", "Word")
    assert not opened(site, now).items


def test_second_opening_gives_the_same_from_the_cache(site, now):
    site.item("a.en.md", "A", authors="[Jane]", categories="[prevention]")
    site.write("content/bad.en.md", "bad")
    first, second = opened(site, now), opened(site, now)
    assert (first.items, first.problems, first.stamp) == (
        second.items,
        second.problems,
        second.stamp,
    )


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_damaged_or_deleted_cache_changes_nothing(site, now, damage):
    site.item("a.en.md", "A")
    first = opened(site, now)
    path = site.root / "var/cache/content.bin"
    assert path.is_file()
    if damage is None:
        path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    else:
        path.write_bytes(damage)
    assert opened(site, now).items == first.items


def test_edit_of_same_size_with_an_old_time_stamp_is_seen(site, now):
    import os

    path = site.item("a.en.md", "AAA")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    opened(site, now)
    before = path.stat()
    path.write_text(path.read_text().replace("AAA", "BBB"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert titles(opened(site, now).items) == ["BBB"]


def test_touched_file_is_the_same_item(site, now):
    import os

    path = site.item("a.en.md", "A")
    first = opened(site, now)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    second = opened(site, now)
    assert second.items == first.items
    assert second.stamp != first.stamp


def test_stamp_follows_files_and_settings(site, now):
    site.item("a.en.md", "A")
    stamps = {scan(site.settings).stamp}
    assert scan(site.settings).stamp in stamps
    site.write("content/new.pdf", b"x")
    stamps.add(scan(site.settings).stamp)
    site.configure((site.root / "publisher.toml").read_text() + '[content]\nknown = ["x"]\n')
    stamps.add(scan(site.settings).stamp)
    assert len(stamps) == 3


def test_many_files_are_read_by_two_processes_with_the_same_outcome(site, now):
    for number in range(450):
        site.item(f"x-{number:03}.en.md", f"Item {number}")
    steps = []
    library = opened(site, now, on_progress=lambda done, total: steps.append((done, total)))
    assert sorted(titles(library.items)) == sorted(f"Item {n}" for n in range(450))
    assert steps[-1] == (450, 450)
    assert library.body(library.items[0]).text == "Text."


def test_text_changed_since_the_library_was_opened_is_never_mixed_in(site, now):
    import os

    path = site.item("a.en.md", "A", body="Old.")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    library = opened(site, now)
    site.item("a.en.md", "B", body="New.")
    with pytest.raises(ContentError) as caught:
        library.body(library.items[0])
    assert caught.value.problems[0].path == "content/a.en.md"


def test_items_of_a_moment_ago_keep_the_text_they_came_with(site, now):
    site.item("a.en.md", "A", body="Old.")
    library = opened(site, now)
    site.item("a.en.md", "B", body="New.")
    assert library.body(library.items[0]).text == "Old."


def test_unreadable_file_is_reported(site, now):
    site.item("good.en.md", "Good")
    (site.root / "content/pipe.en.md").mkdir()
    (site.root / "content/gone.en.md").symlink_to("nowhere")
    library = opened(site, now)
    assert titles(library.items) == ["Good"]
    assert [(p.path, p.is_error) for p in library.problems] == [("content/gone.en.md", False)]


@pytest.mark.parametrize("kind", ["missing", "a file"])
def test_content_folder_that_is_not_there_is_no_site_whose_items_were_deleted(site, now, kind):
    (site.root / "content").rmdir()
    if kind == "a file":
        (site.root / "content").write_text("")
    with pytest.raises(ContentError, match="content/: "):
        opened(site, now)


def test_pipe_with_an_items_name_is_told_and_never_opened(site, now):
    os.mkfifo(site.root / "content/a.en.md")
    (problem,) = opened(site, now).problems
    assert (problem.path, problem.is_error) == ("content/a.en.md", False)


def test_correction_is_one_line_and_with_its_update_no_problem(site, now):
    site.write(
        "content/x.en.md",
        "---\ntitle: X\ndate: 2026-02-01\nupdated: 2026-02-02T10:00:00Z\n"
        "correction: |\n  Two cities joined,\n  not three.\n---\nText.\n",
    )
    library = opened(site, now)
    assert not library.problems
    assert library.items[0].correction == "Two cities joined, not three."


@pytest.mark.parametrize("updated", ["", "updated: 2026-01-31T10:00:00Z\n"])
def test_correction_that_feed_readers_will_not_notice_is_told(site, now, updated):
    site.write(
        "content/x.en.md",
        f"---\ntitle: X\ndate: 2026-02-01T10:00:00Z\n{updated}correction: Two, not three.\n---\nT.\n",
    )
    (problem,) = opened(site, now).problems
    line = 5 if updated else 4
    assert str(problem).startswith(
        f"content/x.en.md:{line}: warning: the correction has no `updated`"
    )


def test_correction_longer_than_a_sentence_warns(site, now):
    site.item("x.en.md", "X", updated="2026-03-02", correction="a" * 301)
    (problem,) = opened(site, now).problems
    assert str(problem).startswith("content/x.en.md:5: warning: the correction is 301 characters")


def test_wrong_state_of_an_event_is_told_with_the_nearest(site, now):
    site.item("x.en.md", "X", event="{start: 2026-05-01, state: canceled}")
    (problem,) = opened(site, now).problems
    assert str(problem) == (
        'content/x.en.md:4: event.state cannot be "canceled"; did you mean "cancelled"?'
    )


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("event", "{start: 2026-05-01, sate: cancelled}", '"event.sate" is unknown (1 file); did'),
        ("event", "{start: 2026-05-01, sate: cancelled}", 'did you mean "event.state"?'),
        ("translation", "{off: en}", 'did you mean "translation.of"?'),
        ("sumary", "Words", 'did you mean "summary"?'),
        ("layout", "wide", 'is unknown (1 file); remove it, or add "layout" to [content] known'),
    ],
)
def test_unknown_key_says_which_known_one_is_near(site, now, field, text, said):
    site.item("x.en.md", "X", **{field: text})
    (problem,) = opened(site, now).problems
    assert said in str(problem)
    assert problem.line == 4


@pytest.mark.parametrize(
    ("path", "written", "of"),
    [
        ("x.fr.md", "machine_translated: true", "ar"),
        ("x.fr.md", "translation: {method: machine}", "ar"),
        ("x.fr.md", "translation: {method: machine, of: ES}", "es"),
        ("x.fr.md", "translation: {by: Jane}", ""),
        ("y.fr.md", "machine_translated: true", "en"),
        ("y.en.md", "machine_translated: true", ""),
    ],
)
def test_machine_translation_is_of_the_original_when_it_does_not_say(site, now, path, written, of):
    site.item("x.ar.md", "A")
    site.write(f"content/{path}", f"---\ntitle: F\ndate: 2026-03-01\n{written}\n---\nT.\n")
    (item,) = (item for item in opened(site, now).items if item.path == f"content/{path}")
    assert item.translation.of == of
