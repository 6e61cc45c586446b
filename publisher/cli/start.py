"""What every command starts from: which site, which clock, how much to say."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.ops import Clock
from publisher.settings import Testing, load

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.settings import Settings


class Start:
    """The common ground of one run of the program; handed to each command by click."""

    def __init__(self, root: Path, testing: Testing, verbosity: int) -> None:
        self.root = root
        self.testing = testing
        self.verbosity = verbosity
        self.clock = Clock(testing.now)

    @cached_property
    def settings(self) -> "Settings":
        """The site's settings; what a crashed build left in feeds/ is put right on the way."""
        settings = load(self.root)
        if (settings.feeds_dir / ".next").exists():
            _recover(settings.feeds_dir)
        return settings

    @contextmanager
    def app(self) -> Iterator["App"]:
        """Open the site's parts, and close them at the end."""
        from publisher.app import open_app

        app = open_app(self.root, self.clock, settings=self.settings)
        try:
            yield app
        finally:
            app.close()


def _recover(feeds_dir: Path) -> None:
    """Put right what a crashed build left; that it cannot be done stops nobody from sending."""
    from publisher.feeds import recover

    try:
        recover(feeds_dir)
    except OSError as error:
        from publisher.cli.report import note

        note(
            f"{error.filename or feeds_dir}: the last build cannot be finished: {error.strerror}; "
            "put that right and run `publisher build`"
        )


def known_digest(app: "App", name: str) -> None:
    """Raise a usage error unless the site has a digest of this name."""
    if name not in app.settings.digests:
        import click

        known = ", ".join(app.settings.digests) or "none"
        raise click.BadParameter(
            f'there is no digest "{name}"; publisher.toml has: {known}', param_hint="NAME"
        )
