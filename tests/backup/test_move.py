"""A mailing that begins on SQLite and ends on PostgreSQL: nobody is left out, nobody gets two."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from publisher.cli.main import run
from publisher.delivery import totals
from publisher.store import read

READERS = 240
BEFORE, AT_SLOT = "2026-03-02T12:00:00Z", "2026-03-03T07:00:30Z"
SOME = 20  # messages after which the old site is stopped
MOST_REPEATS = 8  # one a connection


def publisher(root: Path, *words: object) -> None:
    assert run(["--site", str(root), *map(str, words)]) == 0


def inbox(root: Path) -> dict[str, str]:
    """Message-ID -> address of what left from a site's folder."""
    found = (message_from_bytes(path.read_bytes()) for path in (root / "outbox/new").iterdir())
    return {message["Message-ID"]: message["To"] for message in found}


def stop_in_the_middle(root: Path, how: signal.Signals) -> None:
    """Begin to send and end the process once some messages left."""
    sending = subprocess.Popen(
        [sys.executable, "-m", "publisher", "--site", root, "send"],
        env={**os.environ, "PUBLISHER_TESTING": "1", "PUBLISHER_NOW": AT_SLOT},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    outbox, end = root / "outbox/new", time.monotonic() + 120
    while not outbox.is_dir() or len(list(outbox.iterdir())) < SOME:
        assert time.monotonic() < end
        assert sending.poll() is None
        time.sleep(0.002)
    sending.send_signal(how)
    sending.wait(60)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_edition_that_moves_half_sent_reaches_everybody_once(
    site, postgres, postgres_url, tmp_path, monkeypatch, how
):
    monkeypatch.setenv("PUBLISHER_TESTING", "1")
    monkeypatch.setenv("PUBLISHER_NOW", BEFORE)
    site.item("a.en.md", "A")
    people = "".join(f"reader{number}@example.org\n" for number in range(READERS))
    list_ = site.write("readers.csv", f"email\n{people}")
    publisher(site.root, "send")
    publisher(site.root, "subscribers", "import", list_, "--consent", "asked")
    stop_in_the_middle(site.root, how)
    monkeypatch.setenv("PUBLISHER_NOW", AT_SLOT)
    publisher(site.root, "backup", tmp_path / "move.zip")

    new = tmp_path / "new"
    shutil.copytree(site.root, new, ignore=shutil.ignore_patterns("var", "outbox"))
    monkeypatch.setenv("PUBLISHER_DATABASE_URL", postgres_url)
    publisher(new, "restore", "--as-is", tmp_path / "move.zip")
    publisher(new, "send")

    there, here = inbox(site.root), inbox(new)
    assert SOME <= len(there) < READERS
    times = Counter([*there.values(), *here.values()])
    assert len(times) == READERS
    twice = [address for address, number in times.items() if number > 1]
    assert len(twice) <= (0 if how is signal.SIGTERM else MOST_REPEATS)
    assert len({**there, **here}) == READERS  # whoever got two got the same message twice
    with read(postgres) as conn:
        found = totals(conn, "edition:1")
    assert (found.recipients, found.sent, found.waiting) == (READERS, READERS, 0)
    assert found.doubted >= len(twice)
