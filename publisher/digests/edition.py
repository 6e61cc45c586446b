"""An edition: one dated occurrence of a digest, and all that was frozen when it opened.

What is frozen decides every byte of its mails: the settings that shape them, the stories the rule
chooses from, the rule itself and the window. Whatever changes later changes nothing of it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from publisher.content.item import Word
from publisher.digests.compose import Notice
from publisher.digests.period import Slot
from publisher.digests.rule import Earlier, Rule, Story, Window
from publisher.digests.segment import Segmenter
from publisher.digests.stories import moment_of, stories_from_json, stories_to_json
from publisher.errors import Level, Problem, StoreError
from publisher.store import tables

BY_EDITOR, BY_MOST = "editor", "most"  # who holds an edition


class State(StrEnum):
    """Where an edition is; the words stand in the database."""

    OPENING = "opening"  # frozen; its deliveries are being written
    DRAFT = "draft"  # frozen; an editor must approve it
    HELD = "held"  # frozen; somebody should look at it first
    SENDING = "sending"
    PAUSED = "paused"  # the mail server does not want us; it is asked again with each `send`
    SENT = "sent"
    MISSED = "missed"  # its slot passed by; nothing froze
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Frozen:
    """What an edition was opened with."""

    settings: Mapping[str, Any]  # JSON of the shaping sections and this digest
    stories: tuple[Story, ...]
    rule: Rule
    window: Window
    notices: tuple[Notice, ...] = ()  # what changed about items of earlier editions
    words: Mapping[str, Word] = field(default_factory=dict)  # the editor's, by language
    findings: tuple[Problem, ...] = ()  # what to look at, as it was when it froze

    def to_json(self) -> str:
        """Return this as the database keeps it."""
        kept = {
            "settings": self.settings,
            "stories": stories_to_json(self.stories),
            "rule": asdict(self.rule),
            "window": asdict(self.window),
            "notices": [asdict(notice) for notice in self.notices],
            "words": {tag: asdict(word) for tag, word in self.words.items()},
            "findings": [asdict(problem) for problem in self.findings],
        }
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Frozen":
        """Return what `to_json` gave."""
        kept = json.loads(text)
        rule = kept["rule"]
        earlier = tuple(Earlier(**one) for one in rule.get("earlier", ()))
        rule = {**rule, "kinds": tuple(rule["kinds"]), "earlier": earlier}
        return cls(
            kept["settings"],
            stories_from_json(kept["stories"]),
            Rule(**rule),
            _window(kept["window"]),
            tuple(Notice(**notice) for notice in kept.get("notices", ())),
            {tag: Word(**word) for tag, word in kept.get("words", {}).items()},
            tuple(_problem(problem) for problem in kept.get("findings", ())),
        )

    def segmenter(self) -> Segmenter:
        """Return what finds the segment of a signature in this edition."""
        return Segmenter(self.stories, self.rule, self.window, self.settings["site"]["languages"])


@dataclass(frozen=True, slots=True)
class Edition:
    """One row of the editions table."""

    id: int
    digest: str
    slot: Slot
    state: State
    frozen_at: datetime | None  # None: nothing was frozen, or it counts as if nothing were
    note: str
    opened_at: datetime
    is_extra: bool = False  # outside the rhythm
    held_by: str = ""
    released_at: datetime | None = None

    @property
    def purpose(self) -> str:
        """What its deliveries are for, in the ledger."""
        return purpose_of(self.id)

    @property
    def is_held_for_size(self) -> bool:
        """Whether it waits because some reader would get more items than `most`."""
        return self.state is State.HELD and self.held_by == BY_MOST

    @property
    def local_slot(self) -> datetime:
        """The slot as a local time without a zone, as templates and links show it."""
        return self.slot.at


def purpose_of(edition_id: int) -> str:
    """Return the ledger's name for the deliveries of an edition."""
    return f"edition:{edition_id}"


def read_edition(conn: Connection, edition_id: int) -> Edition:
    """Return an edition; raises StoreError when there is none of this number."""
    row = conn.execute(
        select(tables.editions).where(tables.editions.c.id == edition_id)
    ).one_or_none()
    if row is None:
        raise StoreError(f"there is no edition {edition_id}")
    return edition_of(row)


def read_frozen(conn: Connection, edition_id: int) -> Frozen:
    """Return what an edition was opened with."""
    kept = conn.scalar(select(tables.editions.c.frozen).where(tables.editions.c.id == edition_id))
    return Frozen.from_json(kept or "")


def editions_where(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Select the rows of editions, the oldest first, without what they froze, which may be long."""
    columns = (column for column in tables.editions.c if column is not tables.editions.c.frozen)
    return select(*columns).where(*conditions).order_by(tables.editions.c.id)


def edition_of(row: Row[Any]) -> Edition:
    """Return the edition of a row that has all columns but perhaps what it froze."""
    return Edition(
        row.id,
        row.digest,
        Slot(row.slot, moment_of(row.due_at)),
        State(row.state),
        _moment(row.frozen_at),
        row.note,
        moment_of(row.opened_at),
        bool(row.is_extra),
        row.held_by,
        _moment(row.released_at),
    )


def _window(kept: Mapping[str, Any]) -> Window:
    gaps = tuple((after, until) for after, until in kept.get("gaps", ()))
    return Window(**{**kept, "gaps": gaps})


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment_of(seconds)


def _problem(kept: Mapping[str, Any]) -> Problem:
    return Problem(**{**kept, "level": Level(kept["level"])})
