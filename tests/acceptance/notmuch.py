"""Messages as notmuch reads them: a mail program built on GMime, which shares no code with ours."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_HEADERS = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
_SETTINGS = """\
[database]
path={folder}
[user]
name=Nobody
primary_email=nobody@readers.test
[show]
extra_headers={headers}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One message, decoded."""

    headers: dict[str, str]
    types: tuple[str, ...]  # of its parts, in order
    plain: str
    html: str


def why_not() -> str:
    """Return why notmuch cannot be asked here, or ""."""
    if shutil.which("notmuch") is None:
        return "notmuch is not installed (Debian: apt-get install notmuch)"
    return ""


def read_folder(folder: Path, scratch: Path) -> dict[str, Seen]:
    """Return every message of a Maildir by its recipient."""
    settings = scratch / "notmuch"
    settings.write_text(
        _SETTINGS.format(folder=folder, headers=";".join(_HEADERS)), encoding="utf-8"
    )
    _notmuch(settings, "new", "--quiet")
    threads = json.loads(
        _notmuch(settings, "show", "--format=json", "--include-html", "--entire-thread=false", "*")
    )
    seen = [_seen(message) for thread in threads for message, _replies in thread]
    return {each.headers["To"]: each for each in seen}


def _notmuch(settings: Path, *words: str) -> str:
    done = subprocess.run(
        ["notmuch", *words],
        check=True,
        capture_output=True,
        timeout=60,
        env={**os.environ, "NOTMUCH_CONFIG": str(settings), "LC_ALL": "C.UTF-8"},
    )
    return done.stdout.decode()


def _seen(message: dict) -> Seen:
    (whole,) = message["body"]
    assert whole["content-type"] == "multipart/alternative"
    parts = [(part["content-type"], part["content"]) for part in whole["content"]]
    texts = dict(parts)
    return Seen(
        message["headers"],
        tuple(kind for kind, _ in parts),
        texts["text/plain"],
        texts["text/html"],
    )
