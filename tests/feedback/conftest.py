"""A reader who was sent editions, and mail that comes back of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from publisher import tokens
from publisher.delivery import EDITIONS, Recipient, message_id, reserve_body
from publisher.feedback import Effect, Taken, bounce_address, take_message
from publisher.settings import Settings
from publisher.store import read, tables, write
from publisher.subscribers import Person, Subscriber, add, find
from publisher.tokens import Keys

DATA = Path(__file__).parents[1] / "data/feedback"
SENT = datetime(2026, 3, 3, 7, tzinfo=UTC)
KEYS = Keys((("1", b"k" * 32),))
DOMAIN = "bounces.our-town.test"


@dataclass
class Returned:
    """A site that sent mail, and what comes back."""

    db: Engine
    settings: Settings
    keys: Keys = KEYS
    told: list[Taken | None] = field(default_factory=list)

    def reader(self, address: str = "reader@city.test", **more) -> int:
        with write(self.db) as conn:
            person = Person(address, **more)
            return add(conn, self.settings, self.keys, person, SENT, "asked").subscriber.id

    def send(
        self, subscriber_id: int, edition: int = 1, at: datetime = SENT, digest: str = "weekly"
    ) -> int:
        """Note an edition as sent to somebody; return the delivery's number."""
        with write(self.db) as conn:
            at_seconds = int(at.timestamp())
            row = {
                "purpose": f"edition:{edition}",
                "subscriber_id": subscriber_id,
                "body_id": reserve_body(conn, "en", digest),
                "priority": EDITIONS,
                "state": "sent",
                "queued_at": at_seconds,
                "next_at": at_seconds,
                "settled_at": at_seconds,
            }
            return conn.execute(
                insert(tables.deliveries).values(row).returning(tables.deliveries.c.id)
            ).scalar_one()

    def recipient(self, subscriber_id: int) -> Recipient:
        with read(self.db) as conn:
            mine = tables.subscribers.c.id == subscriber_id
            row = conn.execute(select(tables.subscribers).where(mine)).one()
        return Recipient(row.id, row.public_id, row.address, ("en",), None)

    def words(self, delivery_id: int, digest: str = "weekly", nonce: str = "1") -> dict[str, str]:
        """Return what stands in the braces of a sample."""
        row = self.row(delivery_id)
        reader = self.recipient(row.subscriber_id)
        bounces = bounce_address(DOMAIN, self.keys, delivery_id, reader)
        token = tokens.make(self.keys, "unsubscribe", reader.public_id, digest)
        secret = self.keys.lasting
        return {
            "bounces": bounces,
            "verp": bounces.partition("@")[0].removeprefix("b+"),
            "token": token,
            "unsub_token": token,
            "message_id": message_id(secret, row.purpose, reader.public_id, "our-town.test"),
            "nonce": nonce,
        }

    def sample(self, name: str, delivery_id: int, **more) -> bytes:
        data = (DATA / name).read_bytes()
        for word, value in self.words(delivery_id, **more).items():
            data = data.replace(f"{{{word}}}".encode(), value.encode())
        return data

    def take(self, data: bytes, at: datetime = SENT + timedelta(hours=1)) -> Effect | None:
        taken = take_message(self.db, self.keys, data, at)
        self.told.append(taken)
        return taken.effect if taken else None

    def row(self, delivery_id: int):
        with read(self.db) as conn:
            mine = tables.deliveries.c.id == delivery_id
            return conn.execute(select(tables.deliveries).where(mine)).one()

    def who(self, address: str = "reader@city.test") -> Subscriber:
        with read(self.db) as conn:
            found = find(conn, address, SENT + timedelta(days=100))
        assert found is not None
        return found

    def suppressions(self) -> Sequence[tuple[str, str]]:
        with read(self.db) as conn:
            columns = tables.suppressions.c
            return [tuple(row) for row in conn.execute(select(columns.reason, columns.note))]


@pytest.fixture
def returned(db, site) -> Returned:
    return Returned(db, site.settings)
