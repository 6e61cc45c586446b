"""An edition: one dated occurrence of a digest, and all that was frozen when it opened.

What is frozen decides every byte of its mails: the settings that shape them, the stories the rule
chooses from, the rule itself and the window. Whatever changes later changes nothing of it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, select

from publisher.digests.period import Slot
from publisher.digests.segment import Segmenter
from publisher.digests.select import Rule, Story, Window
from publisher.digests.stories import moment_of, stories_from_json, stories_to_json
from publisher.errors import StoreError
from publisher.store import tables

if TYPE_CHECKING:
    from publisher.settings import Settings

# The sections that shape a mail's bytes. None of them may ever hold a secret.
_SHAPING = ("site", "categories", "feeds", "sender", "web", "look", "feedback")


class State(StrEnum):
    """Where an edition is; the words stand in the database."""

    OPENING = "opening"  # frozen; its deliveries are being written
    HELD = "held"  # frozen; somebody should look at it first
    SENDING = "sending"
    SENT = "sent"
    MISSED = "missed"  # its slot passed by; nothing froze


@dataclass(frozen=True, slots=True)
class Frozen:
    """What an edition was opened with."""

    settings: Mapping[str, Any]  # JSON of the shaping sections and this digest
    stories: tuple[Story, ...]
    rule: Rule
    window: Window

    def to_json(self) -> str:
        """Return this as the database keeps it."""
        kept = {
            "settings": self.settings,
            "stories": stories_to_json(self.stories),
            "rule": asdict(self.rule),
            "window": asdict(self.window),
        }
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Frozen":
        """Return what `to_json` gave."""
        kept = json.loads(text)
        rule = {**kept["rule"], "kinds": tuple(kept["rule"]["kinds"])}
        return cls(
            kept["settings"],
            stories_from_json(kept["stories"]),
            Rule(**rule),
            Window(**kept["window"]),
        )

    @property
    def most(self) -> int:
        """How many items for one reader were allowed when it froze."""
        digests = self.settings["digests"].values()
        return int(next(iter(digests))["most"])

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
    frozen_at: datetime | None
    note: str

    @property
    def purpose(self) -> str:
        """What its deliveries are for, in the ledger."""
        return purpose_of(self.id)

    @property
    def local_slot(self) -> datetime:
        """The slot as a local time without a zone, as templates and links show it."""
        return datetime.fromisoformat(self.slot.local)


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


def edition_of(row: Row[Any]) -> Edition:
    """Return the edition of a row that has all columns."""
    frozen_at = moment_of(row.frozen_at) if row.frozen_at is not None else None
    slot = Slot(row.slot, moment_of(row.due_at))
    return Edition(row.id, row.digest, slot, State(row.state), frozen_at, row.note)


def shaping(settings: "Settings", name: str) -> dict[str, Any]:
    """Return the settings that shape the mails of a digest, as JSON can hold them."""
    kept = {section: getattr(settings, section) for section in _SHAPING}
    dumped: dict[str, Any] = json.loads(json.dumps(_dumped(kept), default=_plain))
    return {**dumped, "digests": {name: json.loads(_json(settings.digests[name]))}}


def reshaped(kept: Mapping[str, Any], root: Path) -> "Settings":
    """Return the settings that `shaping` kept; all others have their defaults."""
    return _reshaped(json.dumps(kept, sort_keys=True), root)


@lru_cache(maxsize=8)
def _reshaped(kept: str, root: Path) -> "Settings":
    # Checking time zones takes 10 ms, and an edition may have thousands of bodies to make.
    from publisher.settings import Settings

    return Settings.model_validate({**json.loads(kept), "root": root})


def _dumped(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {key: one.model_dump() for key, one in section.items()}
        if isinstance(section, dict)
        else section.model_dump()
        for name, section in sections.items()
    }


def _json(section: Any) -> str:
    return json.dumps(section.model_dump(), default=_plain)


def _plain(value: Any) -> str:
    """Return a value JSON does not know as publisher.toml would write it."""
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot freeze a {type(value).__name__}")
