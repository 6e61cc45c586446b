import pytest
from sqlalchemy import select, update

from publisher.delivery import (
    call_off,
    doubt_all_under_way,
    hold_site,
    release_site,
    site_hold,
    totals,
)
from publisher.store import read, write
from publisher.store.tables import attempts, deliveries
from tests.delivery.world import QUEUED, add_people, open_edition

PURPOSE = "edition:1"


@pytest.fixture
def halfway(db):
    """An edition of which one was sent, one is under way, and two wait."""
    add_people(db, 4)
    open_edition(db)
    with write(db) as conn:
        for number, state in ((1, "sent"), (2, "sending")):
            mine = deliveries.c.subscriber_id == number
            conn.execute(
                update(deliveries).where(mine).values(state=state, attempts=1, worker="a", fence=3)
            )
    return db


def states(db) -> dict[int, tuple[str, str | None, int]]:
    with read(db) as conn:
        found = conn.execute(select(deliveries)).all()
    return {row.subscriber_id: (row.state, row.code, row.doubts) for row in found}


def test_a_held_site_says_since_when_and_why_until_it_is_released(db):
    with write(db) as conn:
        assert site_hold(conn) is None
        hold_site(conn, "a backup of Monday", QUEUED)
        found = site_hold(conn)
        assert (found.since, found.why) == (QUEUED, "a backup of Monday")
        hold_site(conn, "a backup of Tuesday", QUEUED)
        assert site_hold(conn).why == "a backup of Tuesday"
        assert release_site(conn) == 0
        assert site_hold(conn) is None
        assert release_site(conn) is None


def test_what_waited_is_held_and_waits_again_after_the_release(halfway):
    with write(halfway) as conn:
        assert doubt_all_under_way(conn, in_doubt="resend", now=QUEUED) == 1
        assert hold_site(conn, "a copy", QUEUED) == 3
    held = ("held", "restored", 0)
    assert states(halfway) == {1: ("sent", None, 0), 2: ("held", "restored", 1), 3: held, 4: held}
    with read(halfway) as conn:
        assert totals(conn, PURPOSE).held == 3
        assert [row.outcome for row in conn.execute(select(attempts))] == ["in doubt"]
    with write(halfway) as conn:
        assert release_site(conn) == 3
    queued = ("queued", None, 0)
    assert states(halfway) == {1: ("sent", None, 0), 2: ("queued", None, 1), 3: queued, 4: queued}


def test_with_hold_what_was_under_way_stays_for_somebody_to_look_at(halfway):
    with write(halfway) as conn:
        doubt_all_under_way(conn, in_doubt="hold", now=QUEUED)
        assert hold_site(conn, "a copy", QUEUED) == 2
        assert release_site(conn) == 2
    assert states(halfway)[2] == ("held", None, 1)


def test_nobody_has_a_claim_on_what_came_out_of_a_backup(halfway):
    with write(halfway) as conn:
        doubt_all_under_way(conn, in_doubt="resend", now=QUEUED)
        row = conn.execute(select(deliveries).where(deliveries.c.subscriber_id == 2)).one()
    assert (row.worker, row.lease_until_at, row.fence) == (None, None, 3)


def test_an_edition_that_went_out_elsewhere_can_be_called_off_in_the_copy(halfway):
    with write(halfway) as conn:
        hold_site(conn, "a copy", QUEUED)
        assert call_off(conn, PURPOSE, int(QUEUED.timestamp())) == 2
        assert release_site(conn) == 0
    assert states(halfway)[3][:2] == ("skipped", "cancelled")
