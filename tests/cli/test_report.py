import json
import os
import pty
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.cli.report import count, span

ROOT = Path(__file__).parents[2]


def on_terminal(words: list[str], cwd: Path, **environ: str) -> tuple[str, bytes]:
    """Run a command with standard error on a terminal; return its output and what was drawn."""
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "publisher", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environ},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    drawn = b""
    try:
        while piece := os.read(ours, 65536):
            drawn += piece
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    return done.stdout, drawn


def test_progress_is_drawn_on_the_terminal_and_json_stays_clean(site):
    for number in range(30):
        site.item(f"{number}.en.md", f"Item {number}", colour="blue")
    out, drawn = on_terminal(["check", "--json"], site.root)
    assert json.loads(out)["items"] == 30
    assert "\x1b" not in out
    out, drawn = on_terminal(["build"], site.root)
    assert b"feeds" in drawn
    assert "\x1b" not in out


def test_no_color_is_honoured(site):
    site.write("content/b.en.md", "---\ntitle: B\ndate: never\n---\n")
    assert b"\x1b[31m" in on_terminal(["build"], site.root)[1]
    assert b"\x1b[31m" not in on_terminal(["build"], site.root, NO_COLOR="1")[1]


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=1), "1 day"),
        (timedelta(hours=6), "6 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_spans_of_time_are_written_in_their_largest_whole_unit(length, words):
    assert span(length) == words


def test_numbers_come_with_their_noun():
    assert count(1, "item") == "1 item"
    assert count(2000, "item") == "2,000 items"
    assert count(2, "person", "people") == "2 people"
