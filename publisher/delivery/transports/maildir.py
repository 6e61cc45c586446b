"""Deliver into a folder that any mail reader opens: previews, tests, a local relay's pick-up.

A file's name follows from the Message-ID, so a repeat after a crash finds its own first try and
overwrites it, or leaves it alone where a reader has already taken it.
Source: https://cr.yp.to/proto/maildir.html
"""

import os
import re
from hashlib import sha256
from pathlib import Path

from publisher import faults
from publisher.delivery.outcome import Kind, Message, Outcome
from publisher.errors import TransportDown
from publisher.files import sync_folder


class Maildir:
    """A Maildir folder (`cur`, `new`, `tmp`), made when first used."""

    name = "maildir"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken: frozenset[str] = frozenset()
        self._taken_at = -1

    def send(self, message: Message) -> Outcome:
        """Write one message; raises TransportDown when the disk will not have it."""
        name = file_name(message.message_id)
        try:
            if not self._is_taken(name):
                self._write(name, message.data)
        except OSError as error:
            reason = f"{error.strerror or error} ({self.folder})"
            raise TransportDown(
                self.name, reason, hint="make room or mend the folder; nothing is lost"
            ) from error
        return Outcome(Kind.ACCEPTED, "250", "written", remote_id=name)

    def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, name: str, data: bytes) -> None:
        draft = self.folder / "tmp" / name
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                faults.point()
                os.fsync(file.fileno())
            draft.replace(self.folder / "new" / name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(self.folder / "new")

    def _is_taken(self, name: str) -> bool:
        """Whether a mail reader has moved this message to `cur`, with or without flags."""
        cur = self.folder / "cur"
        if self._taken_at < 0:
            for part in ("cur", "new", "tmp"):
                (self.folder / part).mkdir(parents=True, exist_ok=True)
        changed_at = cur.stat().st_mtime_ns
        if changed_at != self._taken_at:
            self._taken = frozenset(file.name.partition(":")[0] for file in cur.iterdir())
            self._taken_at = changed_at
        return name in self._taken


def erase_messages(folder: Path, address: str) -> int:
    """Take every message to an address out of a folder, wherever a reader moved it; return how many."""
    # "ann@a.org" is not to be found in "joann@a.org", nor in "ann@a.org.example".
    whole = rf"(?<![^\s<>,:;\"]){re.escape(address.lower())}(?![^\s<>,:;\"])"
    wanted = re.compile(whole)
    found = [
        file
        for part in ("cur", "new", "tmp")
        for file in (folder / part).glob("*.publisher*")
        if wanted.search(_head(file).lower())
    ]
    for file in found:
        file.unlink(missing_ok=True)
    return len(found)


def _head(file: Path) -> str:
    try:
        head = file.read_bytes().partition(b"\r\n\r\n")[0]
    except FileNotFoundError:  # a mail reader moves files as it likes
        return ""
    return head.decode("utf-8", "replace")


def file_name(message_id: str) -> str:
    """Return the name a message has in the folder, whenever and wherever it is written."""
    return sha256(message_id.encode()).hexdigest()[:40] + ".publisher"
