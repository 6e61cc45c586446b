"""Why somebody got what they got in an edition, as plain data for whoever explains it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, select

from publisher.digests.edition import Edition, read_edition, read_frozen
from publisher.digests.readers import preferences_of
from publisher.digests.rule import How
from publisher.store.tables import signatures, subscriptions


@dataclass(frozen=True, slots=True)
class Reason:
    """One item of a reader's list, and why it stands there in this language."""

    key: str
    language: str
    how: How
    is_pinned: bool
    waited: timedelta  # from the story's first version to the moment this reader was due


@dataclass(frozen=True, slots=True)
class Reasons:
    """What a reader asked for, and what followed from it."""

    edition: Edition
    languages: tuple[str, ...]  # in the reader's order
    kinds: tuple[str, ...]  # empty: all
    categories: tuple[str, ...]  # empty: all
    items: tuple[Reason, ...]


def reasons(conn: Connection, edition_id: int, subscriber_id: int) -> Reasons | None:
    """Return why a subscriber's list in an edition is what it is, by their present preferences.

    None when they have no subscription to its digest. Raises StoreError for an unknown edition.
    """
    edition, frozen = read_edition(conn, edition_id), read_frozen(conn, edition_id)
    row = conn.execute(
        select(signatures)
        .join(subscriptions, subscriptions.c.signature_id == signatures.c.id)
        .where(
            subscriptions.c.subscriber_id == subscriber_id,
            subscriptions.c.digest == edition.digest,
        )
    ).one_or_none()
    if row is None:
        return None
    reader = preferences_of(row)
    items = tuple(
        Reason(
            chosen.key,
            chosen.version.language,
            chosen.how,
            chosen.version.is_pinned,
            timedelta(seconds=chosen.eligible_at - chosen.appeared_at),
        )
        for chosen in frozen.segmenter().chosen(reader)
    )
    return Reasons(edition, reader.languages, reader.kinds, reader.categories, items)
