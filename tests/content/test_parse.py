from zoneinfo import ZoneInfo

import pytest

from publisher.content.facts import Facts, PlainDownload, Unreadable, pack, unpack
from publisher.content.parse import parse

SITE = ("en", "ar", "no")


def read(front: str, path: str = "2026/x.md") -> Facts | Unreadable:
    return parse(path, f"---\n{front}\n---\nText.\n".encode(), SITE, ZoneInfo("Europe/London"))


def facts(front: str, path: str = "2026/x.md") -> Facts:
    found = read("title: T\ndate: 2026-03-02\n" + front, path)
    assert isinstance(found, Facts), found
    return found


def errors(front: str) -> list[tuple[int, str]]:
    found = read("title: T\ndate: 2026-03-02\n" + front)
    assert isinstance(found, Unreadable), found
    return [(line, message) for line, message, _, is_error in found.problems if is_error]


@pytest.mark.parametrize(
    ("front", "field", "value"),
    [
        ("description: D", "summary", "D"),
        ("excerpt: D", "summary", "D"),
        ("kind: event-report", "kind", "event-report"),
        ("type: article", "kind", "article"),
        ("type: blog", "kind", "news"),
        ("lang: no", "language", "no"),
        ("language: ar-EG", "language", "ar"),
        ("guid: 0123", "id", "0123"),
        ("permalink: https://example.org/x", "link", "https://example.org/x"),
        ("permalink: /:year/:title/", "link", ""),
        ("tags: one", "categories", ("one",)),
        ("tags: [one, two]\ncategories: [three, one]", "categories", ("three", "one", "two")),
        ("categories: a, b", "categories", ("a", "b")),
        (
            "authors: [A, {name: B, email: b@example.org}]",
            "authors",
            (("A", "", ""), ("B", "b@example.org", "")),
        ),
        ("author: Jane <j@example.org>", "authors", (("Jane", "j@example.org", ""),)),
        (
            "author: >-\n  [A B](https://a.example) (Org), [C\n  D](https://c.example)",
            "authors",
            (("A B", "", "https://a.example"), ("C D", "", "https://c.example")),
        ),
        ("machine_translated: true", "translation", ("", True, "")),
        ("translation: {of: en, method: machine, by: M}", "translation", ("en", True, "M")),
        ("draft: true", "status", "draft"),
        ("draft: false", "status", None),
        ("published: false", "status", "draft"),
        ("published: true", "status", None),
        ("status: hold", "status", "hold"),
        ("digest: pin", "digest", "pin"),
        ("video: https://example.org/v", "video", "https://example.org/v"),
        ("slug: Straße-2026", "slug", "Straße-2026"),
        ("taxonomies: {tags: [a]}", "categories", ("a",)),
        ("summary: |\n  a\n  b", "summary", "a b"),
        ("image: p.jpg", "image", ("2026/p.jpg", "", 0, 0)),
        ("image: /p.jpg", "image", ("/p.jpg", "", 0, 0)),
        ("image: {src: ../p.jpg, alt: A, width: 3, height: 2}", "image", ("p.jpg", "A", 3, 2)),
        ("updated:", "updated", None),
    ],
)
def test_field_is_read_in_every_accepted_form(front, field, value):
    assert getattr(facts(front), field) == value


def test_date_comes_from_the_file_name_or_the_written_path():
    named = read("title: T", "_posts/2026-03-02-x.md")
    written = read("title: T\npath: 2026/03/02/x")
    assert isinstance(named, Facts)
    assert isinstance(written, Facts)
    assert named.date == written.date == (1772409600, True)


def test_time_zone_beside_the_date_is_its_zone():
    found = read("title: T\ndate: 2026-03-29T02:30:00\ntimezone: Europe/Berlin")
    assert isinstance(found, Facts)
    assert found.date == (1774747800, False)


@pytest.mark.parametrize(
    ("front", "line", "words"),
    [
        ("kind: evnt", 4, "kind"),
        ("lang: fr", 4, "fr"),
        ("lang: klingon9", 4, "lang"),
        ("slug: ../x", 4, "slug"),
        ("slug: a/b", 4, "slug"),
        ('slug: "a\\u0000b"', 4, "slug"),
        ("slug: '...'", 4, "slug"),
        ("updated: soon", 4, "updated"),
        ("timezone: Mars", 4, "time zone"),
        ("event_start: 2026-05-02\nevent_end: 2026-05-01", 5, "before"),
        ("event:\n  start: 2026-05-02\n  end: 2026-05-01", 6, "before"),
        ("event: {state: off}", 4, "event.state"),
        ("event: x", 4, "event"),
        ("downloads: [../../x.pdf]", 4, "outside"),
        ("downloads:\n  - ok.pdf\n  - file:///x", 6, "neither"),
        ("downloads:\n  - title: x", 5, "neither file nor url"),
        ("downloads: ['a\\b']", 4, "not a path"),
        ("video: javascript:x", 4, "video"),
        ("link: ftp://x", 4, "link"),
        ("digest: top", 4, "digest"),
        ("status: done", 4, "status"),
        ("draft: maybe", 4, "draft"),
        ("translation: yes", 4, "translation"),
        ("authors: [{email: a@b.c}]", 4, "author"),
        ("image: {width: 3}", 4, "image"),
        ("image: {src: a.png, width: wide}", 4, "image.width"),
        ("categories: {a: b}", 4, "categories"),
        ("categories: [" + ", ".join(f"c{n}" for n in range(101)) + "]", 4, "101"),
    ],
)
def test_wrong_value_leaves_the_file_out_and_names_its_line(front, line, words):
    (found,) = errors(front)
    assert found[0] == line
    assert words in found[1]


def test_all_problems_of_a_file_come_at_once():
    assert len(errors("kind: x\nslug: a/b\nupdated: soon\ndownloads: [../../x, /../y]")) == 5


def test_title_may_have_5000_characters_and_no_more():
    assert isinstance(read(f"title: {'x' * 5000}\ndate: 2026-03-02"), Facts)
    found = read(f"title: {'x' * 5001}\ndate: 2026-03-02")
    assert isinstance(found, Unreadable)
    assert "5,000" in found.problems[0][1]


@pytest.mark.parametrize(
    "front",
    [
        "date: 2026-03-02",
        "title:\ndate: 2026-03-02",
        "title: [a]\ndate: 2026-03-02",
        'title: "\\u0007"\ndate: 2026-03-02',
    ],
)
def test_title_is_required(front):
    assert isinstance(read(front), Unreadable)


def test_unknown_type_warns_and_means_news():
    found = facts("type: podcast")
    assert found.kind == "news"
    assert [(p[0], p[3]) for p in found.problems] == [(4, False)]


def test_unknown_keys_are_kept_with_their_lines():
    assert facts("weight: 3\nmenu: {main: {a: b}}").unknown == (("weight", 4), ("menu", 5))


def test_suffix_of_an_unlisted_language_is_a_problem():
    found = read("title: T\ndate: 2026-03-02", "x.fr.md")
    assert isinstance(found, Unreadable)
    assert "fr" in found.problems[0][1]


def test_packed_facts_come_back_as_they_were():
    found = facts("downloads: [a.pdf]\nimage: b.png\nevent: {start: 2026-05-01, city: C}")
    assert found.downloads == (PlainDownload("2026/a.pdf", "", "", "", 0, 4),)
    again = unpack(pack(found))
    assert again == found
    assert isinstance(again, Facts)
    assert again.event is not None
    assert again.event.city == "C"
    assert again.downloads is not None
    assert again.downloads[0].file == "2026/a.pdf"


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("2026-05-01T10:00:00+03:00", 180),
        ("2026-05-01 10:00 -0430", -270),
        ("2026-05-01T10:00:00Z", 0),
        ("2026-05-01T10:00:00", None),
        ("2026-05-01", None),
    ],
)
def test_an_event_keeps_the_offset_its_start_was_written_with(written, minutes):
    event = facts(f"event: {{start: '{written}'}}").event
    assert event is not None
    assert event.offset == minutes
