"""What tests do to editions in processes of their own, which end at their n-th commit."""

from datetime import datetime
from pathlib import Path

from publisher import digests, faults
from publisher.content import open_library
from publisher.render import Templates
from publisher.settings import load
from publisher.store import open_engine

KILLED = 9


def open_due(root: Path, url: str, now: datetime, crash_at: int) -> None:
    """Open what is due, two readers a transaction; crash_at 0 ends nothing."""
    settings = load(root, {})
    library, templates = open_library(settings, now=now), Templates(settings)
    engine = open_engine(url, root)
    faults.arm(crash_at)
    digests.open_due(engine, settings, library, templates, now, chunk=2)


def decide(root: Path, url: str, now: datetime, crash_at: int, what: str) -> None:
    """Decide on the edition of 3 March 2026."""
    settings = load(root, {})
    library, templates = open_library(settings, now=now), Templates(settings)
    engine = open_engine(url, root)
    faults.arm(crash_at)
    digests.act(engine, settings, library, templates, "weekly", what, "2026-03-03", now)
