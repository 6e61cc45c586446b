from datetime import UTC, datetime, timedelta

import pytest

from publisher.delivery.ledger.retry import RetryRule

QUEUED = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
RULE = RetryRule()


@pytest.mark.parametrize(
    ("attempts", "at_least"),
    [(1, timedelta(minutes=5)), (2, timedelta(minutes=10)), (9, timedelta(hours=2))],
)
def test_wait_doubles_up_to_two_hours(attempts, at_least):
    wait = RULE.next_attempt(7, attempts, QUEUED, now=QUEUED) - QUEUED
    assert at_least <= wait <= at_least * 1.1


def test_receiver_may_ask_for_longer():
    asked = timedelta(hours=6)
    assert RULE.next_attempt(7, 1, QUEUED, QUEUED, server_asked=asked) >= QUEUED + asked


def test_gives_up_after_two_days():
    assert RULE.next_attempt(7, 20, QUEUED, now=QUEUED + timedelta(days=2)) is None


def test_the_same_delivery_always_waits_the_same_and_others_do_not():
    waits = {RULE.next_attempt(person, 1, QUEUED, QUEUED) for person in range(50)}
    assert RULE.next_attempt(3, 1, QUEUED, QUEUED) in waits
    assert len(waits) > 40


def test_a_retry_without_an_attempt_is_an_error():
    with pytest.raises(ValueError, match="at least one attempt"):
        RULE.next_attempt(7, 0, QUEUED, QUEUED)
