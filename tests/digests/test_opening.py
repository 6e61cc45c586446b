"""Deliveries are written once for each reader, in chunks, whoever is killed and whoever helps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, inspect, select

from publisher.digests import State
from publisher.digests.edition import read_edition, read_frozen
from publisher.digests.opening import Opening, expand
from publisher.store import read, tables, write
from tests.digests.conftest import DAY, House, utc
from tests.digests.killed import KILLED, open_due
from tests.rig.launch import exit_codes

START = utc("2026-03-02T12:00")
FIRST = utc("2026-03-03T07:00")


@pytest.fixture
def opened(house: House) -> Callable[..., list[int | None]]:
    """Open what is due in processes of their own; return their exit codes."""
    url = house.db.url.render_as_string(hide_password=False)

    def run(*, crash_at: int = 0, how_many: int = 1) -> list[int | None]:
        return exit_codes(open_due, house.site.root, url, FIRST, crash_at, how_many=how_many)

    return run


def filled(house: House) -> list[int]:
    """Five readers of three languages and an item in each; the digest has started."""
    for tag in ("en", "ar", "fr"):
        house.site.item(f"a.{tag}.md", "A")
    readers = [house.reader(f"r{n}", ("en", "ar", "fr")[n % 3]) for n in range(5)]
    house.open(START)
    return readers


def rows(house: House) -> dict[str, int]:
    with read(house.db) as conn:
        return {
            name: conn.scalar(select(func.count()).select_from(tables.metadata.tables[name]))
            for name in ("editions", "edition_items", "segments", "bodies", "deliveries")
        }


ONCE = {"editions": 1, "edition_items": 3, "segments": 3, "bodies": 3, "deliveries": 5}


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_chunks_of_any_size_leave_nobody_out(house: House, chunk):
    readers = filled(house)
    edition = expand(house.db, house.settings, house.freeze(FIRST), FIRST, chunk=chunk)
    assert edition.state is State.SENDING
    assert [len(house.received(one)) for one in readers] == [1] * 5
    assert rows(house) == ONCE


def test_two_processes_at_once_open_one_edition(house: House, opened):
    filled(house)
    assert opened(how_many=2) == [0, 0]
    assert rows(house) == ONCE
    assert house.editions() == [("weekly", "2026-03-03T07:00", "sending")]


def test_two_threads_expand_one_edition_between_them(house: House):
    readers = filled(house)
    number = house.freeze(FIRST)
    with ThreadPoolExecutor(2) as pool:
        work = [
            pool.submit(expand, house.db, house.settings, number, FIRST, chunk=1) for _ in range(2)
        ]
        assert {one.result().state for one in work} == {State.SENDING}
    assert rows(house) == ONCE
    assert [len(house.received(one)) for one in readers] == [1] * 5


def test_killed_at_any_commit_the_opening_is_finished_by_the_next(house: House, opened):
    readers = filled(house)
    crash_at, codes = 0, [KILLED]
    while codes == [KILLED]:
        crash_at += 1
        with write(house.db) as conn:
            for name in ("deliveries", "segments", "bodies", "edition_items", "editions"):
                conn.execute(tables.metadata.tables[name].delete())
        codes = opened(crash_at=crash_at)
        house.open(FIRST)
        assert rows(house) == ONCE, crash_at
        assert [len(house.received(one)) for one in readers] == [1] * 5
    assert codes == [0]
    assert crash_at > 6  # seeing, freezing, the decision, three chunks, the end


def test_who_got_a_signature_of_their_own_meanwhile_is_not_left_out(house: House):
    readers = filled(house)
    number = house.freeze(FIRST)
    with read(house.db) as conn:
        edition, frozen = read_edition(conn, number), read_frozen(conn, number)
        knows_the_old = Opening(conn, edition, frozen, house.settings, FIRST)
    newcomer = house.reader("newcomer", "fr en ar", categories=("prevention",))
    with write(house.db) as conn:
        assert knows_the_old.write_chunk(conn, 100)
    assert [len(house.received(one)) for one in (*readers, newcomer)] == [1] * 6


def test_who_comes_back_to_an_edition_half_open_gets_the_frozen_items(house: House):
    readers = filled(house)
    house.freeze(FIRST)
    house.site.item("a.en.md", "A, changed", categories="[prevention]")
    (house.site.root / "content" / "a.ar.md").unlink()
    house.open(FIRST + DAY)
    assert house.received(readers[0]) == [["a/en"]]
    assert house.received(readers[1]) == [["a/ar"]]


def test_who_chooses_otherwise_while_an_edition_opens_gets_it(house: House):
    readers = filled(house)
    number = house.freeze(FIRST)
    with read(house.db) as conn:
        edition, frozen = read_edition(conn, number), read_frozen(conn, number)
        opening = Opening(conn, edition, frozen, house.settings, FIRST)
    with write(house.db) as conn:
        moved = tables.subscriptions.update().values(moved_at=int(FIRST.timestamp()))
        conn.execute(moved.where(tables.subscriptions.c.subscriber_id == readers[1]))
    with write(house.db) as conn:
        assert opening.write_chunk(conn, 100)
    assert [len(house.received(one)) for one in readers] == [1] * 5


def test_the_list_of_a_mover_may_be_what_holds_an_edition(house: House):
    house.set('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 1')
    for name in ("a", "b"):
        house.site.item(f"{name}.en.md", name)
    house.reader("mover")
    house.open(START)
    with write(house.db) as conn:
        conn.execute(tables.subscriptions.update().values(moved_at=int(START.timestamp())))
    edition = expand(house.db, house.settings, house.freeze(FIRST), FIRST)
    assert (edition.state, edition.note[:14]) == (State.HELD, "it has 2 items")
    assert rows(house)["deliveries"] == rows(house)["bodies"] == 0


def test_nothing_is_prepared_for_whom_nothing_can_be_sent(house: House):
    filled(house)
    with write(house.db) as conn:
        french = tables.subscribers.c.languages == "fr"
        conn.execute(tables.subscribers.update().where(french).values(state="unsubscribed"))
    expand(house.db, house.settings, house.freeze(FIRST), FIRST)
    assert rows(house) == {**ONCE, "segments": 2, "bodies": 2, "deliveries": 4}


def test_segments_know_how_many_readers_they_have(house: House):
    filled(house)
    expand(house.db, house.settings, house.freeze(FIRST), FIRST, chunk=2)
    counted = select(tables.segments.c.language, tables.segments.c.recipients)
    with read(house.db) as conn:
        assert dict(map(tuple, conn.execute(counted))) == {"en": 2, "ar": 2, "fr": 1}


def test_no_table_of_an_opening_is_left_on_a_connection(house: House):
    house.db.dispose()  # connections of other tests
    filled(house)
    expand(house.db, house.settings, house.freeze(FIRST), FIRST)
    with write(house.db) as conn:
        assert not inspect(conn).get_temp_table_names()
