"""Bodies of an edition: made from its frozen rows when a delivery first needs one, and previews."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Row, select, tuple_

from publisher.delivery import Body, load_body, save_body
from publisher.digests.compose import Block, Choice, Composed, compose
from publisher.digests.edition import Edition, Frozen, read_edition, read_frozen, reshaped
from publisher.digests.freezing import Blocks, waiting
from publisher.digests.period import next_slot
from publisher.digests.queue import blank, recall
from publisher.digests.segment import Segment
from publisher.digests.select import Preferences
from publisher.errors import PublisherError, StoreError
from publisher.store import read, write
from publisher.store.tables import edition_items, editions, segments

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


def make_body(engine: Engine, settings: "Settings", templates: "Templates", body_id: int) -> Body:
    """Return a segment's body, composed and stored when it is needed for the first time.

    It depends on nothing but what the edition froze, whatever settings and files say by now.

    Raises StoreError when the body belongs to no edition, RenderError when a template fails.
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
        blocks=_choices(frozen, segment, blocks),
        edition_id=edition.id,
    )
    with write(engine) as conn:
        save_body(
            conn,
            _body(composed, body_id, edition.digest, segment.language),
            edition.frozen_at or edition.slot.due_at,
        )
        made = load_body(conn, body_id)  # another process may have been first
    if made is None:
        raise StoreError(f"body {body_id} could not be stored")
    return made


def settings_of(engine: Engine, settings: "Settings", body_id: int) -> "Settings":
    """Return the settings that a body's edition froze; those given when it is of no edition."""
    with read(engine) as conn:
        kept = conn.scalar(
            select(editions.c.frozen)
            .join(segments, segments.c.edition_id == editions.c.id)
            .where(segments.c.body_id == body_id)
        )
    return reshaped(json.loads(kept)["settings"], settings.root) if kept else settings


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
    memory = blank(now)
    if engine is not None:
        with read(engine) as conn:
            memory = recall(conn, name, now)
    frozen = waiting(memory, settings, library, name, now, is_recorded=False)
    blocks = Blocks(settings, library, templates, now)
    segment = frozen.segmenter().segment(Preferences((language,)))
    choices: list[Choice] = []
    if segment:
        found = {(p.key, p.language): blocks.block(p.key, p.language) for p in segment.parts}
        choices = _choices(frozen, segment, found)
    elif is_test:
        choices = _newest(settings, library, blocks, language, now)
    if not choices:
        return Preview(language, "", "", "", (), ())
    slot = next_slot(settings.digests[name], settings.site.zone, now)
    composed = compose(
        templates,
        settings,
        name=name,
        slot=datetime.fromisoformat(slot.local) if slot else now,
        language=language,
        blocks=choices,
        edition_id=None,
        is_test=is_test,
    )
    return Preview(
        language, composed.subject, composed.html, composed.plain, composed.headers, tuple(choices)
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


def _frozen_segment(
    conn: Connection, body_id: int
) -> tuple[Edition, Frozen, Segment, dict[tuple[str, str], Block]]:
    row = conn.execute(select(segments).where(segments.c.body_id == body_id)).one_or_none()
    if row is None:
        raise StoreError(f"body {body_id} belongs to no edition, so nothing can be made for it")
    segment = Segment.from_json(row.language, json.loads(row.items))
    places = [(part.key, part.language) for part in segment.parts]
    rows = conn.execute(
        select(edition_items).where(
            edition_items.c.edition_id == row.edition_id,
            tuple_(edition_items.c.item_key, edition_items.c.language).in_(places),
        )
    )
    blocks = {(item.item_key, item.language): _block(item) for item in rows}
    edition_id = row.edition_id
    return read_edition(conn, edition_id), read_frozen(conn, edition_id), segment, blocks


def _block(row: Row[Any]) -> Block:
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


def _choices(
    frozen: Frozen, segment: Segment, blocks: Mapping[tuple[str, str], Block]
) -> list[Choice]:
    pinned = {
        (story.key, version.language)
        for story in frozen.stories
        for version in story.versions.values()
        if version.is_pinned
    }
    return [
        Choice(
            blocks[part.key, part.language], (part.key, part.language) in pinned, part.is_fallback
        )
        for part in segment.parts
    ]


def _newest(
    settings: "Settings", library: "Library", blocks: Blocks, language: str, now: datetime
) -> list[Choice]:
    """Return the newest items for a test message, one version of each story."""
    wishes = [language, *settings.site.languages]
    best: dict[str, str] = {}
    for item in library.published(now):
        known = best.get(item.key)
        if known is None or wishes.index(item.language) < wishes.index(known):
            best[item.key] = item.language
    return [
        Choice(blocks.block(key, tag), is_fallback=tag != language)
        for key, tag in list(best.items())[:_TEST_ITEMS]
    ]


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
