"""Drive a site as cron would, at moments of our choosing, and take the mail out of its outbox.

Everything goes in by files and people, and comes out by messages, as a stranger sees it. Commands
run in this process: starting one for each of some thousand moments would take an hour.
"""

import email
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from publisher.app import building, editions, open_app, sending
from publisher.ops import Clock
from publisher.store import write
from publisher.subscribers import Person, add, change, find, unsubscribe

CONSENT = "Keep me up to date."


class Still(Clock):
    """A clock that stands at one moment, so that whatever happens in a run happens then."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self._at = at

    def now(self) -> datetime:
        return self._at


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as its reader finds it."""

    to: str
    subject: str
    language: str
    came_at: datetime  # the run that brought it
    items: tuple[tuple[str, str], ...]  # (language, key), in order


class Walk:
    """A site and whoever runs its commands; `{language}/{key}` must be in its items' addresses."""

    def __init__(self, root: Path, began: datetime, url: str) -> None:
        self._app = open_app(root, Still(began))
        self._root = root
        self._item = re.compile(rf"^{re.escape(url)}/([^/\s]+)/(\S+)/\r?$", re.M)

    def at(self, moment: datetime) -> "Walk":
        """Set the clock that what follows goes by."""
        self._app.clock = Still(moment)
        return self

    def build(self) -> None:
        """Do what `publisher build` does."""
        building.build(self._app)

    def send(self) -> list[Letter]:
        """Do what `publisher send` does; return the messages that came, and take them away."""
        sending.send(self._app)
        return self._take()

    def release(self, digest: str) -> None:
        """Do what `publisher digest release` does."""
        editions.decide(self._app, digest, "release")

    def join(self, name: str, languages: Sequence[str] = (), **more: Any) -> None:
        """Add an active reader; what they choose besides is as in `Person`."""
        app, person = self._app, Person(address(name), languages=tuple(languages), **more)
        with write(app.engine) as conn:
            add(conn, app.settings, app.keys, person, app.now(), CONSENT)

    def change(self, name: str, languages: Sequence[str] = (), **more: Any) -> None:
        """Change what a reader chose, and leave the rest."""
        app, person = self._app, Person(address(name), languages=tuple(languages), **more)
        with write(app.engine) as conn:
            change(conn, app.settings, person, app.now())

    def leave(self, name: str) -> None:
        """Let a reader unsubscribe from everything."""
        app = self._app
        with write(app.engine) as conn:
            found = find(conn, address(name), app.now())
            if found is not None:
                unsubscribe(conn, found.id, app.now())

    def close(self) -> None:
        self._app.close()

    def _take(self) -> list[Letter]:
        folder = self._root / "outbox/new"
        found = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            found.append(self._read(path.read_bytes()))
            path.unlink()
        return found

    def _read(self, data: bytes) -> Letter:
        message = email.message_from_bytes(data)
        parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
        text = bytes(parts[0].get_payload(decode=True)).decode()
        return Letter(
            str(message["To"]).partition("@")[0],
            str(message["Subject"]),
            str(message["Content-Language"]),
            self._app.now(),
            tuple(self._item.findall(text)),
        )


def address(name: str) -> str:
    """Return where a reader of this name is written to."""
    return f"{name}@example.org"
