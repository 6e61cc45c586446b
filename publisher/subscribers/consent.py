"""Who agreed to what wording, when; and who took it back. Rows are added and never changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from publisher.store import insert_many, tables

MOVED = "moved"  # the act of whoever proved that another address is theirs
SIGNED_UP = "signed up"  # the act of whoever filled the form in and has not confirmed yet


@dataclass(frozen=True, slots=True)
class Consent:
    """One agreement or its withdrawal, as the record keeps it."""

    act: str  # added, imported, signed up, confirmed, unsubscribed
    source: str  # where it was given: operator, import, form
    wording: str = ""  # what the person agreed to, word for word
    detail: str = ""  # for instance the file it came from


def record(conn: Connection, given: Iterable[tuple[int, Consent]], now: datetime) -> None:
    """Add one line for each (subscriber id, consent)."""
    happened_at = int(now.timestamp())
    rows = [
        (subscriber_id, happened_at, consent.act, consent.source, consent.wording, consent.detail)
        for subscriber_id, consent in given
    ]
    columns = ("subscriber_id", "happened_at", "act", "source", "wording", "detail")
    insert_many(conn, tables.consents, columns, rows)
