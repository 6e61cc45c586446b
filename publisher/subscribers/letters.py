"""Letters: queued in the caller's transaction, each once for its purpose, ahead of all editions.

A letter's body is shared by all who get the same one: it holds nothing of the person, whose links
and address are set in at the marks. What it says of the site is frozen in a row beside it, so that
any machine can make it and a repeat is the same to the byte.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, select

from publisher import __version__
from publisher.delivery import COMPOSER, LETTERS, enqueue_one, reserve_body
from publisher.settings import Settings, reshaped, shaping
from publisher.store import Prepared, insert_into, read
from publisher.store.tables import letters, subscribers
from publisher.tokens import Keys


class Letter(StrEnum):
    """What a letter is for; the words begin its deliveries' purposes."""

    CONFIRM = "confirm"  # is it really you?
    ALREADY = "already"  # you are subscribed
    WELCOME = "welcome"
    GOODBYE = "goodbye"
    FRESH = "fresh"  # the link that may do everything
    ADDRESS = "address"  # is this new address yours?


_ONCE = {"minute": "%Y-%m-%dT%H:%M", "hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d"}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a letter's body is made from."""

    letter: Letter
    settings: Settings
    facts: Mapping[str, Any]


def queue_letter(
    conn: Connection,
    settings: Settings,
    keys: Keys,
    letter: Letter,
    subscriber_id: int,
    language: str,
    now: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    once: str = "hour",
) -> bool:
    """Queue a letter to one person; False when they have it already.

    facts   what it tells besides the settings, as JSON can hold it
    once    an hour, or a day
    """
    body_id = letter_body_id(conn, settings, keys, letter, language, facts or {})
    return send_letter(conn, letter, body_id, subscriber_id, now, once=once)


def send_letter(
    conn: Connection,
    letter: Letter,
    body_id: int,
    subscriber_id: int,
    now: datetime,
    *,
    once: str = "hour",
) -> bool:
    """Queue a letter whose body is reserved; False when they have it already.

    once   a minute, an hour, or a day
    """
    return enqueue_one(
        conn,
        purpose=f"{letter}:{now.strftime(_ONCE[once])}",
        subscriber_id=subscriber_id,
        body_id=body_id,
        priority=LETTERS,
        queued_at=now,
    )


def pretend_letter(conn: Connection, letter: Letter, body_id: int, now: datetime) -> None:
    """Do the work of a letter to somebody and undo it, so that it takes as long as one."""
    somebody = conn.scalar(select(func.max(subscribers.c.id)))
    if somebody is None:
        return
    with conn.begin_nested() as work:
        enqueue_one(
            conn,
            purpose=f"{letter}:nobody",
            subscriber_id=somebody,
            body_id=body_id,
            priority=LETTERS,
            queued_at=now,
        )
        work.rollback()


def letter_body_id(
    conn: Connection,
    settings: Settings,
    keys: Keys,
    letter: Letter,
    language: str,
    facts: Mapping[str, Any],
) -> int:
    """Return the body of a letter, reserved when nobody was sent the same before."""
    kept = _settings_json(settings)
    frozen = f'{{"settings": {kept}, "facts": {json.dumps(facts, sort_keys=True)}}}'
    said = (letter, language, frozen, keys.newest[0], _templates_state(settings.root))
    fingerprint = sha256("\0".join((*said, __version__, str(COMPOSER))).encode()).hexdigest()
    if known := _KNOWN.run(conn, {"print": fingerprint}):
        return int(known[0][0])
    body_id = reserve_body(conn, language, "")
    row = insert_into(conn, letters).values(
        body_id=body_id, letter=letter.value, fingerprint=fingerprint, frozen=frozen
    )
    conn.execute(row.on_conflict_do_nothing(index_elements=["fingerprint"]))
    return int(_KNOWN.run(conn, {"print": fingerprint})[0][0])


_KNOWN = Prepared(
    lambda _kind: select(letters.c.body_id).where(letters.c.fingerprint == bindparam("print"))
)


def letter_of(engine: Engine, settings: Settings, body_id: int) -> Kept | None:
    """Return what a body's letter is made from; None for a body that is no letter's."""
    query = select(letters.c.letter, letters.c.frozen).where(letters.c.body_id == body_id)
    with read(engine) as conn:
        row = conn.execute(query).one_or_none()
    if row is None:
        return None
    frozen = json.loads(row.frozen)
    return Kept(Letter(row.letter), reshaped(frozen["settings"], settings.root), frozen["facts"])


# Settings are read anew only when their file changes, and writing them out takes a millisecond.
_written: dict[int, tuple[Settings, str]] = {}


def _settings_json(settings: Settings) -> str:
    found = _written.get(id(settings))
    if found is None or found[0] is not settings:
        _written.clear()
        found = settings, json.dumps(shaping(settings, settings.digests), sort_keys=True)
        _written[id(settings)] = found
    return found[1]


def _templates_state(root: Path) -> str:
    """Return what changes when a site's own templates of letters or words do."""
    return _state_of(root / "templates/email") + _state_of(root / "templates/locale")


def _state_of(folder: Path) -> str:
    try:
        changed_at = folder.stat().st_mtime_ns
    except OSError:
        return ""
    return _newest(folder, changed_at)


@lru_cache(maxsize=8)
def _names(folder: Path, _changed_at: int) -> tuple[Path, ...]:
    return tuple(sorted(folder.iterdir()))


def _newest(folder: Path, changed_at: int) -> str:
    newest = 0
    for path in _names(folder, changed_at):
        with suppress(FileNotFoundError):  # an editor's own copy, which comes and goes
            newest = max(newest, path.stat().st_mtime_ns)
    return f"{changed_at} {newest}"
