"""Ctrl-C and SIGTERM as a wish to stop soon, not as an end in mid-sentence."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from publisher.ops import log

_log = log.get("cli")


@contextmanager
def stop_on_signals(form: str = "text") -> Iterator[threading.Event]:
    """Yield an event that the first signal sets; a second Ctrl-C ends the process at once.

    form  how that is told: "text" for people, "json" as a line of the log
    """
    stop = threading.Event()

    def wish(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not stop.is_set():
            if form == "json":
                _log.info("stopping")
            else:
                click.echo("stopping: what is being sent is finished first", err=True)
        stop.set()

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
