"""Many addresses that are never to be mailed again, at once."""

from sqlalchemy import event

from publisher.store import write
from publisher.subscribers import suppress_hashes

HASHES = [number.to_bytes(32, "big") for number in range(3000)]


def test_a_long_list_of_suppressions_takes_few_statements(db, now):
    said: list[str] = []
    event.listen(db, "before_cursor_execute", lambda *told: said.append(told[2]))
    with write(db) as conn:
        assert suppress_hashes(conn, HASHES, now, reason="import") == len(HASHES)
    assert len(said) < 20


def test_only_addresses_that_were_not_suppressed_count_and_each_once(db, now):
    with write(db) as conn:
        suppress_hashes(conn, HASHES[:10], now, reason="import")
        again = [*HASHES[5:15], *HASHES[5:15]]
        assert suppress_hashes(conn, again, now, reason="import") == 5
        assert suppress_hashes(conn, [], now, reason="import") == 0
