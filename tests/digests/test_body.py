"""Bodies are made from what an edition froze; previews store nothing."""

import pytest
from sqlalchemy import func, select, update

from publisher import digests
from publisher.delivery import save_body
from publisher.errors import PublisherError, StoreError
from publisher.render import Templates
from publisher.settings import reshaped, shaping
from publisher.store import read, tables, write
from tests.digests.conftest import House, utc

START = utc("2026-03-02T12:00")
FIRST = utc("2026-03-03T07:00")


def bodies(house: House) -> dict[str, int]:
    with read(house.db) as conn:
        rows = conn.execute(select(tables.segments.c.language, tables.segments.c.body_id))
        return {row.language: row.body_id for row in rows}


def make(house: House, body_id: int):
    settings = house.settings
    return digests.make_body(house.db, settings, Templates(settings), body_id)


def opened(house: House) -> dict[str, int]:
    house.site.item("a.en.md", "About the summit", categories="[prevention]")
    house.site.item("a.ar.md", "عن القمة")
    house.site.item("b.en.md", "Something pinned", digest="pin")
    house.reader("one"), house.reader("two", "ar")
    house.open(START)
    house.open(FIRST)
    return bodies(house)


def test_a_body_holds_its_segments_items_and_says_whose_it_is(house: House):
    made = make(house, opened(house)["en"])
    assert (made.digest, made.language) == ("weekly", "en")
    assert made.subject == "Weekly digest: Something pinned"
    assert made.html.index("Something pinned") < made.html.index("About the summit")
    assert "About the summit" in made.plain
    assert "Feedback-ID" in dict(made.headers)


def test_a_body_is_stored_and_stays(house: House):
    body_id = opened(house)["ar"]
    first = make(house, body_id)
    with write(house.db) as conn:
        save_body(conn, first, utc("2026-03-03T07:00"))
    (house.site.root / "templates" / "email").mkdir(parents=True)
    (house.site.root / "templates" / "email" / "digest.mjml.j2").write_text("{{ nonsense")
    assert make(house, body_id) == first


def test_a_body_made_later_is_that_of_the_freeze(house: House):
    body_id = opened(house)["en"]
    first = make(house, body_id)
    with write(house.db) as conn:
        conn.execute(update(tables.bodies).values(made_at=None, html=None))
    house.site.item("a.en.md", "Another title", body="Other words.")
    house.set('name = { en = "Example Cities", ar = "مدن المثال" }', 'name = "Renamed"')
    house.set('address = "digest@example.org"', 'address = "other@example.org"')
    house.set('url = "https://news.example.org"', 'url = "https://moved.example.org"')
    house.set("[sender]", '[look]\naccent = "#123456"\n[sender]')
    assert make(house, body_id) == first


def test_a_digest_removed_from_settings_can_still_be_sent(house: House):
    body_id = opened(house)["en"]
    first = make(house, body_id)
    with write(house.db) as conn:
        conn.execute(update(tables.bodies).values(made_at=None))
    house.set("[digests.weekly]", "[digests.renamed]")
    assert make(house, body_id) == first


def test_what_is_frozen_comes_back_as_the_same_settings_without_secrets(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nsince = 2026-01-02\nmax_age = "9d"')
    settings = house.settings
    kept = shaping(settings, ["weekly"])
    back = reshaped(kept, settings.root)
    assert (back.site, back.sender, back.digests) == (
        settings.site,
        settings.sender,
        settings.digests,
    )
    assert not {"delivery", "database"} & kept.keys()


def test_a_letters_body_cannot_be_made_here(house: House):
    with pytest.raises(StoreError, match="no edition"):
        make(house, _letter(house))


def _letter(house: House) -> int:
    from publisher.delivery import reserve_body

    with write(house.db) as conn:
        return reserve_body(conn, "en", "")


def look(house: House, language: str = "en", *, engine=True, is_test: bool = False):
    settings = house.settings
    return digests.preview(
        settings,
        house.library(START),
        Templates(settings),
        "weekly",
        language,
        START,
        house.db if engine else None,
        is_test=is_test,
    )


def test_a_preview_shows_the_next_edition_and_stores_nothing(house: House):
    house.site.item("a.en.md", "Ready")
    house.site.item("old.en.md", "Old", date="2025-01-01T00:00:00Z")
    house.site.item("draft.en.md", "Draft", status="draft")
    for engine in (True, False):
        shown = look(house, engine=engine)
        assert [choice.block.title for choice in shown.items] == ["Ready"]
        assert "Ready" in shown.html
        assert "Ready" in shown.plain
    with read(house.db) as conn:
        for table in (tables.seen_items, tables.editions, tables.bodies, tables.starts):
            assert conn.scalar(select(func.count()).select_from(table)) == 0


def test_a_preview_leaves_out_what_the_last_edition_had(house: House):
    opened(house)
    shown = look(house)
    assert (shown.subject, shown.items) == ("", ())


def test_a_test_message_is_marked_and_never_empty(house: House):
    opened(house)
    settings = house.settings
    library = house.library(FIRST)
    arguments = (settings, library, Templates(settings), "weekly")
    made = digests.body_for_test(*arguments, "ar", FIRST, house.db)
    assert made is not None
    assert made.language == "ar"
    assert "Weekly digest" not in made.subject
    assert "عن القمة" in made.html
    assert made.subject != make(house, bodies(house)["ar"]).subject


def test_an_unknown_digest_is_named_with_the_known_ones(house: House):
    settings = house.settings
    with pytest.raises(PublisherError, match="monthly") as raised:
        digests.preview(settings, house.library(START), Templates(settings), "monthly", "en", START)
    assert "weekly" in raised.value.hint


def test_links_of_a_body_go_by_the_settings_its_edition_froze(house: House):
    body_id = opened(house)["en"]
    house.set("https://news.example.org", "https://moved.example.org")
    found = digests.settings_of(house.db, house.settings, body_id)
    assert found.web_url == "https://news.example.org"
    assert digests.settings_of(house.db, house.settings, body_id + 1000) is house.settings
