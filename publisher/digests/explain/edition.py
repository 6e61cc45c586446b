"""Which edition somebody means, and the plain facts of one: for whoever explains it."""

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, Row, select

from publisher.digests.edition import State
from publisher.digests.stories import moment_of
from publisher.errors import PublisherError
from publisher.store.tables import editions

_SLOT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d)[:-]?(\d\d)(?::\d\d)?)?", re.ASCII)
_UNOPENED = (State.OPENING, State.DRAFT)
_COLUMNS = [column for column in editions.c if column.name != "frozen"]  # which is large


@dataclass(frozen=True, slots=True)
class EditionFacts:
    """One edition in plain words and moments."""

    id: int
    digest: str
    slot: str  # local: "2026-03-29T07:00"
    state: str
    is_extra: bool
    due_at: datetime  # aware, UTC
    frozen_at: datetime | None  # None: nothing was
    opened_at: datetime  # when its deliveries could first be written
    has_deliveries: bool  # all that it will have are written
    note: str
    folded_at: datetime | None = None  # when all but the numbers of its old deliveries went

    @property
    def name(self) -> str:
        """How somebody can name it: "weekly/2026-03-29T07:00"."""
        return f"{self.digest}/{self.slot}"


def all_editions(conn: Connection) -> list[EditionFacts]:
    """Return every edition, the newest slot first."""
    rows = conn.execute(select(*_COLUMNS).order_by(editions.c.due_at.desc(), editions.c.id.desc()))
    return [_facts(row) for row in rows]


def named(found: list[EditionFacts], text: str) -> list[EditionFacts]:
    """Return the editions that a text names, all for "".

    A number, a slot ("2026-03-29T07:00"), a day, a digest, or a digest, "/" or a space and one of
    these; or what the ledger calls it ("edition:17").
    """
    text = text.strip()
    if not text:
        return found
    number = text.removeprefix("edition:")
    if number.isascii() and number.isdigit():
        return [one for one in found if one.id == int(number)]
    if " " in text and not _SLOT.fullmatch(text):
        text = "/".join(text.split(maxsplit=1))  # as `digest hold NAME SLOT` is written
    digest, slash, rest = text.rpartition("/")
    if slash:
        of_digest = [one for one in found if one.digest == digest]
        return named(of_digest, rest) if rest else of_digest
    meant = _SLOT.fullmatch(text)
    if meant is None:
        return [one for one in found if one.digest == text]
    day, hour, minute = meant.groups()
    start = f"{day}T{hour}:{minute}" if hour else day
    return [one for one in found if one.slot.startswith(start)]


def wanted(found: list[EditionFacts], text: str) -> list[EditionFacts]:
    """Return what `named` does; raises PublisherError that says what is near when it is nothing."""
    meant = named(found, text)
    if text and not meant:
        near = ", ".join(_nearest(found, text))
        hint = f"there are for instance: {near}" if near else "none was opened yet"
        raise PublisherError(f'there is no edition "{text}"', hint=hint)
    return meant


def _nearest(found: list[EditionFacts], text: str) -> list[str]:
    """Return a few names of editions that somebody may have meant, else the newest."""
    names = [one.name for one in found]
    meant = text if "/" in text or not found else f"{found[0].digest}/{text}"
    return get_close_matches(meant, names, 3, 0.75) or names[:3]


def _facts(row: Row[Any]) -> EditionFacts:
    released_at = row.released_at or row.opened_at
    return EditionFacts(
        id=row.id,
        digest=row.digest,
        slot=row.slot,
        state=row.state,
        is_extra=bool(row.is_extra),
        due_at=moment_of(row.due_at),
        frozen_at=None if row.frozen_at is None else moment_of(row.frozen_at),
        opened_at=moment_of(max(row.opened_at, released_at)),
        has_deliveries=row.state not in _UNOPENED
        and (row.state != State.HELD or row.opened_through is not None),
        note=row.note,
        folded_at=None if row.folded_at is None else moment_of(row.folded_at),
    )
