"""A build in a process of its own, which ends at its n-th point."""

from datetime import datetime
from pathlib import Path

from publisher import faults
from publisher.content import open_library
from publisher.feeds import build
from publisher.settings import load


def build_feeds(root: Path, now: datetime, crash_at: int) -> None:
    """Bring a site's feeds up to date; crash_at 0 ends nothing."""
    settings = load(root, {})
    library = open_library(settings, now=now)
    faults.arm(crash_at)
    build(library, now=now)
