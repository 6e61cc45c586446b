from datetime import timedelta

from publisher.store import Lease, forget_ended, held, read, write
from publisher.store.tables import leases

MINUTE = timedelta(minutes=1)


def pass_by(db, seconds: int) -> None:
    """Have leases end so much earlier: what the passing of time comes to."""
    with write(db) as conn:
        conn.execute(leases.update().values(until_at=leases.c.until_at - seconds))


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
    first = Lease.take(db, "build", "a", MINUTE)
    pass_by(db, 30)
    assert first.keep()
    pass_by(db, 30)
    assert Lease.take(db, "build", "b", MINUTE) is None
    assert first.keep()
    pass_by(db, 61)
    assert not first.keep()
    second = Lease.take(db, "build", "b", MINUTE)
    first.give_back()
    assert second.keep()


def test_leases_in_force_are_told_by_how_their_names_begin(db):
    Lease.take(db, "machine:a", "here:1", MINUTE)
    Lease.take(db, "machine:b", "there:2", timedelta(seconds=0))
    Lease.take(db, "build", "here:1", MINUTE)
    assert held(db, "machine:") == {"machine:a": "here:1"}
    assert held(db, "machine%") == {}


def test_ended_leases_are_forgotten_and_others_kept(db):
    Lease.take(db, "machine:a", "here:1", MINUTE)
    Lease.take(db, "machine:b", "there:2", timedelta(seconds=0))
    Lease.take(db, "build", "here:1", timedelta(seconds=0))
    forget_ended(db, "machine:")
    with read(db) as conn:
        assert {row.name for row in conn.execute(leases.select())} == {"machine:a", "build"}
