import time
from datetime import timedelta

from publisher.store import Lease

MINUTE = timedelta(minutes=1)


def test_one_holder_at_a_time(db):
    assert Lease.take(db, "build", "a", MINUTE)
    assert Lease.take(db, "build", "b", MINUTE) is None
    assert Lease.take(db, "feedback", "b", MINUTE)


def test_a_holder_may_take_its_own_lease_anew(db):
    assert Lease.take(db, "build", "a", MINUTE)
    assert Lease.take(db, "build", "a", MINUTE)


def test_a_lease_given_back_is_free(db):
    first = Lease.take(db, "build", "a", MINUTE)
    first.give_back()
    assert Lease.take(db, "build", "b", MINUTE)
    assert not first.keep()


def test_a_lease_that_ended_can_be_taken_and_no_longer_kept(db):
    first = Lease.take(db, "build", "a", timedelta(seconds=1))
    assert first.keep()
    time.sleep(2.1)
    assert not first.keep()
    second = Lease.take(db, "build", "b", MINUTE)
    first.give_back()
    assert second.keep()
