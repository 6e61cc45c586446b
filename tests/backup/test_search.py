"""What is found after a restore is what was found before, whatever kind of database it was."""

from pathlib import Path

from sqlalchemy import insert

from publisher import digests
from publisher.backup import Wishes, restore, write_backup
from publisher.digests.archive.items import document
from publisher.store import read, tables, write
from tests.conftest import NOW


def found(engine, typed: str) -> list[str]:
    with read(engine) as conn:
        hits, _ = digests.search(conn, Path(), digests.read_query(typed), "en", NOW)
    return [hit.title for hit in hits]


def test_restored_index_finds_what_the_copied_one_did(source, empty, tmp_path):
    rows = [document(0, str(n), "en", f"Mayors {n}", "Amman", kind="news") for n in range(3)]
    with write(source) as conn:
        conn.execute(insert(tables.documents), rows)
    write_backup(source, tmp_path / "b.zip", tmp_path / "secret", NOW)
    restore(empty, tmp_path / "b.zip", tmp_path / "restored-secret", NOW, Wishes())
    assert found(empty, "mayors amman") == found(source, "mayors amman")
    assert found(empty, "mayors 2") == ["Mayors 2"]
    write_backup(empty, tmp_path / "c.zip", tmp_path / "secret", NOW)
    restore(empty, tmp_path / "c.zip", tmp_path / "restored-secret", NOW, Wishes(may_replace=True))
    assert found(empty, "mayors 2") == ["Mayors 2"]
