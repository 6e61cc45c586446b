"""Bodies of an edition: made from its frozen rows when a delivery first needs one."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Row, select, tuple_

from publisher.delivery import Body, load_body
from publisher.digests.compose import Block, Choice, Composed, Notice, compose
from publisher.digests.edition import Edition, Frozen, read_edition, read_frozen
from publisher.digests.segment import Segment
from publisher.errors import StoreError
from publisher.settings import reshaped
from publisher.store import read
from publisher.store.tables import edition_items, editions, segments

if TYPE_CHECKING:
    from publisher.render import Templates
    from publisher.settings import Settings


def make_body(engine: Engine, settings: "Settings", templates: "Templates", body_id: int) -> Body:
    """Return a segment's body: as it is stored, or composed because nobody has needed it yet.

    It depends on nothing but what the edition froze, whatever settings and files say by now.

    Whoever sends it stores it first. Raises StoreError when the body belongs to no edition,
    RenderError when a template fails.
    """
    with read(engine) as conn:
        made = load_body(conn, body_id)
        if made is not None:
            return made
        edition, frozen, segment, blocks = _frozen_segment(conn, body_id)
    composed = compose(
        templates,
        reshaped(frozen.settings, settings.root),
        name=edition.digest,
        slot=edition.local_slot,
        language=segment.language,
        blocks=choices_of(frozen, segment, blocks),
        edition_id=edition.id,
        word=frozen.words.get(segment.language),
        notices=_notices(frozen, segment),
    )
    return _body(composed, body_id, edition.digest, segment.language)


def settings_of(engine: Engine, settings: "Settings", body_id: int) -> "Settings":
    """Return the settings that a body's edition froze; those given when it is of no edition."""
    with read(engine) as conn:
        kept = conn.scalar(
            select(editions.c.frozen)
            .join(segments, segments.c.edition_id == editions.c.id)
            .where(segments.c.body_id == body_id)
        )
    return reshaped(json.loads(kept)["settings"], settings.root) if kept else settings


def _frozen_segment(
    conn: Connection, body_id: int
) -> tuple[Edition, Frozen, Segment, dict[tuple[str, str], Block]]:
    row = conn.execute(select(segments).where(segments.c.body_id == body_id)).one_or_none()
    if row is None:
        raise StoreError(f"body {body_id} belongs to no edition, so nothing can be made for it")
    segment = Segment.from_json(row.language, json.loads(row.items), json.loads(row.notices))
    edition_id = row.edition_id
    blocks = blocks_of(conn, edition_id, [(part.key, part.language) for part in segment.parts])
    return read_edition(conn, edition_id), read_frozen(conn, edition_id), segment, blocks


def blocks_of(
    conn: Connection, edition_id: int, places: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Block]:
    """Return the frozen blocks of an edition at these keys and languages, as far as there are."""
    rows = conn.execute(
        select(edition_items).where(
            edition_items.c.edition_id == edition_id,
            tuple_(edition_items.c.item_key, edition_items.c.language).in_(places),
        )
    )
    return {(item.item_key, item.language): block_of(item) for item in rows}


def block_of(row: Row[Any]) -> Block:
    """Return the block that an edition froze, of a row of edition_items."""
    kept = json.loads(row.item)
    return Block(
        key=row.item_key,
        language=row.language,
        title=kept["title"],
        link=kept["link"],
        kind=kept["kind"],
        html=zlib.decompress(row.html).decode(),
        plain=zlib.decompress(row.plain).decode(),
        facts=kept["facts"],
    )


def choices_of(
    frozen: Frozen, segment: Segment, blocks: Mapping[tuple[str, str], Block]
) -> list[Choice]:
    """Return a segment's items as `compose` takes them."""
    pinned = {
        (story.key, version.language)
        for story in frozen.stories
        for version in story.versions.values()
        if version.is_pinned
    }
    return [
        Choice(
            blocks[part.key, part.language],
            is_pinned=(part.key, part.language) in pinned,
            is_fallback=part.is_fallback,
            is_return=part.is_return,
            is_original=part.is_original,
        )
        for part in segment.parts
    ]


def _notices(frozen: Frozen, segment: Segment) -> list[Notice]:
    by_place = {(one.key, one.language, one.id): one for one in frozen.notices}
    return [by_place[told] for told in segment.notices if told in by_place]


def _body(composed: Composed, body_id: int, name: str, language: str) -> Body:
    return Body(
        id=body_id,
        digest=name,
        language=language,
        headers=composed.headers,
        subject=composed.subject,
        html=composed.html,
        plain=composed.plain,
    )
