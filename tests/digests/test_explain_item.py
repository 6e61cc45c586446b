"""Where a file went or will go, or why not: the facts, on both databases."""

import pytest

from publisher import digests
from publisher.digests.explain.file import FileIs
from publisher.errors import PublisherError
from publisher.store import tables, write
from tests.digests.conftest import DAY, House, utc

START = utc("2026-03-02T12:00")
FIRST = utc("2026-03-03T07:00")
SECOND = utc("2026-03-10T07:00")


def explain(house: House, word: str, now=START, *, engine=True, edition: str = ""):
    db = house.db if engine else None
    return digests.explain_item(db, house.settings, house.library(now), word, now, edition=edition)


def weekly(found):
    (digest,) = found.digests
    return digest


def waits(found) -> list[tuple[str, str, str, str]]:
    return [(one.reader, one.language, one.how, one.slot) for one in weekly(found).waits]


def absences(found) -> list[tuple[tuple[str, ...], str]]:
    return [(one.readers, one.why) for one in weekly(found).absences]


def set_deliveries(house: House, **values: str) -> None:
    with write(house.db) as conn:
        conn.execute(tables.deliveries.update().values(**values))


@pytest.mark.parametrize(
    "word",
    [
        "2026/a",
        "2026/a/ar",
        "content/2026/a.en.md",
        "2026/a.ar.md",
        "tag:example.org,2026:2026/a/en",
    ],
)
def test_a_path_a_key_or_an_id_names_the_story_in_all_its_languages(house: House, word):
    house.site.item("2026/a.en.md", "A")
    house.site.item("2026/a.ar.md", "ا")
    found = explain(house, word)
    assert found.key == "2026/a"
    assert [one.language for one in found.versions] == ["en", "ar"]


def test_what_waits_says_in_which_language_how_and_until_when_its_own_is_waited_for(house: House):
    house.site.item("a.en.md", "A")
    house.open(START)
    for engine in (True, False):
        found = explain(house, "a", engine=engine)
        assert waits(found) == [
            ("en", "en", "first", "2026-03-03T07:00"),
            ("ar", "en", "fallback", "2026-03-10T07:00"),
            ("fr", "en", "fallback", "2026-03-10T07:00"),
        ]
        until = [one.translation_until for one in weekly(found).waits]
        assert until == [None, START + 3 * DAY, START + 3 * DAY]


def test_an_edition_says_how_many_readers_of_which_language_got_which_version(house: House):
    house.site.item("a.en.md", "A")
    house.site.item("a.ar.md", "ا")
    house.reader("e1"), house.reader("e2"), house.reader("a1", "ar"), house.reader("x", "fr ar")
    house.open(START)
    house.open(FIRST)
    set_deliveries(house, state="sent", settled_at=int(FIRST.timestamp()))
    (carried,) = weekly(explain(house, "a", FIRST)).carried
    assert (carried.edition.slot, carried.edition.digest) == ("2026-03-03T07:00", "weekly")
    first = carried.audiences[0]
    assert (first.reader, first.language, first.how) == ("en", "en", "first")
    assert (first.readers, first.deliveries) == (2, {"sent": 2})
    house.open(SECOND)
    later = weekly(explain(house, "a", SECOND)).carried
    assert [one.edition.slot for one in later] == ["2026-03-10T07:00", "2026-03-03T07:00"]
    assert [(a.reader, a.language, a.how) for a in later[0].audiences] == [("fr", "ar", "next")]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"status": "draft"}, "draft"),
        ({"status": "hold"}, "hold"),
        ({"date": "2026-04-02T10:00:00Z"}, "future"),
    ],
)
def test_what_is_not_published_says_so_and_waits_for_nothing(house: House, more, status):
    house.site.item("a.en.md", "A", **more)
    found = explain(house, "a")
    (version,) = found.versions
    assert (version.status, version.feeds) == (status, ())
    digest = weekly(found)
    assert (digest.carried, digest.waits, digest.absences) == ((), (), ())


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"date": "2025-01-01T00:00:00Z"}, "too old"),
        ({"date": "2026-02-20T00:00:00Z"}, "from before the start"),
        ({"digest": "skip"}, "skipped"),
        (
            {"kind": "event", "event": "{start: 2026-03-01, end: 2026-03-01}"},
            "its event is over",
        ),
    ],
)
def test_what_is_never_sent_says_why(house: House, more, why):
    house.site.item("a.en.md", "A", **more)
    found = explain(house, "a")
    assert (weekly(found).waits, absences(found)) == ((), [(("en", "ar", "fr"), why)])
    house.open(START)
    house.open(FIRST)
    (absence,) = [one for one in weekly(explain(house, "a", FIRST)).absences if "en" in one.readers]
    assert absence.why == why
    assert absence.edition.slot == "2026-03-03T07:00"


def test_a_kind_that_the_digest_does_not_carry_says_so(house: House):
    house.set('every = "week"', 'kinds = ["article"]\nevery = "week"')
    house.site.item("a.en.md", "A")
    assert absences(explain(house, "a")) == [(("en", "ar", "fr"), "not a kind of this digest")]


def test_without_fallback_readers_of_other_languages_have_no_version(house: House):
    house.set('every = "week"', 'fallback = false\nevery = "week"')
    house.site.item("a.en.md", "A")
    found = explain(house, "a")
    assert [one[0] for one in waits(found)] == ["en"]
    assert absences(found) == [(("ar", "fr"), "no version for them")]


def test_one_edition_asked_about_says_whether_it_carried_the_story(house: House):
    house.site.item("a.en.md", "A")
    house.reader("e")
    house.open(START)
    house.open(FIRST)
    house.site.item("b.en.md", "B")
    house.open(FIRST + DAY)
    now = FIRST + DAY
    assert len(weekly(explain(house, "a", now, edition="weekly/2026-03-03")).carried) == 1
    late = weekly(explain(house, "b", now, edition="1"))
    assert (late.carried, late.waits) == ((), ())
    assert {one.why for one in late.absences} == {"appeared after it froze"}


def test_an_edition_that_is_not_there_names_those_that_are(house: House):
    house.site.item("a.en.md", "A")
    house.open(START)
    house.open(FIRST)
    with pytest.raises(PublisherError, match="2026-03-04") as caught:
        explain(house, "a", FIRST, edition="2026-03-04")
    assert "weekly/2026-03-03T07:00" in caught.value.hint
    with pytest.raises(PublisherError, match="no edition"):
        explain(house, "a", FIRST, engine=False, edition="1")


def test_feeds_say_where_the_item_stands_and_where_it_is_only_counted(house: House):
    house.set('id_authority = "example.org,2026"', 'id_authority = "example.org,2026"\nitems = 2')
    house.site.item("old.en.md", "Old", "2026-02-01T10:00:00Z", categories="[prevention]")
    for number in (1, 2):
        house.site.item(f"{number}.en.md", f"New {number}", f"2026-02-2{number}T10:00:00Z")
    (version,) = explain(house, "old").versions
    places = {one.feed: one.position for one in version.feeds}
    assert places["en/category-prevention"] == 1
    assert (places["all"], places["en/all"], places["en/news"]) == (0, 0, 0)


def test_files_that_are_no_items_say_what_they_are(house: House):
    house.site.item("a.en.md", "A", downloads="[plan.pdf]")
    for name, text in (
        ("content/README.md", "about"),
        ("content/_index.md", "about"),
        ("content/plan.pdf", "%PDF-1.4"),
        ("content/editions/weekly/2026-03-03.en.md", "Hello"),
        ("content/bad.en.md", "---\ntitle: B\ndate: never\n---\n"),
        ("content/x.de.md", "---\ntitle: B\ndate: 2026-03-01\n---\n"),
        ("notes.md", "mine"),
    ):
        house.site.write(name, text)
    whats = {
        word: explain(house, word).file
        for word in (
            "README.md",
            "content/_index.md",
            "plan.pdf",
            "editions/weekly/2026-03-03.en.md",
            "bad.en.md",
            "content/x.de.md",
            "notes.md",
            "content/aa.en.md",
        )
    }
    assert {word: file.what for word, file in whats.items()} == {
        "README.md": FileIs.NO_ITEM,
        "content/_index.md": FileIs.NO_ITEM,
        "plan.pdf": FileIs.NO_ITEM,
        "editions/weekly/2026-03-03.en.md": FileIs.WORD,
        "bad.en.md": FileIs.BROKEN,
        "content/x.de.md": FileIs.BROKEN,
        "notes.md": FileIs.OUTSIDE,
        "content/aa.en.md": FileIs.MISSING,
    }
    assert whats["plan.pdf"].used_by == ("content/a.en.md",)
    assert "never" in whats["bad.en.md"].problems[0].message
    assert "de" in str(whats["content/x.de.md"].problems[0])
    assert whats["content/aa.en.md"].nearest == ("content/a.en.md",)


def test_a_file_that_exclude_leaves_out_is_told_from_one_that_is_none(house: House):
    house.site.item("old/a.en.md", "A")
    house.site.item("b.en.md", "B")
    house.set("[feeds]", '[content]\nexclude = ["old/"]\n\n[feeds]')
    assert explain(house, "old/a.en.md").file.what is FileIs.LEFT_OUT
    assert explain(house, "b.en.md").file.what is FileIs.ITEM


def test_readers_who_were_told_a_correction_are_counted(house: House):
    house.site.item("a.en.md", "A")
    house.reader("e"), house.reader("f")
    house.open(START)
    house.open(FIRST)
    house.site.item("a.en.md", "A", correction="It was nine.")
    house.site.item("b.en.md", "B", date="2026-03-08T10:00:00Z")
    house.open(SECOND)
    (told,) = weekly(explain(house, "a", SECOND)).told
    assert (told.edition.slot, told.readers) == ("2026-03-10T07:00", 2)
    assert weekly(explain(house, "b", SECOND)).told == ()


def test_a_coming_event_waits_to_return(house: House):
    house.site.item("e.en.md", "E", kind="event", event="{start: 2026-03-20T10:00:00Z}")
    house.reader("e")
    house.open(START)
    house.open(FIRST)
    (wait,) = [one for one in weekly(explain(house, "e", FIRST)).waits if one.reader == "en"]
    assert (wait.is_return, wait.slot) == (True, "2026-03-17T07:00")


def test_what_was_decided_on_the_edition_it_waits_for_is_told(house: House):
    house.site.item("a.en.md", "A")
    house.open(START)
    slot = {"digest": "weekly", "slot": "2026-03-03T07:00", "decided_at": 0}
    with write(house.db) as conn:
        conn.execute(tables.decisions.insert().values(decision="cancelled", **slot))
    assert [one.decision for one in weekly(explain(house, "a")).waits] == ["cancelled", "", ""]


def test_an_extra_edition_is_told_as_one_and_leaves_nothing_waiting(house: House):
    house.site.item("a.en.md", "A")
    house.site.item("a.ar.md", "ا")
    house.site.item("a.fr.md", "A")
    house.reader("e")
    house.open(START)
    digests.add_extra(
        house.db, house.settings, house.library(START), house.templates, "weekly", ["a"], START
    )
    digest = weekly(explain(house, "a", START))
    assert [one.edition.is_extra for one in digest.carried] == [True]
    assert (digest.waits, digest.absences) == ((), ())


@pytest.mark.parametrize("word", ["a", "content/a.en.md", "a.en.md"])
def test_a_story_that_was_withdrawn_is_told_from_what_editions_did_with_it(house: House, word):
    path = house.site.item("a.en.md", "A")
    house.reader("one")
    house.open(START)
    house.open(FIRST)
    path.unlink()
    found = explain(house, word, FIRST)
    assert (found.file.what, found.key, found.versions) == (FileIs.WITHDRAWN, "a", ())
    assert [one.readers for one in weekly(found).carried[0].audiences] == [1]
    assert explain(house, "b", FIRST).file.what is FileIs.MISSING
