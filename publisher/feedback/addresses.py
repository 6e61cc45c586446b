"""The addresses that mail comes back to, made and found again.

`b+TAG@domain` is the return path of one delivery: the tag names it and proves that we sent it, to
the address that its reader has. `u+TOKEN@domain` unsubscribes whom the token names.
"""

import re
from collections.abc import Iterable, Iterator

from publisher.delivery import Recipient
from publisher.feedback.mime import Part
from publisher.subscribers import UNSUBSCRIBE_BOX
from publisher.tokens import Keys, make_tag

BOUNCE_BOX = "b+"
PURPOSE = "bounce"
# Fields that say where a message was delivered to, the mail server's own before the sender's.
_DELIVERED_TO = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "to", "cc")
_MOST = 20  # tokens looked at in one message
_BOUNCE = re.compile(rf"(?<![\w.+-]){re.escape(BOUNCE_BOX)}([a-z2-7]{{20,62}})@", re.I | re.ASCII)
_LEAVE = re.compile(rf"(?<![\w.+-]){re.escape(UNSUBSCRIBE_BOX)}([\w-]{{20,200}})@", re.I | re.ASCII)
_LINK = re.compile(r"/u/([\w-]{20,500})(?![\w-])", re.ASCII)


def bounce_address(domain: str, keys: Keys, number: int, recipient: Recipient) -> str:
    """Return where bounces of a delivery go; the same again for the same delivery and address.

    Whoever has another address by then is not touched by a bounce of the old one.
    """
    tag = make_tag(keys, PURPOSE, number, *whose(recipient.public_id, recipient.address))
    return f"{BOUNCE_BOX}{tag}@{domain}"


def whose(public_id: str, address: str) -> tuple[str, str]:
    """Return what a tag of a delivery proves besides its number."""
    return public_id, address.lower()


def bounce_tags(message: Part) -> tuple[str, ...]:
    """Return the tags of the return paths that a message came to."""
    return _distinct(tag for text in _destinations(message) for tag in _BOUNCE.findall(text))


def unsubscribe_tokens(message: Part) -> tuple[str, ...]:
    """Return the tokens of the addresses for unsubscribing that a message came to."""
    return _distinct(token for text in _destinations(message) for token in _LEAVE.findall(text))


def tokens_of_ours(copies: Iterable[Part]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return tags and tokens in the heads of copies of messages, as complaints bring them."""
    heads = list(copies)
    links = [value for one in heads for value in one.all("list-unsubscribe")]
    paths = [value for one in heads for value in one.all("return-path")]
    tokens = (token for text in links for form in (_LINK, _LEAVE) for token in form.findall(text))
    return _distinct(tag for text in paths for tag in _BOUNCE.findall(text)), _distinct(tokens)


def _destinations(message: Part) -> Iterator[str]:
    for name in _DELIVERED_TO:
        yield from message.all(name)


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:_MOST]
