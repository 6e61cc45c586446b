"""Look at the next edition before anybody else does: previews, and a message marked as a test.

Nothing is stored here, and nobody but the address that was named gets anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from publisher.address import parse
from publisher.delivery import (
    Body,
    Message,
    Recipient,
    compose_message,
    message_id,
)
from publisher.digests.compose import Choice
from publisher.digests.expected import Expected, expected
from publisher.digests.period import Slot, Zones, next_slot
from publisher.digests.zones import zones_of
from publisher.errors import Level, Problem, PublisherError
from publisher.render import compile_parts
from publisher.store import read
from publisher.subscribers import recipient_values
from publisher.tokens import Keys

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.render import Templates
    from publisher.settings import Settings

_TEST_ITEMS = 3  # what a test message shows when nothing is waiting


@dataclass(frozen=True, slots=True)
class Preview:
    """The next edition as its readers of one language would get it; subject "" when it is empty."""

    language: str
    subject: str
    html: str
    plain: str
    headers: tuple[tuple[str, str], ...]
    items: tuple[Choice, ...]
    more: int = 0  # items that only stand on the site, because no mail may be larger


@dataclass(frozen=True, slots=True)
class Draft:
    """The next edition in one language, as one reader would get it; texts empty when it is."""

    preview: Preview
    html: str = ""
    plain: str = ""
    message: bytes = b""


def preview(
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    language: str,
    now: datetime,
    engine: Engine | None = None,
    *,
    is_test: bool = False,
) -> Preview:
    """Return the next edition of a digest as if its slot were now; nothing is stored or sent.

    engine    without one, everything published is taken to be new
    is_test   marked as a test, and never empty as long as anything is published

    Raises PublisherError when there is no such digest, RenderError.
    """
    _check(settings, name)
    found = expected(
        engine, settings, library, templates, name, _slot(engine, settings, name, now), now
    )
    choices = found.choices(language)
    if not choices and is_test:
        choices = _newest(settings, library, found, language, now)
    if not choices:
        return Preview(language, "", "", "", (), ())
    composed = found.compose(language, choices, now, is_test=is_test)
    return Preview(
        language,
        composed.subject,
        composed.html,
        composed.plain,
        composed.headers,
        tuple(choices),
        composed.more,
    )


def body_for_test(
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    language: str,
    now: datetime,
    engine: Engine | None = None,
) -> Body | None:
    """Return a body marked as a test, not stored, or None when nothing at all is published."""
    made = preview(settings, library, templates, name, language, now, engine, is_test=True)
    if not made.items:
        return None
    return Body(0, name, language, made.headers, made.subject, made.html, made.plain)


def _check(settings: "Settings", name: str) -> None:
    if name not in settings.digests:
        known = ", ".join(settings.digests) or "none"
        raise PublisherError(f'there is no digest "{name}"', hint=f"publisher.toml has: {known}")


def draft(
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    language: str,
    now: datetime,
    engine: Engine | None = None,
) -> Draft:
    """Return the next edition for readers of a language, with an example reader's values.

    Raises PublisherError when there is no such digest, RenderError.
    """
    made = preview(settings, library, templates, name, language, now, engine)
    if not made.subject:
        return Draft(made)
    keys = Keys((("0", b"a preview signs nothing"),))
    reader = Recipient(0, "example", "reader@example.org", (language,), now)
    values = recipient_values(settings, keys, reader, name, language)
    body = Body(0, name, language, made.headers, made.subject, made.html, made.plain)
    identity = message_id(b"preview", name, language, "preview.invalid")
    return Draft(
        made,
        compile_parts(made.html).join(values, is_html=True),
        compile_parts(made.plain).join(values),
        compose_message(body, reader, values, identity, now),
    )


def message_for_test(
    body: Body,
    address: str,
    values: Callable[[Recipient, Body], Mapping[str, str]],
    secret: bytes,
    now: datetime,
) -> Message:
    """Return a body as a message to one address, which need not be a reader's.

    Raises AddressError.
    """
    to = parse(address)
    reader = Recipient(0, "test", to.text, (body.language,), now)
    identity = message_id(secret, f"test:{now.isoformat()}", to.key, body.sender.rpartition("@")[2])
    data = compose_message(body, reader, values(reader, body), identity, now)
    needs_utf8 = not (to.is_ascii and body.sender.isascii())
    return Message(identity, body.sender, to.text, data, needs_utf8)


def clipped(
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    now: datetime,
    engine: Engine | None = None,
) -> tuple[Problem, ...]:
    """Return a warning for each language in which the next edition is larger than a mail may be."""
    found = []
    for language in settings.site.languages:
        made = preview(settings, library, templates, name, language, now, engine)
        if made.more:
            found.append(
                Problem(
                    "publisher.toml",
                    0,
                    f"the next edition of {name} in {language} is larger than mail programs show: "
                    f"{made.more} of {len(made.items)} items will only be counted",
                    "pin what matters, let some items wait (status: hold), or shorten summaries",
                    Level.WARNING,
                )
            )
    return tuple(found)


def _slot(engine: Engine | None, settings: "Settings", name: str, now: datetime) -> Slot | None:
    zones: Zones = settings.site.zone
    if engine is not None:
        with read(engine) as conn:
            zones = zones_of(conn, settings, name)
    return next_slot(settings.digests[name], zones, now)


def _newest(
    settings: "Settings", library: "Library", found: Expected, language: str, now: datetime
) -> list[Choice]:
    """Return the newest items for a test message, one version of each story."""
    wishes = [language, *settings.site.languages]
    best: dict[str, str] = {}
    for item in library.published(now):
        known = best.get(item.key)
        if known is None or wishes.index(item.language) < wishes.index(known):
            best[item.key] = item.language
    return [
        Choice(found.block(key, tag), is_fallback=tag != language)
        for key, tag in list(best.items())[:_TEST_ITEMS]
    ]
