"""The values that are spliced into a message for one person: their links and their address.

All follow from the person, the digest and the site's keys, never from the clock: a message that
has to be sent again is the same to the byte.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from publisher import tokens
from publisher.settings import Settings
from publisher.tokens import Keys

if TYPE_CHECKING:
    from publisher.delivery import Recipient


def recipient_values(
    settings: Settings, keys: Keys, recipient: "Recipient", digest: str, language: str = ""
) -> Mapping[str, str]:
    """Return what the marks of a body stand for in one recipient's message.

    digest    what the unsubscribe link ends; "" for all
    language  the body's, for the date; else the recipient's first
    """
    from publisher.render import format_date

    written_in = language or (recipient.languages or settings.site.languages)[0]
    since = recipient.confirmed_at
    base = settings.web_url
    return {
        "unsubscribe_url": f"{base}/u/"
        + tokens.make(keys, "unsubscribe", recipient.public_id, digest),
        "preferences_url": f"{base}/preferences/"
        + tokens.make(keys, "preferences", recipient.public_id),
        "address": recipient.address,
        "since": format_date(since, written_in, settings.site) if since else "",
    }
