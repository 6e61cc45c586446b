"""The values that are spliced into a message for one person: their links and their address.

All follow from the person, the digest and the site's keys, never from the clock: a message that
has to be sent again is the same to the byte.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from publisher import tokens
from publisher.address import LONGEST_LOCAL
from publisher.settings import Settings
from publisher.settings.model import Site
from publisher.subscribers.letters import Letter
from publisher.tokens import Keys

if TYPE_CHECKING:
    from publisher.delivery import Recipient


UNSUBSCRIBE_BOX = "u+"  # what the local part of an address for unsubscribing begins with
_HASH_CHARS = 5  # of a digest's name; a person has a handful of digests


class Dates:
    """Dates in words for one site, each day written once: thousands of readers share a few hundred."""

    def __init__(self, site: Site) -> None:
        """Write as a site's settings say."""
        from publisher.render import format_date

        self._zone = site.zone
        self._write = lru_cache(maxsize=4096)(lambda day, tag: format_date(day, tag, site))

    def __call__(self, moment: datetime, language: str) -> str:
        """Return the day of an aware moment in a language's words."""
        return self._write(moment.astimezone(self._zone).date(), language)


def recipient_values(
    settings: Settings,
    keys: Keys,
    recipient: "Recipient",
    digest: str,
    language: str = "",
    dates: Dates | None = None,
    letter: Letter | None = None,
) -> Mapping[str, str]:
    """Return what the marks of a body stand for in one recipient's message.

    digest    what the unsubscribe link ends; "" for all
    language  the body's, for the date; else the recipient's first
    dates     for whoever asks for many recipients
    letter    what the body is; only letters have links that end
    """
    written_in = language or (recipient.languages or settings.site.languages)[0]
    since = recipient.confirmed_at
    base = settings.web_url
    token = tokens.make(keys, "unsubscribe", recipient.public_id, digest)
    return {
        "unsubscribe_url": f"{base}/u/{token}",
        "unsubscribe_token": _for_address(keys, token, recipient.public_id, digest),
        "preferences_url": f"{base}/preferences/"
        + tokens.make(keys, "preferences", recipient.public_id),
        "address": recipient.address,
        "since": (dates or Dates(settings.site))(since, written_in) if since else "",
        **(_ending_links(base, keys, recipient, letter) if letter else {}),
    }


def _ending_links(
    base: str, keys: Keys, recipient: "Recipient", letter: Letter
) -> Mapping[str, str]:
    """Return the links that end a while after their delivery was queued."""
    if recipient.queued_at is None:
        raise ValueError("a letter's links need the moment it was queued")

    def token(purpose: str) -> str:
        return tokens.make(keys, purpose, recipient.public_id, issued_at=recipient.queued_at)

    purpose = "address" if letter is Letter.ADDRESS else "confirm"
    return {
        "confirm_url": f"{base}/confirm/{token(purpose)}",
        "fresh_url": f"{base}/preferences/{token('fresh')}",
    }


def digest_named(said: str, known: Iterable[str]) -> str | None:
    """Return the digest that a token for unsubscribing names; "" is all, None one not known.

    known  the digests it may be
    """
    if not said.startswith("~"):
        return said
    return next((name for name in known if _short(name) == said), None)


def _for_address(keys: Keys, token: str, public_id: str, digest: str) -> str:
    """Return a token that fits into an address: a long name is replaced by the start of its hash."""
    if len(UNSUBSCRIBE_BOX) + len(token) <= LONGEST_LOCAL:
        return token
    return tokens.make(keys, "unsubscribe", public_id, _short(digest))


def _short(digest: str) -> str:
    return "~" + sha256(digest.encode()).hexdigest()[:_HASH_CHARS]
