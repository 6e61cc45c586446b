"""What editors are told about the queue, with and without a database."""

from datetime import timedelta

from publisher import digests
from publisher.digests.rule import How, Refusal
from publisher.store import read, tables
from tests.digests.conftest import DAY, House, utc

START = utc("2026-03-02T12:00")
FIRST = utc("2026-03-03T07:00")
SECOND = utc("2026-03-10T07:00")


def look(house: House, now, *, engine=True):
    return digests.forecast(house.db if engine else None, house.settings, house.library(now), now)


def offers(digest, key: str) -> list[tuple[str, str, str]]:
    """(reader, version, slot) of a story that waits."""
    (found,) = [one for one in digest.waiting if one.key == key]
    return [(o.reader, o.language, o.slot.local) for o in found.offers]


def test_what_waits_says_for_which_edition_in_which_language(house: House):
    house.site.item("a.en.md", "A")
    house.site.item("a.ar.md", "ا")
    for engine in (True, False):
        (digest,) = look(house, START, engine=engine).digests
        assert (digest.name, digest.zone) == ("weekly", "Europe/London")
        assert [s.local for s in digest.slots] == ["2026-03-03T07:00", "2026-03-10T07:00"]
        assert offers(digest, "a") == [
            ("en", "en", "2026-03-03T07:00"),
            ("ar", "ar", "2026-03-03T07:00"),
            ("fr", "en", "2026-03-10T07:00"),  # after waiting for a translation
        ]
        assert digest.waiting[0].offers[2].how is How.FALLBACK


def test_the_forecast_comes_true(house: House):
    house.set('every = "week"\nat = "Tue 07:00"', 'every = "day"\nat = "07:00"')
    house.site.item("a.en.md", "A", date="2026-03-02T10:00:00Z")
    readers = {tag: house.reader(tag, tag) for tag in ("en", "ar", "fr")}
    house.open(START)
    (digest,) = look(house, START).digests
    promised = {reader: slot for reader, _, slot in offers(digest, "a")}
    for day in range(6):
        house.open(FIRST + day * DAY)
        with read(house.db) as conn:
            slot = conn.execute(
                tables.editions.select().order_by(tables.editions.c.id.desc())
            ).first()
        for tag, number in readers.items():
            assert (slot.slot >= promised[tag]) == (house.received(number) != [])


def test_what_does_not_go_out_says_why(house: House):
    house.site.item("draft.en.md", "D", status="draft")
    house.site.item("held.en.md", "H", status="hold")
    house.site.item("later.en.md", "L", date="2026-04-02T10:00:00Z")
    house.site.item("soon.en.md", "S", date="2026-03-03T10:00:00Z")
    house.site.item("skip.en.md", "S", digest="skip")
    house.site.item("ancient.en.md", "O", date="2025-01-01T00:00:00Z")
    house.site.item("before.en.md", "B", date="2026-02-20T00:00:00Z")
    queue = look(house, START)
    assert [item.key for item in queue.drafts] == ["draft"]
    assert [item.key for item in queue.held] == ["held"]
    assert [item.key for item in queue.future] == ["soon", "later"]
    (digest,) = queue.digests
    assert digest.waiting == ()
    assert {one.key: one.why for one in digest.refused} == {
        "skip": Refusal.SKIPPED,
        "ancient": Refusal.TOO_OLD,
        "before": Refusal.BEFORE_START,
    }


def test_an_old_item_that_appears_later_is_called_too_old(house: House):
    house.site.item("a.en.md", "A")
    house.open(START)
    house.open(FIRST)
    house.site.item("ancient.en.md", "O", date="2025-01-01T00:00:00Z")
    (digest,) = look(house, FIRST + DAY).digests
    assert [(one.key, one.why) for one in digest.refused] == [("ancient", Refusal.TOO_OLD)]


def test_what_was_sent_no_longer_waits_and_readers_who_wait_still_do(house: House):
    house.site.item("a.en.md", "A")
    house.reader("one")
    house.open(START)
    house.open(FIRST)
    (digest,) = look(house, FIRST + timedelta(minutes=1)).digests
    assert offers(digest, "a") == [
        ("ar", "en", "2026-03-10T07:00"),
        ("fr", "en", "2026-03-10T07:00"),
    ]
    assert [one.state for one in digest.editions] == [digests.State.SENDING]


def test_single_items_are_forecast_when_they_settle(house: House):
    house.set('every = "week"\nat = "Tue 07:00"', 'every = "item"')
    house.open(START)
    assert look(house, START).digests[0].slots == ()
    house.site.item("a.en.md", "A", date="2026-03-02T12:30:00Z")
    now = START + timedelta(hours=1)
    for moment in (now, now + timedelta(minutes=5)):
        house.open(now)
        (digest,) = look(house, moment).digests
        assert [slot.local for slot in digest.slots] == ["2026-03-02T13:10"]
        assert offers(digest, "a") == [
            (tag, "en", "2026-03-02T13:10") for tag in ("en", "ar", "fr")
        ]


def test_a_reader_is_told_why(house: House):
    house.set("[feeds]", "[categories.sport]\n[feeds]")
    house.site.item("a.en.md", "A", categories="[prevention]")
    house.site.item("a.ar.md", "ا")
    house.site.item("b.en.md", "B", digest="pin")
    arabic = house.reader("one", "ar en")
    choosy = house.reader("two", "fr", categories=("prevention",))
    house.open(START)
    house.open(FIRST)
    house.open(SECOND)
    with read(house.db) as conn:
        first, second = digests.reasons(conn, 1, arabic), digests.reasons(conn, 2, arabic)
        fallen = digests.reasons(conn, 2, choosy)
        assert digests.reasons(conn, 1, arabic + 100) is None
    assert [(one.key, one.language, one.how) for one in first.items] == [("a", "ar", How.FIRST)]
    (pinned,) = second.items
    assert (pinned.key, pinned.how, pinned.is_pinned, pinned.waited) == (
        "b",
        How.NEXT,
        True,
        3 * DAY,
    )
    assert (fallen.languages, fallen.categories) == (("fr",), ("prevention",))
    assert [(one.key, one.how) for one in fallen.items] == [("a", How.FALLBACK)]
