"""Ends the sender at every commit, fsync and socket send: figure D20."""

import json
import mailbox
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from email import message_from_bytes
from pathlib import Path

import pytest

from publisher.delivery import message_id

from .crash import secret_of
from .world import add_people, open_edition

READERS = 20


@pytest.fixture
def crash_everywhere(small_db, tmp_path):
    """Run the crashes against a transport; returns each try's accounting, the last one uncrashed."""
    # In memory where there is such a place: a process that ends loses nothing of what it wrote,
    # so whether a disk has it does not matter here, and 40 waits for a disk each time would.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(dir=memory, prefix="publisher-crash-"))

    def run(kind, readers, port=0):
        add_people(small_db, readers)
        open_edition(small_db)
        small_db.dispose()
        command = [sys.executable, "-m", f"{__package__}.crash", kind]
        command += [str(tmp_path / "publisher.sqlite3"), str(folder), str(port)]
        paths = os.pathsep.join(path for path in sys.path if path)
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return folder, [json.loads(line) for line in done.stdout.splitlines()]

    yield run
    shutil.rmtree(folder)


def assert_accounted(tries, readers):
    for each in tries:
        assert (each["recipients"], each["sent"], each["down"]) == (readers, readers, ""), each
        assert each["doubted"] == each["report_in_doubt"] <= 1
    assert tries[-1]["doubted"] == 0


def test_a_crash_at_any_point_loses_nobody_and_doubles_no_file(crash_everywhere):
    folder, tries = crash_everywhere("maildir", READERS)
    assert len(tries) > 2 * READERS  # two points a message: the file's and the commit
    assert_accounted(tries, READERS)
    for point in range(1, len(tries) + 1):
        outbox = folder / str(point) / "outbox"
        to = [message["To"] for message in mailbox.Maildir(outbox, create=False)]
        assert sorted(to) == sorted(f"r{n}@readers.test" for n in range(1, READERS + 1))
        assert list((outbox / "tmp").iterdir()) == []


def test_a_crash_at_any_point_repeats_at_most_one_message_byte_for_byte(crash_everywhere, serve):
    readers = 6  # the rig tries twenty, through the command
    sink = serve()
    _, tries = crash_everywhere("smtp", readers, sink.port)
    assert len(tries) > 6 * readers  # MAIL, RCPT, DATA, text, dot, commit
    assert_accounted(tries, readers)
    journal = defaultdict(list)
    for taken in sink.taken:
        journal[message_from_bytes(taken.data)["Message-ID"]].append(taken)
    for point, each in enumerate(tries, start=1):
        copies = [
            journal.pop(
                message_id(secret_of(point), "edition:1", f"p{n}-readers.test", "cities.test")
            )
            for n in range(1, readers + 1)
        ]
        repeats = sum(map(len, copies)) - readers
        assert 0 <= repeats <= each["doubted"]
        assert all(taken.data == group[0].data for group in copies for taken in group)
        assert all(taken.recipient == group[0].recipient for group in copies for taken in group)
    assert journal == {}
