"""An edition before it goes out: what readers of each language will see, as things stand.

Of a slot to come it is what would freeze then; of a draft or a held one, what froze.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Engine, select

from publisher.content.item import Word
from publisher.digests.body import block_of, choices_of
from publisher.digests.compose import NOTHING, Above, Block, Choice, Composed, compose
from publisher.digests.edition import Edition, Frozen, read_edition, read_frozen
from publisher.digests.freezing import Blocks, waiting, words_for
from publisher.digests.period import Slot
from publisher.digests.queue import blank, recall
from publisher.digests.rule import Preferences
from publisher.settings import reshaped
from publisher.store import read
from publisher.store.tables import edition_items

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.render import Templates
    from publisher.settings import Settings


@dataclass(frozen=True, slots=True)
class Expected:
    """One edition that nobody has got yet."""

    digest: str
    slot: Slot | None  # None: its time is not known yet
    frozen: Frozen
    settings: "Settings"  # that shape its mails
    templates: "Templates"
    block: Callable[[str, str], Block]  # of a key and a language
    words: Mapping[str, Word]  # the editor's, by language
    edition: Edition | None = None  # None: nothing froze yet

    def choices(self, language: str) -> list[Choice]:
        """Return what a reader of one language gets, in order; empty: no mail."""
        segment = self.frozen.segmenter().segment(Preferences((language,)))
        if segment is None:
            return []
        places = ((part.key, part.language) for part in segment.parts)
        return choices_of(self.frozen, segment, {place: self.block(*place) for place in places})

    def compose(
        self,
        language: str,
        choices: Sequence[Choice],
        now: datetime,
        *,
        is_test: bool = False,
        above: Above = NOTHING,
    ) -> Composed:
        """Return the mail of readers of one language; see `compose`.

        now     stands in for a slot that is not known yet
        """
        return compose(
            self.templates,
            self.settings,
            name=self.digest,
            slot=self.slot.at if self.slot else now,
            language=language,
            blocks=choices,
            edition_id=self.edition.id if self.edition else None,
            is_test=is_test,
            word=self.words.get(language),
            above=above,
        )


def expected(
    engine: Engine | None,
    settings: "Settings",
    library: "Library",
    templates: "Templates",
    name: str,
    slot: Slot | None,
    at: datetime,
) -> Expected:
    """Return the edition that a digest would freeze at a moment; nothing is stored.

    engine  without one, everything published by then is taken to be new
    """
    memory = blank(settings, at)
    if engine is not None:
        with read(engine) as conn:
            memory = recall(conn, settings, name, at)
    frozen = waiting(memory, settings, library, name, slot, at, is_recorded=False)
    blocks = Blocks(settings, library, templates, at)
    words = words_for(settings, library, name, slot) if slot else {}
    return Expected(name, slot, frozen, settings, templates, blocks.block, words)


def expected_of(
    engine: Engine, settings: "Settings", templates: "Templates", edition_id: int
) -> Expected:
    """Return an edition that froze and that readers do not have yet: a draft, a held one."""
    with read(engine) as conn:
        edition, frozen = read_edition(conn, edition_id), read_frozen(conn, edition_id)
        rows = conn.execute(
            select(edition_items).where(edition_items.c.edition_id == edition_id)
        ).all()
    made = {(row.item_key, row.language): block_of(row) for row in rows}
    return Expected(
        edition.digest,
        edition.slot,
        frozen,
        reshaped(frozen.settings, settings.root),
        templates,
        lambda key, language: made[key, language],
        frozen.words,
        edition,
    )
