"""Ctrl-C and SIGTERM as a wish to stop soon, not as an end in mid-sentence."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from publisher.cli.report import note


@contextmanager
def stop_on_signals(tell: Callable[[str], None] = note) -> Iterator[threading.Event]:
    """Yield an event that the first signal sets; a second Ctrl-C ends the process at once.

    tell   says that the wish was heard
    """
    stop = threading.Event()

    def wish(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not stop.is_set():
            tell("stopping: what is being sent is finished first")
        stop.set()

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
