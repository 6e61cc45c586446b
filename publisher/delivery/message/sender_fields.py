"""Who a message is from, and words that may stand in a header: for editions and letters alike."""

import re
from typing import TYPE_CHECKING

from publisher.language import pick

if TYPE_CHECKING:
    from publisher.settings.model import Settings

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def sender_fields(settings: "Settings", language: str) -> list[tuple[str, str]]:
    """Return From, and Reply-To where the settings name one, in a reader's language."""
    sender = settings.sender
    name = pick(sender.name or settings.site.name, language, settings.site.languages)
    fields = [("From", _mailbox(name, sender.address))]
    return [*fields, ("Reply-To", sender.reply_to)] if sender.reply_to else fields


def header_text(text: str) -> str:
    """Return text that may stand in a header: no control, nothing that reads as encoded."""
    return " ".join(_UNSAFE.sub(" ", text).replace("=?", "= ?").split())


def _mailbox(name: str, address: str) -> str:
    quoted = header_text(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if quoted else f"<{address}>"
