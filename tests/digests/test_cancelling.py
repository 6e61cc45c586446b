"""An edition cancelled while messages are under way: whether anything left is known only later."""

from datetime import timedelta

import pytest

from publisher.delivery import Kind, Outcome
from publisher.delivery.ledger.claim import claim
from publisher.delivery.ledger.record import record
from publisher.delivery.ledger.retry import RetryRule
from publisher.store import write
from tests.digests.conftest import House, utc

SLOT, NEXT = utc("2026-03-03T07:00"), utc("2026-03-10T07:00")
MINUTE = timedelta(minutes=1)


def cancelled_under_way(house: House, answer: Kind) -> tuple[int, int]:
    """Two readers of an edition that is cancelled while the first reader's message is under way."""
    house.site.item("a.en.md", "A")
    readers = house.reader("one"), house.reader("two")
    house.open(utc("2026-03-02T12:00"))
    house.open(SLOT)
    with write(house.db) as conn:
        (claimed,), _ = claim(conn, worker="w", now=SLOT)
    assert house.decide("cancel", SLOT + MINUTE).gone == 1
    outcome = Outcome(answer, "4.3.0" if answer is Kind.DEFERRED else "2.0.0", "said the server")
    with write(house.db) as conn:
        record(conn, claimed, outcome, now=SLOT + MINUTE, rule=RetryRule(), in_doubt="resend")
    return readers


@pytest.mark.parametrize("looked_at", [[SLOT + 2 * MINUTE], [], [NEXT - MINUTE]])
def test_if_no_server_took_any_message_its_items_wait_for_the_next(house: House, looked_at):
    one, two = cancelled_under_way(house, Kind.DEFERRED)
    for now in looked_at:
        house.open(now)
    house.open(NEXT)
    house.open(NEXT + timedelta(days=7))
    # What never left stands in the ledger too, as skipped.
    assert house.received(one) == house.received(two) == [["a/en"], ["a/en"]]
    assert [state for _, _, state in house.editions()] == ["cancelled", "sending", "sent"]


def test_if_one_left_after_all_its_items_count_as_sent(house: House):
    one, two = cancelled_under_way(house, Kind.ACCEPTED)
    house.open(SLOT + 2 * MINUTE)
    house.open(NEXT)
    assert house.received(one) == house.received(two) == [["a/en"]]
