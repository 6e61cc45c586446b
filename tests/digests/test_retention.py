"""Old deliveries become numbers, and nobody can tell by what they get or are told."""

from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import func, insert, select, update

from publisher import delivery, digests
from publisher.digests.explain.history import Why
from publisher.digests.retention import fold_before, fold_old
from publisher.store import read, tables, write
from tests.digests.conftest import DAY, KEYS, House, utc
from tests.digests.tale import Tale

START, FIRST = utc("2026-03-02T12:00"), utc("2026-03-03T07:00")
LONG_AFTER = FIRST + 1000 * DAY


class Forgetful(Tale):
    """A tale in which each edition is sent at once, and folded before anything else happens."""

    folds = True

    def _happen(self, what, now) -> None:
        super()._happen(what, now)
        db = self._house.db
        with write(db) as conn:
            rows = tables.deliveries.c
            waits = update(tables.deliveries).where(rows.state == "queued")
            conn.execute(waits.values(state="sent", settled_at=int(now.timestamp())))
        digests.close_settled(db, now)
        if self.folds:
            fold_old(db, self._house.settings, now + 1000 * DAY)
            with read(db) as conn:
                assert conn.scalar(select(func.count()).select_from(tables.deliveries)) == 0

    def had(self, reader: str) -> str:
        self._put_back()
        return super().had(reader)

    def _put_back(self) -> None:
        """Write rows for what was offered, for `had` to read as it reads any ledger."""
        offered, segments = tables.offered.c, tables.segments.c
        with write(self._house.db) as conn:
            rows = conn.execute(
                select(offered.subscriber_id, offered.body_id, segments.edition_id).join(
                    tables.segments, segments.body_id == offered.body_id
                )
            ).all()
            for row in rows:
                conn.execute(
                    insert(tables.deliveries).values(
                        purpose=f"edition:{row.edition_id}",
                        subscriber_id=row.subscriber_id,
                        body_id=row.body_id,
                        priority=1,
                        state="sent",
                        queued_at=0,
                        next_at=0,
                    )
                )
            conn.execute(tables.offered.delete())


class Remembering(Forgetful):
    """The same without folding."""

    folds = False


STORIES = {
    "who chooses other languages again and again gets nothing twice": (
        "1 a.en appears | 2 edition | 3 ar reads en | 4 edition | 5 ar reads ar en"
        " | 5 c.ar appears | 6 edition | 9 edition"
    ),
    "a correction is told to those who had the item": (
        "1 a.en appears | 2 edition | 3 ann joins in en | 3 a.en is edited correction=Seven."
        " | 3 b.en appears | 4 edition | 5 c.en appears | 6 edition"
    ),
    "an event returns and its move is told": (
        "1 a.en appears on=9 | 2 edition | 3 a.en is edited moved=6 | 3 b.en appears"
        " | 4 edition | 6 edition"
    ),
    "an extra edition is known to have been had": (
        "1 a.en appears | 1 extra a | 2 edition | 3 b.en appears | 4 edition"
    ),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_nobody_gets_anything_else_when_all_is_folded_at_once(site, db, story, now):
    readers = ["en", "ar", "ar en"]
    lines = "\n".join(story.split(" | "))
    found = []
    for kind in (Remembering, Forgetful):
        house = House(site, db)
        tale = kind(house, readers=readers)
        tale.tell(lines)
        found.append({name: tale.had(name) for name in tale._readers})
        _empty(site, db)
    assert found[0] == found[1]
    assert any(found[0].values())


def _empty(site, db) -> None:
    for path in (site.root / "content").rglob("*.md"):
        path.unlink()
    site.__init__(site.root)
    with write(db) as conn:
        for table in reversed(tables.metadata.sorted_tables):
            conn.execute(table.delete())


@pytest.fixture
def sent(house: House) -> House:
    """An edition that went to three readers; a fourth had left when their turn came."""
    house.site.item("a.en.md", "A")
    house.site.item("a.ar.md", "ا")
    for name, tag in (("ann", "en"), ("bob", "ar"), ("cem", "en"), ("dee", "en")):
        house.reader(name, tag)
    house.open(START)
    house.open(FIRST)
    at = int(FIRST.timestamp()) + 60
    with write(house.db) as conn:
        rows = update(tables.deliveries)
        conn.execute(rows.values(state="sent", settled_at=at, attempts=1))
        last = tables.deliveries.c.subscriber_id == 4
        conn.execute(rows.where(last).values(state="skipped", code="unsubscribed"))
    digests.close_settled(house.db, FIRST + timedelta(hours=1))
    return house


def facts(house: House):
    """All that counts deliveries, and must go on counting them."""
    with read(house.db) as conn:
        month = digests.month(conn, utc("2026-03-01"), utc("2026-04-01"))
        totals = delivery.totals(conn, "edition:1")
    item = digests.explain_item(house.db, house.settings, house.library(FIRST), "a", FIRST + DAY)
    (carried,) = item.digests[0].carried
    return month, totals, sorted(carried.audiences, key=str)


def test_reports_and_sums_are_the_same_before_and_after(sent: House):
    before = facts(sent)
    assert before[0].deliveries == {
        ("weekly", "en", "sent"): 2,
        ("weekly", "ar", "sent"): 1,
        ("weekly", "en", "skipped"): 1,
    }
    assert fold_old(sent.db, sent.settings, LONG_AFTER) == 4
    assert facts(sent) == before
    assert fold_old(sent.db, sent.settings, LONG_AFTER) == 0


def explained(house: House, name: str):
    found = digests.explain_person(
        house.db,
        house.settings,
        house.library(LONG_AFTER),
        f"{name}@example.org",
        LONG_AFTER,
        secret=KEYS.lasting,
        edition="2026-03-03",
    )
    return found.digests[0].editions[0]


def test_explain_says_what_is_known_and_what_no_more(sent: House):
    before = explained(sent, "ann")
    assert not before.delivery.is_folded
    fold_old(sent.db, sent.settings, LONG_AFTER)
    after = explained(sent, "ann")
    assert after.delivery.is_folded
    assert after.delivery.settled_at is None
    assert after.delivery.message_id == before.delivery.message_id != ""
    assert after.items == before.items != ()
    gone = explained(sent, "dee")
    assert (gone.delivery, gone.why, gone.since) == (None, Why.FOLDED, LONG_AFTER)


def test_only_closed_editions_are_folded_and_only_when_they_are_old_enough(sent: House):
    closed_at = FIRST + timedelta(hours=1)
    for age in (timedelta(0), 34 * DAY, 90 * DAY):
        assert fold_old(sent.db, sent.settings, closed_at + age) == 0
    with write(sent.db) as conn:
        conn.execute(update(tables.editions).values(state="sending"))
    assert fold_old(sent.db, sent.settings, LONG_AFTER) == 0
    with write(sent.db) as conn:
        conn.execute(update(tables.editions).values(state="sent"))
    assert fold_old(sent.db, sent.settings, closed_at + 90 * DAY + timedelta(seconds=1)) == 4


@pytest.mark.parametrize(
    ("kept", "digest", "days"),
    [("90d", "", 90), ("40d", "", 40), ("90d", 'max_age = "200d"\n', 204)],
)
def test_no_edition_is_folded_while_its_items_still_count_as_new(house: House, kept, digest, days):
    house.set('at = "Tue 07:00"\n', f'at = "Tue 07:00"\n{digest}')
    if kept != "90d":
        house.set("[sender]", f'[retention]\ndeliveries = "{kept}"\n[sender]')
    assert fold_before(house.settings, FIRST) == FIRST - days * DAY


def test_a_wish_to_stop_is_heard_between_two_chunks(sent: House):
    stop = Event()
    stop.set()
    assert fold_old(sent.db, sent.settings, LONG_AFTER, stop) == 0
    with read(sent.db) as conn:
        assert conn.scalar(select(tables.editions.c.folded_at)) is None
