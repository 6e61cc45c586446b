"""What keeps a site in order: its schema, its machines, and what has grown old."""

from datetime import datetime
from threading import Event

from publisher import digests
from publisher.app.site import App
from publisher.delivery import erase_messages
from publisher.feedback import forget_unproved
from publisher.store import MACHINES, held, open_engine, read, write
from publisher.store import upgrade as upgrade_schema
from publisher.subscribers import (
    check_signing_keys,
    forget_asks,
    forget_unconfirmed,
    forget_wishes,
    unconfirmed,
)
from publisher.tokens import add_key


def upgrade(app: App) -> bool:
    """Make or migrate the database; return whether anything changed."""
    engine = open_engine(app.settings.database.url, app.settings.root)
    try:
        changed = upgrade_schema(engine)
        if app.is_shared:
            from publisher.store.job_tables import upgrade_job_tables

            changed = upgrade_job_tables(engine) or changed
        return changed
    finally:
        engine.dispose()


def add_link_key(app: App) -> str:
    """Add a key that signs links from now on, and return its number; no other is taken away.

    Raises StoreError when the keys that there are cannot be used.
    """
    _ = app.keys  # where they are gone, or are not those of the other machines, none may be added
    keys = add_key(app.settings.secret_file)
    if app.is_shared:
        check_signing_keys(app.engine, keys, app.now())
    return keys.newest[0]


def machines(app: App) -> dict[str, str]:
    """Return who runs `publisher run` or `worker` on this site now, by the name of its lease."""
    engine = app.engine_if_there() if app.is_shared else None
    return held(engine, MACHINES) if engine else {}


def fold_old(app: App, stop: Event | None = None) -> int:
    """Fold deliveries older than `[retention]` into numbers; return how many; safe to repeat."""
    if app.engine_if_there() is None or app.site_hold():
        return 0
    return digests.fold_old(app.engine, app.settings, app.now(), stop)


def forget_old_reports(app: App, before: datetime) -> int:
    """Forget reports that are about no delivery and came before a moment; return how many."""
    with write(app.engine) as conn:
        return forget_unproved(conn, before)


def forget_old_asks(app: App) -> int:
    """Let go of wishes and asks that no longer count, and of who never confirmed; how many rows."""
    if app.site_hold():
        return 0
    now, number = app.now(), 0
    with write(app.engine) as conn:
        number += forget_asks(conn, now) + forget_wishes(conn, now)
    while True:
        with read(app.engine) as conn:
            people = unconfirmed(conn, now)
        if not people:
            return number
        # Before their rows, which alone know the addresses, should the process end in between.
        erase_messages(app.settings.outbox_dir, people.values())
        with write(app.engine) as conn:
            number += forget_unconfirmed(conn, people, now)
