"""A site with a database and readers, whose editions a test opens at moments of its choice."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from publisher import digests
from publisher.content import Library, open_library
from publisher.digests.acting import Acted
from publisher.digests.edition import read_edition, read_frozen
from publisher.digests.freezing import due_slot, freeze
from publisher.digests.lifecycle import Opened
from publisher.digests.opening import Opening
from publisher.digests.segment import Segment
from publisher.render import Templates
from publisher.store import read, tables, write
from publisher.subscribers import Person, add
from publisher.tokens import Keys

DAY = timedelta(days=1)
KEYS = Keys((("k", b"0123456789abcdef0123456789abcdef"),))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class House:
    """What a test of editions works with; the site's digest is weekly, on Tuesdays at 07:00."""

    def __init__(self, site, db: Engine) -> None:
        self.site, self.db = site, db
        self._take()

    def _take(self) -> None:
        self.settings = self.site.settings
        self.templates = Templates(self.settings)

    def set(self, old: str, new: str) -> None:
        """Change publisher.toml."""
        toml = (self.site.root / "publisher.toml").read_text(encoding="utf-8")
        assert old in toml
        self.site.configure(toml.replace(old, new))
        self._take()

    def reader(self, name: str, languages: str = "en", at: datetime | None = None, **more) -> int:
        """Add an active reader; return the subscriber's number."""
        person = Person(f"{name}@example.org", languages=tuple(languages.split()), **more)
        with write(self.db) as conn:
            added = add(conn, self.settings, KEYS, person, at or utc("2026-01-01"), "agreed")
        return added.subscriber.id

    def library(self, now: datetime) -> Library:
        return open_library(self.settings, now=now)

    def open(self, now: datetime) -> tuple[Opened, ...]:
        """Open what is due, as a command run at this moment would."""
        return digests.open_due(self.db, self.settings, self.library(now), self.templates, now)

    def decide(self, what: str, now: datetime, slot: str = "", name: str = "weekly") -> Acted:
        """Approve, hold, release or cancel, as the command does."""
        library = self.library(now)
        return digests.act(self.db, self.settings, library, self.templates, name, what, slot, now)

    def extra(self, keys: Sequence[str], now: datetime, at: datetime | None = None) -> Acted:
        """Send items outside the rhythm, as the command does."""
        library = self.library(now)
        return digests.add_extra(
            self.db, self.settings, library, self.templates, "weekly", keys, now, at
        )

    def freeze(self, now: datetime) -> int:
        """Freeze the slot that is due, and go no further; return the edition's number."""
        settings, library = self.settings, self.library(now)
        with write(self.db) as conn:
            digests.record_seen(conn, library, now)
        with read(self.db) as conn:
            slot, _ = due_slot(conn, settings, library, "weekly", now)
        return freeze(self.db, settings, library, self.templates, "weekly", slot, now)

    def open_a_chunk(self, number: int, now: datetime, size: int) -> None:
        """Write the deliveries of the first readers of a frozen edition, and go no further."""
        with read(self.db) as conn:
            edition, frozen = read_edition(conn, number), read_frozen(conn, number)
            opening = Opening(conn, edition, frozen, self.settings, now)
        with write(self.db) as conn:
            opening.write_chunk(conn, size)

    def editions(self) -> list[tuple[str, str, str]]:
        """Each edition as (digest, slot, state), oldest first."""
        columns = tables.editions.c
        with read(self.db) as conn:
            rows = conn.execute(
                select(columns.digest, columns.slot, columns.state).order_by(columns.id)
            )
            return [tuple(row) for row in rows]

    def received(self, subscriber_id: int) -> list[list[str]]:
        """What a reader was sent, edition by edition: "key/language", with * for a fallback."""
        deliveries, segments = tables.deliveries.c, tables.segments
        query = (
            select(segments)
            .join(tables.deliveries, deliveries.body_id == segments.c.body_id)
            .where(deliveries.subscriber_id == subscriber_id)
            .order_by(segments.c.edition_id)
        )
        with read(self.db) as conn:
            rows = conn.execute(query).all()
        found = [Segment.from_json(row.language, json.loads(row.items)) for row in rows]
        return [
            [f"{part.key}/{part.language}{'*' * part.is_fallback}" for part in one.parts]
            for one in found
        ]


@pytest.fixture
def house(site, db) -> House:
    return House(site, db)
