"""Whom a report is about, by what this site signed; what else a report says of it proves nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from publisher.delivery import Delivered, delivered, delivered_to, message_id
from publisher.errors import TokenError
from publisher.feedback.addresses import PURPOSE, whose
from publisher.subscribers import Subscriber, find_by_public_id
from publisher.tokens import Keys, is_tag_of, read, tag_number


def proved_delivery(conn: Connection, keys: Keys, tags: Sequence[str]) -> Delivered | None:
    """Return the delivery of the first tag that is ours; of one whose address is still the same."""
    for tag in tags:
        number = tag_number(tag)
        found = delivered(conn, number) if number is not None else None
        if found and is_tag_of(keys, PURPOSE, tag, *whose(found.public_id, found.address)):
            return found
    return None


def proved_person(
    conn: Connection, keys: Keys, tokens: Sequence[str], now: datetime
) -> tuple[Subscriber, str] | None:
    """Return whom the first token that is ours names, and the digest as it says it; "" is all."""
    for token in tokens:
        try:
            claim = read(keys, "unsubscribe", token)
        except TokenError:
            continue
        person = find_by_public_id(conn, claim.public_id, now)
        if person is not None:
            return person, claim.digest
    return None


def complained_of(
    conn: Connection, keys: Keys, subscriber_id: int, digest: str, copied: Sequence[str]
) -> Delivered | None:
    """Return which of somebody's editions a complaint is about; None when none is on record.

    digest  what the token in it names; the newest edition of it is meant where nothing says more
    copied  Message-IDs of what the complaint brings back
    """
    theirs = delivered_to(conn, subscriber_id)
    wanted = {one.partition("@")[0] for one in copied}
    for one in theirs:
        if message_id(keys.lasting, one.purpose, one.public_id, "").partition("@")[0] in wanted:
            return one
    return next((one for one in theirs if one.digest == digest or not digest), None)
