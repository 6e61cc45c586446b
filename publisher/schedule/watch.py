"""Notice when an editor has stopped writing."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import watch

from publisher.ops import log

QUIET_SECONDS = 5.0  # an editor's program may write one file in several goes
LONGEST_SECONDS = 60.0  # changes that never end must not keep the rest from being published

_log = log.get(__name__)


def watch_folders(
    folders: Iterable[Path], on_change: Callable[[], None], stop: threading.Event
) -> threading.Thread:
    """Call on_change for every burst of changes below these folders, until stop is set."""
    wanted = [folder for folder in folders if folder.is_dir()]

    def follow() -> None:
        try:
            for _ in watch(*wanted, stop_event=stop, step=200, recursive=True, debounce=1_000):
                on_change()
        except (OSError, RuntimeError) as error:
            # Too many watches, or a file system without notices: the timed build still sees all.
            _log.warning("watching stopped", reason=str(error))

    thread = threading.Thread(target=follow, name="watch", daemon=True)
    if wanted:
        thread.start()
    return thread


class Quiet:
    """When to act on changes that keep coming: after a quiet time, or after a longest wait."""

    def __init__(
        self, quiet_seconds: float = QUIET_SECONDS, longest_seconds: float = LONGEST_SECONDS
    ) -> None:
        self._quiet, self._longest = quiet_seconds, longest_seconds
        self._first: float | None = None

    def changed(self, at: float) -> float:
        """Note a change at this moment (seconds of any clock); return when to act on it."""
        if self._first is None:
            self._first = at
        return min(at + self._quiet, self._first + self._longest)

    def acted(self) -> None:
        """Forget the changes: they were acted on."""
        self._first = None
