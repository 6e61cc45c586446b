"""What the pages of readers and the commands about them need of several rooms at once."""

from collections.abc import Callable, Sequence
from itertools import islice

from publisher import digests
from publisher.address import parse
from publisher.app.site import App
from publisher.content.item import Item
from publisher.delivery import erase_messages
from publisher.errors import PublisherError
from publisher.ops import log
from publisher.store import scrub, write
from publisher.subscribers import (
    News,
    Subscriber,
    confirm_new_address,
    erase,
    forget_note,
)

LATEST = 5  # titles in a welcome letter
_log = log.get("app")


def welcome_news(app: App) -> Callable[[Subscriber], News]:
    """Return what tells a new reader the latest titles and the hour of their next editions.

    It is all looked up before, because whoever confirms holds the write lock. A machine without
    content/ knows no titles, and a digest without a rhythm has no hour.
    """
    due, items = digests.next_due(app.engine, app.settings, app.now()), _published(app)

    def news(who: Subscriber) -> News:
        theirs = (item for item in items if item.language == who.languages[0])
        titles = [(item.title, item.link) for item in islice(theirs, LATEST)]
        return News(titles, [(name, due[name].due_at) for name in due if name in who.digests])

    return news


def _published(app: App) -> Sequence[Item]:
    """Return the published items, newest first; content that cannot be read stops no reader."""
    if not app.has_content:
        return ()
    try:
        return app.library().published(app.now())
    except (PublisherError, OSError) as error:
        _log.warning("a welcome letter names no titles", reason=str(error))
        return ()


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
    with write(app.engine) as conn:
        forget_note(conn, app.keys, address)
    erase_messages(app.settings.outbox_dir, [parsed.text])
    return scrub(app.engine, [parsed.text, parsed.key])
