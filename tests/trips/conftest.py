"""Whole trips, made the way a stranger would: commands on a site, at moments of our choosing."""

import email
import email.policy
import itertools
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from publisher.cli.main import run
from tests.conftest import SmallSite
from tests.rig.launch import Running, launch
from tests.trips.reader_world import Visitor, World, opened_world

CONSENT = "Keep me up to date."


class Journey:
    """A site and a person at its keyboard."""

    def __init__(self, site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site, self._monkeypatch = site, monkeypatch
        site.have_database()
        self._numbers = itertools.count()
        monkeypatch.setenv("PUBLISHER_TESTING", "1")

    def at(self, moment: str) -> "Journey":
        """Set the clock that the next commands start from."""
        datetime.fromisoformat(moment)
        self._monkeypatch.setenv("PUBLISHER_NOW", moment)
        return self

    def publisher(self, *words: str) -> int:
        return run(["--site", str(self.site.root), *words])

    def start(self, *words: str, **environ: str) -> Running:
        """Run a command in a process of its own."""
        said = self.site.root.parent / f"said-{next(self._numbers)}"
        site = ["--site", str(self.site.root)]
        return launch([*site, *words], said, {**os.environ, **environ})

    def reader(self, address: str, languages: str = "en", *more: str) -> None:
        """Add an active reader; languages are parted by commas."""
        tags = [word for tag in languages.split(",") for word in ("--lang", tag)]
        code = self.publisher("subscribers", "add", address, *tags, "--consent", CONSENT, *more)
        assert code == 0

    def inbox(self, address: str = "") -> list[EmailMessage]:
        """The delivered messages of one reader, or all, in the order of their dates."""
        folders = [self.site.root / "outbox" / name for name in ("new", "cur")]
        found = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for folder in folders
            if folder.is_dir()
            for path in sorted(folder.iterdir())
        ]
        found.sort(key=lambda message: message["Date"].datetime)
        return [message for message in found if address in str(message["To"])]

    def feed(self, path: str) -> Path:
        return self.site.root / "feeds" / path


@pytest.fixture
def journey(site, monkeypatch) -> Journey:
    return Journey(site, monkeypatch)


@pytest.fixture
def world(site: SmallSite) -> Iterator[World]:
    with opened_world(site) as opened:
        yield opened


@pytest.fixture
def arrive(world: World, chromium: Any) -> Iterator[Callable[..., Visitor]]:
    """Lets somebody sit down before a browser of their own."""
    contexts: list[Any] = []
    visitors: list[Visitor] = []

    def arrived(language: str, *, has_script: bool = True) -> Visitor:
        context = chromium.new_context(locale=language, java_script_enabled=has_script)
        contexts.append(context)
        visitors.append(Visitor(world, context, language, has_script=has_script))
        return visitors[-1]

    yield arrived
    for context in contexts:
        context.close()
    assert [said for visitor in visitors for said in visitor.said] == []


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content())
