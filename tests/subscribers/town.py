"""A site whose readers sign up, get their letters into its outbox, and use the links in them."""

import email
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default

from sqlalchemy import Engine, func, select

from publisher.app import App
from publisher.app.sending import send_queued
from publisher.ops import Clock
from publisher.store import read, tables, write
from publisher.subscribers import Person, Request, find, sign_up
from publisher.tokens import Keys

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KEYS = Keys((("1", b"k" * 32),))


class Hand(Clock):
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Town:
    """What a test of readers works with."""

    def __init__(self, settings, db: Engine) -> None:
        self.db, self.clock = db, Hand()
        self.app = App(settings, self.clock)
        self.app.__dict__["_engine"] = db
        self.app.__dict__["keys"] = KEYS

    @property
    def now(self) -> datetime:
        return self.clock.at

    def wait(self, **span: int) -> None:
        self.clock.at += timedelta(**span)

    def sign_up(self, address: str, *, network: str = "", is_spam: bool = False, **more) -> None:
        """Fill the form in."""
        person = Person(address, **more)
        request = Request(person, network, "I want mail", is_spam=is_spam)
        with write(self.db) as conn:
            sign_up(conn, self.app.settings, KEYS, request, self.now)

    def person(self, address: str):
        with read(self.db) as conn:
            return find(conn, address, self.now)

    def letters(self, address: str = "") -> list[EmailMessage]:
        """Send what waits; return all messages in the outbox, oldest first, or one person's."""
        send_queued(self.app)
        folder = self.app.settings.outbox_dir / "new"
        found = [
            email.message_from_bytes(file.read_bytes(), policy=default) for file in folder.glob("*")
        ]
        found.sort(key=lambda message: message["Date"].datetime)
        return [one for one in found if address in ("", one["To"].addresses[0].addr_spec)]

    def token(self, address: str, path: str) -> str:
        """Return the token of the newest link to a path that an address was mailed."""
        said = "".join(text_of(one) for one in self.letters(address))
        return re.findall(rf"https://news\.example\.org/{path}/([\w-]+)", said)[-1]

    def count(self, table: str) -> int:
        with read(self.db) as conn:
            return conn.execute(
                select(func.count()).select_from(tables.metadata.tables[table])
            ).scalar_one()


def at_once(work, number: int = 8) -> None:
    """Do the same in so many threads; raises what the first of them raises."""
    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(work) for _ in range(number)]:
            done.result(timeout=60)


def text_of(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content()
