"""What the archive shows and finds; the site's digest is weekly, on Tuesdays at 07:00."""

import pytest
from sqlalchemy import delete, func, select, text, update

from publisher import digests
from publisher.store import read, tables, write
from tests.digests.conftest import House, utc

SETUP, SLOT, AFTER = utc("2026-03-02T12:00"), utc("2026-03-03T07:00"), utc("2026-03-03T08:00")
NAME = "2026-03-03T07:00"


@pytest.fixture
def house(site, db) -> House:
    house = House(site, db)
    house.open(SETUP)
    return house


def send(house: House, now=SLOT) -> None:
    """Open what is due and have it found, as a command run at this moment would."""
    house.open(now)
    index(house, now)


def index(house: House, now) -> None:
    digests.index_archive(house.db, house.settings, house.library(now), now)


def page(house: House, language="en", slot=NAME, now=AFTER):
    with read(house.db) as conn:
        return digests.edition_page(conn, house.settings, "weekly", slot, language, now)


def shown(house: House, language="en", **more) -> list[str]:
    """The items of a page: - in front of a withdrawn one, * behind one in another language."""
    return [
        f"{'-' * one.is_withdrawn}{one.block.key}/{one.block.language}{'*' * (not one.is_translated)}"
        for one in page(house, language, **more).items
    ]


def found(house: House, typed: str, now=AFTER, language="en", **more) -> list[str]:
    """The titles that a search finds."""
    root, terms = house.site.root, digests.read_query(typed)
    with read(house.db) as conn:
        hits, _ = digests.search(conn, root, terms, language, now, **more)
    return [hit.title for hit in hits]


def listed(house: House, now=AFTER, language="en") -> list[tuple[str, str]]:
    with read(house.db) as conn:
        rows, _ = digests.archived_editions(conn, house.settings, "weekly", language, now)
    return [(row.slot, row.titles) for row in rows]


def set_state(house: House, state: str, **more) -> None:
    with write(house.db) as conn:
        conn.execute(update(tables.editions).values(state=state, **more))


def test_page_shows_all_that_readers_of_its_language_could_get(house):
    house.reader("reader", "fr", kinds=("article",))
    house.site.item("a.en.md", "Mayors meet")
    house.site.item("a.ar.md", "اجتماع رؤساء البلديات")
    house.site.item("b.ar.md", "بيان", date="2026-02-28")
    house.site.item("c.fr.md", "Paris", date="2026-02-27")
    send(house)
    assert shown(house, "en") == ["a/en"]
    assert shown(house, "ar") == ["a/ar", "b/ar"]
    assert page(house, "ar").languages == ("en", "ar", "fr")
    send(house, utc("2026-03-10T07:00"))  # the others are no longer waited for
    later = {"slot": "2026-03-10T07:00", "now": utc("2026-03-10T08:00")}
    assert shown(house, "en", **later) == ["b/ar*", "c/fr*"]
    assert shown(house, "fr", **later) == ["a/en*", "b/ar*"]


def test_page_without_anything_for_its_language_shows_what_others_got(house):
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    send(house, utc("2026-03-10T07:00"))
    slot, now = "2026-03-10T07:00", utc("2026-03-11")
    assert shown(house, "en", slot=slot, now=now) == ["a/en"]
    assert page(house, "en", slot=slot, now=now).languages == ("ar", "fr")
    assert [name for name, _ in listed(house, now, "en")] == [NAME]
    assert [name for name, _ in listed(house, now, "ar")] == [slot]


def test_page_needs_no_reader_and_holds_no_mark_of_one(house):
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    kept = repr(page(house).items) + repr(page(house).word)
    assert shown(house) == ["a/en"]
    assert "zzunsubscribe" not in kept
    assert "zzaddress" not in kept


def test_page_of_an_extra_edition_shows_what_everybody_had_before(house):
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    slot = house.extra(["a"], AFTER).slot.local
    assert shown(house, slot=slot, now=utc("2026-03-03T08:01")) == ["a/en"]


@pytest.mark.parametrize("state", ["draft", "held", "cancelled", "missed"])
def test_edition_that_is_not_going_out_is_not_in_the_archive(house, state):
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    assert found(house, "weekly digest") == ["Weekly digest · 3 March 2026"]
    set_state(house, state)
    assert page(house) is None
    assert listed(house) == []
    assert found(house, "weekly digest") == []


@pytest.mark.parametrize("state", ["sending", "paused", "sent"])
def test_edition_that_goes_out_is_in_the_archive(house, state):
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    set_state(house, state)
    assert listed(house) == [(NAME, "Mayors meet")]
    with read(house.db) as conn:
        (digest,) = digests.archived_digests(conn, house.settings, "en", AFTER)
    assert (digest.name, digest.editions) == ("weekly", 1)


def test_opening_edition_is_in_the_archive_once_somebody_may_have_it(house):
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    set_state(house, "opening")
    assert page(house) is None
    set_state(house, "opening", opened_through=1)
    assert page(house) is not None


def test_edition_is_in_the_archive_when_its_first_message_may_leave(house):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\ndelay = "2h"')
    house.reader("reader")
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    assert page(house, now=AFTER) is None
    assert found(house, "digest", now=AFTER) == []
    assert page(house, now=utc("2026-03-03T09:00")) is not None


def test_edition_with_nothing_in_it_is_none_of_the_archive(house):
    send(house)
    assert page(house) is None
    assert listed(house) == []


def test_page_exists_in_each_language_a_mail_was_written_in(house):
    house.reader("reader", "ar")
    house.set('languages = ["en", "ar", "fr"]', 'languages = ["en", "fr"]')
    house.site.item("a.en.md", "Mayors meet", date="2026-02-26")
    house.open(utc("2026-03-02T13:00"))
    send(house)
    send(house, utc("2026-03-10T07:00"))
    now = utc("2026-03-10T08:00")
    assert shown(house, "ar", slot="2026-03-10T07:00", now=now) == ["a/en*"]
    assert page(house, "ja", slot="2026-03-10T07:00", now=now) is None
    assert page(house, "zz", slot="2026-03-10T07:00", now=now) is None


def test_withdrawn_item_leaves_a_place_and_is_found_nowhere(house):
    house.site.item("a.en.md", "Mayors meet")
    gone = house.site.item("b.en.md", "A secret", body="Told by mistake.", date="2026-02-28")
    send(house)
    assert found(house, "secret") == ["A secret", "Weekly digest · 3 March 2026"]
    gone.unlink()
    send(house, AFTER)
    assert shown(house) == ["a/en", "-b/en"]
    assert found(house, "secret") == found(house, "mistake") == []
    assert listed(house) == [(NAME, "Mayors meet")]


def test_item_that_comes_back_is_shown_and_found_again(house):
    file = house.site.item("a.en.md", "Mayors meet")
    send(house)
    text = file.read_bytes()
    file.unlink()
    send(house, AFTER)
    assert shown(house) == ["-a/en"]
    file.write_bytes(text)
    send(house, AFTER)
    assert shown(house) == ["a/en"]
    assert found(house, "mayors") == ["Mayors meet", "Weekly digest · 3 March 2026"]


def test_renamed_item_is_not_withdrawn_until_it_is(house):
    file = house.site.item("a.en.md", "Mayors meet")
    send(house)
    file = file.rename(file.with_name("b.en.md"))
    send(house, AFTER)
    assert shown(house) == ["a/en"]
    house.site.item("b.en.md", "Mayors meet", correction="They met in Amman.")
    send(house, AFTER)
    (item,) = page(house).items
    assert item.correction == "They met in Amman."
    file.unlink()
    send(house, AFTER)
    assert shown(house) == ["-a/en"]
    assert found(house, "mayors") == []


def test_correction_stands_beside_its_item_unless_the_item_has_it(house):
    house.site.item("a.en.md", "Mayors meet", correction="They were ten.")
    house.site.item("b.en.md", "A fair", date="2026-02-28")
    send(house)
    house.site.item("b.en.md", "A fair", date="2026-02-28", correction="It is on Monday.")
    send(house, AFTER)
    assert [item.correction for item in page(house).items] == ["", "It is on Monday."]


def test_event_that_was_moved_or_cancelled_since_says_so(house):
    event = {"kind": "event", "date": "2026-03-01"}
    house.site.item("a.en.md", "A fair", event="{start: 2026-05-01}", **event)
    send(house)
    house.site.item("a.en.md", "A fair", event="{start: 2026-05-01, state: cancelled}", **event)
    send(house, AFTER)
    assert [item.event_state for item in page(house).items] == ["cancelled"]


def test_what_was_withdrawn_before_there_was_an_index_is_withdrawn(house):
    file = house.site.item("a.en.md", "Mayors meet")
    house.open(SLOT)
    file.unlink()
    index(house, AFTER)
    assert shown(house) == ["-a/en"]


def test_emptied_index_is_full_after_the_next_run(house):
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    before = found(house, "mayors")
    with write(house.db) as conn:
        conn.execute(delete(tables.documents))
    assert found(house, "mayors") == []
    send(house, AFTER)
    assert found(house, "mayors") == before == ["Mayors meet", "Weekly digest · 3 March 2026"]


def test_nothing_new_writes_nothing(house):
    house.site.item("a.en.md", "Mayors meet")
    send(house)
    with read(house.db) as conn:
        before = conn.scalar(select(func.max(tables.documents.c.id)))
        kept = conn.execute(select(tables.documents)).all()
    send(house, AFTER)
    with read(house.db) as conn:
        assert conn.execute(select(tables.documents)).all() == kept
        assert conn.scalar(select(func.max(tables.documents.c.id))) == before


def test_edition_is_found_once_in_the_language_of_whoever_looks(house):
    house.site.item("a.en.md", "Mayors meet 2026")
    house.site.item("a.ar.md", "اجتماع 2026")
    send(house)
    here, there = "Mayors meet 2026", "اجتماع 2026"
    assert found(house, "2026") == ["Weekly digest · 3 March 2026", here, there]
    assert found(house, "2026", language="ar") == ["النشرة الأسبوعية · 3 مارس 2026", there, here]


def test_draft_and_future_items_are_not_found(house):
    house.site.item("a.en.md", "Mayors draft", status="draft")
    house.site.item("b.en.md", "Mayors tomorrow", date="2026-03-04")
    send(house)
    assert found(house, "mayors") == []


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("mayors amman", ["Mayors meet in Amman"]),
        ("mayors paris", []),
        ("may", ["Mayors meet in Amman"]),
        ("may ", []),
        ('"in amman"', ["Mayors meet in Amman"]),
        ('"mayors amman"', []),
        ("مدينه", ["المَدينة القويّة"]),
        ("«المدينة القوية» ۲۰۲۶", ["المَدينة القويّة"]),
        ("会議", ["東京での会議"]),
        ("都の", ["東京での会議"]),
        ("議会", []),
        ("京", ["東京での会議"]),
        ("AUTEUR", ["Été"]),
    ],
)
def test_search_finds_what_has_all_words(house, typed, titles):
    house.set("[feeds]", "[feeds]\nitems = 19")
    house.site.item("a.en.md", "Mayors meet in Amman")
    house.site.item("b.ar.md", "المَدينة القويّة", body="في العام ٢٠٢٦")
    house.site.item("c.fr.md", "Été", authors="[Un Auteur]")
    house.site.item("d.en.md", "東京での会議", body="東京都のお知らせ")
    index(house, SLOT)
    assert found(house, typed) == titles


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "AND",
            "OR NOT",
            "NEAR(a b)",
            "words : mayors",
            "a* ^b",
            "-x",
            '"',
            '"" "a',
            "a:*",
            "a & !b",
        ),
        *("'; DROP TABLE documents; --", "\\", "%", "_", "\x00", "a\x00b", "x" * 10_000),
        *("a " * 5_000, '"' * 10_000, "\ud800", "🗞️", "<->", "((((", "\u202e", "٪"),
    ],
)
def test_nothing_anybody_types_is_an_error(house, typed):
    house.site.item("a.en.md", "Mayors meet")
    index(house, SLOT)
    assert found(house, typed) == []


def test_titles_come_first_then_the_newest_page_by_page(house):
    house.site.item("a.en.md", "Mayors of old", date="2026-02-01")
    house.site.item("b.en.md", "A fair", date="2026-03-01", body="Ten mayors came.")
    house.site.item("c.en.md", "The mayors again", date="2026-02-20")
    index(house, SLOT)
    assert found(house, "mayors") == ["The mayors again", "Mayors of old", "A fair"]
    assert found(house, "mayors", page=2, per_page=2) == ["A fair"]
    assert found(house, "mayors", page=9) == []


def test_search_on_postgresql_uses_its_index(house):
    if house.db.dialect.name == "sqlite":
        return
    house.site.item("a.en.md", "Mayors meet")
    index(house, SLOT)
    with read(house.db) as conn:
        conn.execute(text("SET LOCAL enable_seqscan = off"))
        plan = conn.execute(
            text(
                "EXPLAIN SELECT id FROM documents WHERE "
                "array_to_tsvector(string_to_array(words, ' ')) @@ CAST('''mayors''' AS tsquery)"
            )
        )
        assert "document_words" in "".join(row[0] for row in plan)
