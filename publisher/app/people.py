"""What the pages of readers and the commands about them need of several rooms at once."""

from publisher import digests
from publisher.address import parse
from publisher.app.site import App
from publisher.delivery import erase_messages
from publisher.ops import log
from publisher.store import read, scrub, write
from publisher.subscribers import (
    News,
    Subscriber,
    confirm_new_address,
    erase,
    forget_asks,
    forget_unconfirmed,
    forget_wishes,
    unconfirmed,
)

LATEST = 5  # titles in a welcome letter
_log = log.get("app")


def welcome_news(app: App, who: Subscriber) -> News:
    """Return the latest titles in a new reader's languages, and when their digests come next.

    A machine without content/ knows no titles, and a digest without a rhythm has no hour.
    """
    due = digests.next_due(app.engine, app.settings, app.now())
    editions = [(name, slot.due_at) for name, slot in due.items() if name in who.digests]
    return News(_latest(app, who), editions)


def _latest(app: App, who: Subscriber) -> list[tuple[str, str]]:
    if not app.has_content:
        return []
    now = app.now()
    found: dict[str, tuple[str, str]] = {}
    items = app.library().published(now)
    for item in sorted(items, key=lambda item: (-item.date.timestamp(), item.key)):
        if item.language == who.languages[0]:
            found.setdefault(item.key, (item.title, item.link))
        if len(found) == LATEST:
            break
    return list(found.values())


def erase_person(app: App, who: Subscriber, *, source: str) -> bool:
    """Erase a person from the tables, the database's files and the outbox.

    False when bytes of the address are still in the files, because others were reading them.
    """
    with write(app.engine) as conn:
        erase(conn, who, app.now(), source=source)
    _log.info("subscriber erased", subscriber=who.id)
    return erase_traces(app, who.address)


def move_person(app: App, token: str) -> None:
    """Move a subscriber to the address that a link proves, and erase what is left of the old one.

    Whoever is erased later on is erased by the address they have then. Repeat-safe. Raises
    TokenForged and TokenExpired.
    """
    with write(app.engine) as conn:
        left = confirm_new_address(conn, app.keys, token, app.now())
    if left:
        erase_traces(app, left)


def erase_traces(app: App, address: str) -> bool:
    """Take what is left of an address that is in no row any more; False as `erase_person` says.

    Raises AddressError.
    """
    parsed = parse(address)
    erase_messages(app.settings.outbox_dir, [parsed.text])
    return scrub(app.engine, [parsed.text, parsed.key])


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
