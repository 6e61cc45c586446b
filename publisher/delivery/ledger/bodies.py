"""Keep prepared bodies: a row from the start, its text from when the first delivery needs it."""

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from publisher.delivery.message.message import Body, check
from publisher.store.tables import bodies


def reserve_body(conn: Connection, language: str, digest: str) -> int:
    """Make room for a body that deliveries can already point at; return its id.

    digest  "" for letters
    """
    return reserve_bodies(conn, [language], digest)[0]


def reserve_bodies(conn: Connection, languages: Sequence[str], digest: str) -> tuple[int, ...]:
    """Make room for a body in each of these languages; return their ids in the same order."""
    # Those of one language are all alike, so it does not matter which is whose: asking for ids in
    # the order of the rows would be one statement each on SQLite.
    made = {
        language: conn.scalars(
            bodies.insert().returning(bodies.c.id),
            [{"language": language, "digest": digest}] * count,
        ).all()
        for language, count in Counter(languages).items()
    }
    ids = {language: iter(sorted(found)) for language, found in made.items()}
    return tuple(next(ids[language]) for language in languages)


def save_body(conn: Connection, body: Body, now: datetime) -> None:
    """Store a body's text, once: what is there already stays, since messages may have left with it.

    Raises HeaderError or AddressError when a header could not be written.
    """
    check(body)
    conn.execute(
        update(bodies)
        .where(bodies.c.id == body.id, bodies.c.made_at.is_(None))
        .values(
            headers=json.dumps(body.headers, ensure_ascii=False),
            subject=body.subject,
            html=zlib.compress(body.html.encode()),
            plain=zlib.compress(body.plain.encode()),
            made_at=int(now.timestamp()),
            composer=body.composer,
            key_id=body.key_id,
            selectors=" ".join(body.selectors),
        )
    )


def language_of(conn: Connection, body_id: int) -> str:
    """Return the language a body is in, also before its text is made.

    Raises LookupError when no row was ever reserved for it.
    """
    found: str | None = conn.scalar(select(bodies.c.language).where(bodies.c.id == body_id))
    if found is None:
        raise LookupError(f"no body {body_id}")
    return found


def load_body(conn: Connection, body_id: int) -> Body | None:
    """Return a stored body, or None while its text has not been made.

    Raises LookupError when no row was ever reserved for it.
    """
    row = conn.execute(select(bodies).where(bodies.c.id == body_id)).one_or_none()
    if row is None:
        raise LookupError(f"no body {body_id}")
    if row.made_at is None:
        return None
    return Body(
        id=row.id,
        digest=row.digest,
        language=row.language,
        headers=tuple((name, value) for name, value in json.loads(row.headers)),
        subject=row.subject,
        html=zlib.decompress(row.html).decode(),
        plain=zlib.decompress(row.plain).decode(),
        key_id=row.key_id,
        selectors=tuple(row.selectors.split()),
        composer=row.composer,
    )
