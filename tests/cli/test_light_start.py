import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"pydantic", "jinja2", "sqlalchemy", "lxml", "rich", "requests", "feedgen", "babel", "yaml"}
LOOK = "import sys; print(' '.join(sys.modules), file=sys.__stdout__)"
RUN = "from publisher.cli.main import run; run({words!r}); " + LOOK


def imported(words: list[str], cwd, first: str = "") -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", first + RUN.format(words=words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["biuld"]])
def test_help_and_version_import_nothing_heavy(words, tmp_path):
    assert not imported(words, tmp_path) & HEAVY


def test_a_build_with_nothing_to_do_imports_no_database_and_no_renderer(site):
    site.item("a.en.md", "A")
    # What was written in the last moment may change unseen; only older files are trusted.
    for path in (site.root / "content").rglob("*"):
        os.utime(path, (time.time() - 60, time.time() - 60))
    assert "feedgen" in imported(["build"], site.root)
    found = imported(["build"], site.root)
    assert not found & HEAVY


def test_no_build_imports_the_database(site):
    site.item("a.en.md", "A")
    assert "sqlalchemy" not in imported(["build"], site.root)


STOP_SOON = (
    "import os, signal, threading; "
    "threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM)).start(); "
)


@pytest.mark.parametrize(
    "words",
    [["send"], ["queue"], ["upgrade"], ["doctor"], ["worker"], ["run", "--no-web"]],
    ids=lambda words: words[0],
)
def test_with_sqlite_nothing_of_several_machines_is_imported(site, words):
    site.item("a.en.md", "A")
    first = STOP_SOON if words[0] == "run" else ""
    found = imported(words, site.root, first)
    assert "publisher" in found
    assert not found & {"procrastinate", "psycopg", "psycopg_pool"}
