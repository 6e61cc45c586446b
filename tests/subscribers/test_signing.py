import pytest

from publisher.errors import StoreError
from publisher.subscribers import check_signing_keys, has_signing_keys
from publisher.tokens import Keys

ONE = ("1", b"a" * 32)
TWO = ("2", b"b" * 32)


def test_the_first_machine_says_which_keys_they_are_and_the_second_has_the_same(db, now):
    assert not has_signing_keys(db)
    check_signing_keys(db, Keys((ONE,)), now)
    assert has_signing_keys(db)
    check_signing_keys(db, Keys((ONE,)), now)


def test_another_secret_is_refused(db, now):
    check_signing_keys(db, Keys((ONE,)), now)
    with pytest.raises(StoreError, match="is not the one") as caught:
        check_signing_keys(db, Keys((("1", b"x" * 32),)), now)
    assert "copy var/secret" in caught.value.hint


def test_another_secret_leaves_none_of_its_keys_behind(db, now):
    check_signing_keys(db, Keys((ONE,)), now)
    with pytest.raises(StoreError):
        check_signing_keys(db, Keys((("1", b"x" * 32), ("2", b"y" * 32))), now)
    check_signing_keys(db, Keys((ONE, TWO)), now)


def test_a_new_key_is_taken_up_and_missed_where_it_was_not_copied(db, now):
    check_signing_keys(db, Keys((ONE,)), now)
    check_signing_keys(db, Keys((ONE, TWO)), now)
    with pytest.raises(StoreError, match="lacks key 2"):
        check_signing_keys(db, Keys((ONE,)), now)


def test_the_database_tells_nothing_of_a_key(db, now):
    from publisher.store import read
    from publisher.store.tables import signing_keys

    check_signing_keys(db, Keys((ONE,)), now)
    with read(db) as conn:
        (row,) = conn.execute(signing_keys.select())
    assert ONE[1].hex() not in row.fingerprint
    assert len(row.fingerprint) == 32
