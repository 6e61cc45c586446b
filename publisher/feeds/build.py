"""Build the whole set of feeds, or nothing.

The room's door imports this module for everybody who only asks whether there is anything to build,
so what does the work is imported when there is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from publisher.errors import ContentError, Problem

if TYPE_CHECKING:
    from publisher.content import Library

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did; a file is counted once, not its compressed copies."""

    changed: tuple[str, ...]  # files written, below feeds/
    unchanged: int  # files left as they were
    removed: tuple[str, ...]  # files taken away, below feeds/
    twins: int  # compressed copies that came or went alone, their files as they were
    entries: int  # items that stand in a feed
    feeds: int  # feed files, each format counted
    problems: tuple[Problem, ...]  # found while building; the library's own are not among them


def build(
    library: "Library",
    *,
    now: datetime,
    withdraw: bool = False,
    on_progress: Progress | None = None,
) -> BuildReport:
    """Bring feeds/ up to date with the library; building again changes nothing.

    withdraw     go ahead even when most of what was published would go away
    on_progress  told (feeds done, feeds in all)

    Raises WithdrawalRefused, RenderError for a broken catalogue, OSError. Nothing changed then.
    """
    from publisher.feeds.stage import exclusive

    folder = library.settings.feeds_dir
    with exclusive(folder, wait=False) as is_ours:
        if is_ours:
            return _build(library, now, withdraw, on_progress)
    with exclusive(folder):  # another build was at work: what we read may be older than its feeds
        return _build(_latest(library, now), now, withdraw, on_progress)


def _build(
    library: "Library", now: datetime, withdraw: bool, on_progress: Progress | None
) -> BuildReport:
    """Build, reading again what is edited meanwhile; what will not hold still is left out."""
    from publisher.feeds.stage import settle
    from publisher.feeds.work import Work

    for patient in (False, False, True):
        settle(library.settings.feeds_dir)
        try:
            return Work(library, now, on_progress, patient).run(withdraw)
        except ContentError:
            if patient:
                raise
            library = _latest(library, now)
    raise AssertionError("a patient build returns or raises")


def _latest(library: "Library", now: datetime) -> "Library":
    from publisher.content import open_library, scan

    found = scan(library.settings)
    if found.stamp == library.stamp:
        return library
    return open_library(library.settings, now=now, scan=found)
