"""What commands share that stay until they are stopped: `run`, `serve` and `worker`."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from publisher.cli.ready import say_ready
from publisher.cli.report import note
from publisher.cli.start import Start
from publisher.cli.stopping import stop_on_signals
from publisher.ops import log

if TYPE_CHECKING:
    from publisher.app import App

_Command = TypeVar("_Command", bound=Callable[..., Any])
_log = log.get("cli")


def log_option(command: _Command) -> _Command:
    """Give a command the option --log, as its argument form."""
    return click.option(
        "--log",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="The form of the lines on standard error.",
    )(command)


class Stay:
    """One run of a command that stays: the site, and the event that ends it."""

    def __init__(self, app: "App", stop: threading.Event, form: str) -> None:
        self.app, self.stop = app, stop
        self._is_text = form == "text"

    def at_work(self, sentence: str) -> None:
        """Say that the start is done: to whoever sits at a terminal, and to systemd."""
        if self._is_text:
            note(f"{sentence}; stop it with Ctrl-C")
        say_ready()


@contextmanager
def staying(start: Start, form: str) -> Iterator[Stay]:
    """Open the site until a signal wishes an end; form is that of the lines on standard error."""
    log.configure(json=form == "json", level="debug" if start.verbosity > 1 else "info")
    with start.app() as app, stop_on_signals(_say_stopping(form)) as stop:
        yield Stay(app, stop, form)


def _say_stopping(form: str) -> Callable[[str], None]:
    return note if form == "text" else _log.info
