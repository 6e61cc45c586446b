"""Every hostile list of the corpus has its outcome: what is taken is right, the rest is told.

The folder is named by PUBLISHER_CORPUS: import/ is read from it.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from publisher.errors import PublisherError
from publisher.store import read
from publisher.subscribers import Result, State, import_file, people

CORPUS = Path(os.environ.get("PUBLISHER_CORPUS", "."), "import")
pytestmark = pytest.mark.skipif(
    "PUBLISHER_CORPUS" not in os.environ, reason="PUBLISHER_CORPUS names no corpus"
)
MOST_MEMORY = 200 * 1024  # kB
ROWS = 80_000  # three batches: what grows with the rows would show
READ = """
import re, sys
from datetime import UTC, datetime
from pathlib import Path
from publisher.app import open_app
from publisher.ops import Clock
from publisher.subscribers import import_file
app = open_app(Path(sys.argv[1]), Clock())
told = []
report = import_file(
    app.engine, app.settings, app.keys, Path(sys.argv[2]), datetime.now(UTC), consent="yes",
    is_dry_run=True, on_progress=lambda done, total: told.append(done),
)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(report.rows, len(told), peak)
"""


@pytest.fixture
def take(db, settings, keys, now):
    def take(name, consent="I agree"):
        return import_file(db, settings, keys, CORPUS / name, now, consent=consent)

    return take


@pytest.fixture
def names(db, now):
    def names():
        with read(db) as conn:
            return {who.address: who.name for who in people(conn, now)}

    return names


@pytest.mark.parametrize(
    ("name", "taken", "refused_lines"),
    [
        ("01-ok.csv", {"a@example.test": "A", "b@example.test": "B, junior"}, []),
        ("03-utf16.csv", {"a@example.test": "A"}, []),
        ("05-windows1256.csv", {"a@example.test": "سامي"}, []),
        ("09-nul.csv", {}, [2]),
        ("11-mixed-eol.csv", {f"{name}@example.test": name.upper() for name in "abc"}, []),
        ("15-case-dups.csv", {"A@example.test": ""}, []),
        ("19-crlf-in-field.csv", {"b@example.test": "B Bcc: v@example.org"}, [2]),
    ],
)
def test_right_rows_of_a_hostile_list_are_taken_and_the_others_told(
    take, names, name, taken, refused_lines
):
    report = take(name)
    assert names() == taken
    assert [one.line for one in report.refusals] == refused_lines
    assert report.results == ({Result.ADDED: len(taken)} if taken else {})
    assert report.duplicates == (2 if name == "15-case-dups.csv" else 0)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("07-dup-header.csv", '"email" is there twice'),
        ("13-wide.csv", "no email column"),
        ("17-empty.csv", "empty"),
        ("21-xlsx-renamed.csv", "spreadsheet"),
        ("23-zip-slip.zip", "leads out of its folder"),
    ],
)
def test_what_is_no_list_is_refused_whole(take, names, tmp_path, name, sentence):
    with pytest.raises(PublisherError, match=sentence):
        take(name)
    assert names() == {}
    if name.endswith(".zip"):
        within = zipfile.ZipFile(CORPUS / name).namelist()
        assert not [path for path in within if Path(tmp_path, path).resolve().exists()]


def test_nobody_on_a_list_is_active_without_the_word_that_they_agreed(take, db, now):
    assert take("01-ok.csv", consent="").results == {Result.ADDED_PENDING: 2}
    with read(db) as conn:
        assert {who.state for who in people(conn, now)} == {State.PENDING}


def test_list_without_end_is_read_in_little_memory_with_progress(site, tmp_path):
    case = json.loads((CORPUS / "37-million-rows.json").read_text())
    assert case["generate_csv_rows"] > ROWS
    path = tmp_path / "many.csv"
    lines = (f"reader.{number}@example{number % 999}.test,Reader\n" for number in range(ROWS))
    path.write_text("email,name\n" + "".join(lines))
    command = [sys.executable, "-m", "publisher", "--site", site.root, "upgrade"]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    said = subprocess.run(
        [sys.executable, "-c", READ, site.root, path],
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    ).stdout
    rows, steps, peak = map(int, re.findall(r"\d+", said))
    assert (rows, peak < MOST_MEMORY) == (ROWS, True)
    assert steps > 2
