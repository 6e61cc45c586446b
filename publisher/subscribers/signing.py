"""Whether a machine signs with the keys that all others of the site sign with.

Several machines share one database, but each has its own copy of var/secret. One with another
secret would mail dead links and give a repeated message another Message-ID, so the database
keeps a fingerprint of each key: a keyed hash, from which nobody learns the key.
"""

from datetime import datetime

from sqlalchemy import Engine, select

from publisher.errors import StoreError
from publisher.keyed import keyed_hash
from publisher.store import insert_into, read, write
from publisher.store.tables import signing_keys
from publisher.tokens import Keys

_SAID = b"publisher: which key is this"
_LENGTH = 32  # hexadecimal digits: 128 bits, enough to tell keys apart


def has_signing_keys(engine: Engine) -> bool:
    """Return whether any machine has signed with a key of this site."""
    return bool(_known(engine))


def check_signing_keys(engine: Engine, keys: Keys, now: datetime) -> None:
    """Remember this machine's keys, or see that they are those of the others.

    Raises StoreError when one differs, or when another machine has one that is missing here.
    """
    own = {key_id: fingerprint(secret) for key_id, secret in keys.pairs}
    known = _known(engine)
    _compare(own, known)
    if own.keys() != known.keys():
        _remember(engine, own, now)
        _compare(own, _known(engine))  # two that were the first at once: one of them was


def fingerprint(secret: bytes) -> str:
    """Return by what a key is told from another."""
    return keyed_hash(secret, _SAID).hex()[:_LENGTH]


def _compare(own: dict[str, str], known: dict[str, str]) -> None:
    if any(own[key_id] != known[key_id] for key_id in own.keys() & known.keys()):
        raise _refused("is not the one that this site's other machines have")
    if missing := sorted(known.keys() - own.keys()):
        raise _refused(f"lacks key {', '.join(missing)}, which another machine has already")


def _known(engine: Engine) -> dict[str, str]:
    with read(engine) as conn:
        rows = conn.execute(select(signing_keys.c.key_id, signing_keys.c.fingerprint))
        return dict(rows.all())


def _remember(engine: Engine, own: dict[str, str], now: datetime) -> None:
    rows = [
        {"key_id": key_id, "fingerprint": print_, "first_used_at": int(now.timestamp())}
        for key_id, print_ in own.items()
    ]
    with write(engine) as conn:
        conn.execute(insert_into(conn, signing_keys).on_conflict_do_nothing(), rows)


def _refused(why: str) -> StoreError:
    return StoreError(
        f"var/secret on this machine {why}: its links would be dead",
        hint="copy var/secret from the machine with content/ to this one (mode 600)",
    )
