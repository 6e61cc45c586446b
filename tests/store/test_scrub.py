"""What was deleted is taken from the database's files, and nobody who uses them notices."""

import subprocess
import sys

import pytest
from sqlalchemy import insert

from publisher.store import scrub, tables, write

on_sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
LOOK = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall())"


def add_lease(db, name):
    with write(db) as conn:
        conn.execute(insert(tables.leases).values(name=name, holder="me", until_at=1))


def names(db):
    """Return what another process finds, which closes the database again as it ends."""
    file = db.get_execution_options()["publisher_file"]
    words = [sys.executable, "-c", LOOK, str(file), "SELECT name FROM leases ORDER BY name"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@on_sqlite
def test_what_is_written_afterwards_is_found_by_other_processes(db):
    add_lease(db, "before")
    assert scrub(db, ["gone@example.org"])
    assert names(db) == "[('before',)]"
    add_lease(db, "after")
    assert names(db) == "[('after',), ('before',)]"


@on_sqlite
def test_a_text_that_still_is_in_a_row_is_not_said_to_be_gone(db):
    add_lease(db, "still-there")
    assert not scrub(db, ["still-there"])
