from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from publisher.app import open_app
from publisher.checks.finding import Result
from publisher.checks.growth import Edition, compare, room_for_next
from publisher.ops import Clock
from publisher.store import write
from publisher.subscribers import Person, add

KIB, MIB = 1024, 1024**2


def test_an_edition_takes_rows_bodies_and_whole_blocks():
    edition = Edition(readers=1_000, bodies=10, body_bytes=20_000, message_bytes=4_097)
    assert edition.in_outbox == 1_000 * 8 * KIB
    assert edition.in_database > 10 * 20_000 + 1_000 * 200
    assert Edition(2_000, 10, 20_000, 1).in_database > edition.in_database


def test_room_is_counted_disk_by_disk(tmp_path):
    result, said, hint = compare("two mails", "", {tmp_path: MIB, tmp_path / "not yet": 3 * MIB})
    assert (result, hint) == (Result.OK, "")
    assert said == "two mails need 4 MB, and there is room"
    result, said, hint = compare("two mails", "", {tmp_path: 1 << 60, tmp_path / "not yet": MIB})
    assert result is Result.WARNING
    assert said.startswith(f"two mails need 1,099,511,627,777 MB in {tmp_path}")
    assert "larger disk" in hint


@pytest.fixture
def app(site, now):
    site.item("a.en.md", "A")
    opened = open_app(site.root, Clock(now))
    yield opened
    opened.close()


def join(app, count: int) -> None:
    keys = app.keys
    with write(app.engine) as conn:
        for number in range(count):
            person = Person(f"r{number}@example.org")
            add(conn, app.settings, keys, person, app.now(), "agreed")


def test_without_readers_there_is_nothing_to_make_room_for(app):
    assert "no readers yet" in room_for_next(app)[1]
    assert not (app.settings.root / "var").exists()


def test_the_readers_of_the_largest_digest_are_counted(app):
    join(app, 3)
    result, said, _ = room_for_next(app)
    assert result is Result.OK
    assert said.startswith("next edition: about 3 mails need")
    assert "there is room" in said


def test_a_servers_disk_cannot_be_seen_and_is_told_of(site, now, postgres_server, monkeypatch):
    address = postgres_server.replace("postgresql://", "postgresql+psycopg://")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text("CREATE DATABASE publisher_growth"))
    admin.dispose()
    url = admin.url.set(drivername="postgresql", database="publisher_growth")
    monkeypatch.setenv("PUBLISHER_DATABASE_URL", url.render_as_string(hide_password=False))
    app = open_app(Path(site.root), Clock(now))
    try:
        join(app, 2)
        result, said, _ = room_for_next(app)
    finally:
        app.close()
    assert result is Result.OK
    assert "about 2 mails" in said
    assert "MB of it on the database server's disk, which cannot be seen from here" in said
