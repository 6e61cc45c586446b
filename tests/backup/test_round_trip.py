import threading
from dataclasses import replace
from zipfile import ZipFile

import pytest
from sqlalchemy import insert, select, text

from publisher.backup import Wishes, open_backup, restore, write_backup
from publisher.digests.edition import State
from publisher.digests.freezing import NewEdition, insert_edition
from publisher.digests.period import Slot
from publisher.errors import BackupError, MigrationNeeded
from publisher.store import check_schema, read, upgrade, write
from publisher.store.migrations import HEAD
from publisher.store.schema import migrate, revision_of
from publisher.store.tables import consents, signatures, subscribers
from publisher.tokens import open_keys
from tests.backup.rows import COUNT, contents, fill, rows_of

PLANNED = Wishes(is_planned=True)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "old-var" / "secret"
    open_keys(path, may_make=True)
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "backup.zip"


def bring_back(file, engine, tmp_path, now, wishes=PLANNED, **more):
    return restore(engine, file, tmp_path / "new-var" / "secret", now, wishes, **more)


def test_every_row_of_every_table_comes_back(db, empty, secret, file, tmp_path, now):
    fill(db)
    written = write_backup(db, file, secret, now)
    before = contents(db)
    done = bring_back(file, empty, tmp_path, now)
    assert contents(empty) == before
    assert written.rows == done.rows == sum(map(len, before.values())) > 20 * COUNT
    assert (tmp_path / "new-var/secret").read_bytes() == secret.read_bytes()
    check_schema(empty)


def test_a_move_there_and_back_again_changes_no_byte_of_a_table(
    source, postgres, sqlite, secret, file, tmp_path, now
):
    fill(source)
    write_backup(source, file, secret, now)
    there, back = tmp_path / "there.zip", tmp_path / "back.zip"
    bring_back(file, postgres, tmp_path, now)
    write_backup(postgres, there, secret, now)
    bring_back(there, sqlite, tmp_path, now)
    write_backup(sqlite, back, secret, now)
    found = []
    for path in (file, there, back):
        with open_backup(path) as backup:
            found.append({table.name: table.sha256 for table in backup.manifest.tables})
    assert found[0] == found[1] == found[2]


def test_new_rows_get_new_numbers_after_a_restore(source, empty, secret, file, tmp_path, now):
    fill(source)
    write_backup(source, file, secret, now)
    bring_back(file, empty, tmp_path, now)
    row = {"subscriber_id": 1, "happened_at": 1, "act": "changed", "source": "", "wording": ""}
    with write(empty) as conn:
        made = conn.execute(insert(consents).values(**row).returning(consents.c.id)).scalar_one()
    assert made == COUNT + 1


def test_editions_after_a_restore_are_not_taken_for_those_that_a_lost_copy_sent(
    source, empty, secret, file, tmp_path, now
):
    write_backup(source, file, secret, now)
    for wishes, least in ((Wishes(), int(now.timestamp()) // 60), (PLANNED, 1)):
        bring_back(file, empty, tmp_path, now, replace(wishes, may_replace=True))
        numbers = []
        for slot in ("2026-03-10T07:00", "2026-03-17T07:00"):
            new = NewEdition("weekly", Slot(slot, now), State.MISSED, now)
            with write(empty) as conn:
                numbers.append(insert_edition(conn, new))
        assert numbers == [least, least + 1]


def test_an_empty_table_numbers_from_one(source, empty, secret, file, tmp_path, now):
    write_backup(source, file, secret, now)
    bring_back(file, empty, tmp_path, now)
    with write(empty) as conn:
        row = insert(signatures).values(languages="en", kinds="", categories="", originals=0)
        assert conn.execute(row.returning(signatures.c.id)).scalar_one() == 1


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_a_backup_of_an_older_schema_is_migrated(empty, sqlite, secret, tmp_path, now, revision):
    from publisher.store import open_engine

    old = open_engine("sqlite:///old.sqlite3", tmp_path)
    with write(old) as conn:
        migrate(conn, revision)
        conn.execute(text("INSERT INTO starts (digest, started_at) VALUES ('weekly', 7)"))
        conn.execute(
            text(
                "INSERT INTO editions (digest, slot, state, due_at, frozen, opened_at)"
                " VALUES ('weekly', '2026-03-03T07:00', 'sent', 1, '{}', 2)"
            )
        )
    file = tmp_path / "old.zip"
    write_backup(old, file, secret, now)
    old.dispose()
    done = bring_back(file, empty, tmp_path, now)
    assert done.revision == revision
    check_schema(empty)
    (edition,) = rows_of(empty, "editions")
    assert (edition["slot"], edition["held_by"]) == ("2026-03-03T07:00", "")
    assert edition["folded_at"] is None


def test_a_backup_can_be_taken_before_the_upgrade(secret, file, tmp_path, now):
    from publisher.store import open_engine

    old = open_engine("sqlite:///old.sqlite3", tmp_path)
    with write(old) as conn:
        migrate(conn, "0002")
    write_backup(old, file, secret, now)
    with read(old) as conn:
        assert revision_of(conn) == "0002"
    old.dispose()
    with open_backup(file) as backup:
        assert backup.manifest.revision == "0002"


def test_a_backup_of_a_newer_schema_is_refused_in_the_words_of_a_migration(
    source, empty, secret, file, tmp_path, now
):
    with write(source) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        write_backup(source, file, secret, now)
    finally:
        with write(source) as conn:
            conn.execute(text(f"UPDATE alembic_version SET version_num = '{HEAD}'"))
    with pytest.raises(MigrationNeeded, match="schema 9999") as caught:
        bring_back(file, empty, tmp_path, now)
    assert "newer publisher" in caught.value.hint


def test_there_is_no_backup_of_no_database(empty, secret, file, now):
    with pytest.raises(MigrationNeeded):
        write_backup(empty, file, secret, now)
    assert not file.exists()
    assert list(file.parent.glob(".new-*")) == []


def test_only_the_owner_reads_a_backup_and_it_replaces_nothing(db, secret, file, now):
    write_backup(db, file, secret, now)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    with pytest.raises(BackupError, match="is there already") as caught:
        write_backup(db, file, secret, now)
    assert "--force" in caught.value.hint
    assert file.read_bytes() == before
    fill(db)
    write_backup(db, file, secret, now, may_replace=True)
    assert file.read_bytes() != before


def test_other_tables_in_the_database_are_left_alone(empty, secret, file, tmp_path, now, source):
    with write(empty) as conn:
        conn.execute(text("CREATE TABLE procrastinate_jobs (id INTEGER)"))
        conn.execute(text("INSERT INTO procrastinate_jobs VALUES (5)"))
    fill(source)
    write_backup(source, file, secret, now)
    bring_back(file, empty, tmp_path, now)
    with read(empty) as conn:
        assert conn.execute(text("SELECT id FROM procrastinate_jobs")).scalar_one() == 5
    write_backup(empty, tmp_path / "second.zip", secret, now)
    with ZipFile(tmp_path / "second.zip") as parts:
        assert not [name for name in parts.namelist() if "procrastinate" in name]
        assert not [name for name in parts.namelist() if "alembic" in name]


def test_a_backup_in_the_middle_of_writing_is_one_moment(db, secret, file, tmp_path, now):
    """Two rows are always written together: no backup may have one without the other."""
    upgrade(db)
    stop, written = threading.Event(), []

    def go_on():
        number = 0
        while not stop.is_set():
            number += 1
            with write(db) as conn:
                conn.execute(insert(subscribers).values(_person(number)))
                conn.execute(insert(consents).values(_agreed(number)))
            written.append(number)

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        while len(written) < 20:
            stop.wait(0.01)
        for _ in range(5):
            write_backup(db, file, secret, now, may_replace=True)
            people, agreed = _counts(file)
            assert people == agreed >= 20
    finally:
        stop.set()
        writer.join()


def _person(number: int) -> dict[str, object]:
    at = {"created_at": 1, "changed_at": 1}
    identity = {"id": number, "public_id": f"p{number}", "address_hash": b"h"}
    return {**identity, "languages": "en", "state": "active", **at}


def _agreed(number: int) -> dict[str, object]:
    return {
        "subscriber_id": number,
        "happened_at": 1,
        "act": "added",
        "source": "operator",
        "wording": "yes",
    }


def _counts(file) -> list[int]:
    with open_backup(file) as backup:
        rows = {table.name: table.rows for table in backup.manifest.tables}
    return [rows["subscribers"], rows["consents"]]


def test_progress_ends_at_the_last_row(source, empty, secret, file, tmp_path, now):
    fill(source)
    told: list[tuple[int, int]] = []
    written = write_backup(source, file, secret, now, on_progress=lambda *at: told.append(at))
    assert told[-1] == (written.rows, written.rows)
    bring_back(file, empty, tmp_path, now, on_progress=lambda *at: told.append(at))
    assert told[-1] == (written.rows, written.rows)


def test_people_without_their_secret_are_no_backup(db, file, tmp_path, now):
    from publisher.errors import StoreError

    write_backup(db, file, tmp_path / "none" / "secret", now)
    with open_backup(file) as backup:
        assert backup.secret() == b""
    with write(db) as conn:
        conn.execute(insert(subscribers).values(_person(1)))
    with pytest.raises(StoreError, match="is missing, but there are subscribers"):
        write_backup(db, file, tmp_path / "none" / "secret", now, may_replace=True)
    with read(db) as conn:
        assert conn.scalar(select(subscribers.c.id)) == 1
