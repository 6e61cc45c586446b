"""A site that is built again and again, by the real reader of content."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from publisher.content import open_library
from publisher.feeds import BuildReport, build


class BuiltSite:
    """A site folder with its feeds."""

    def __init__(self, site, now: datetime) -> None:
        self.site, self.now = site, now
        self.item, self.write = site.item, site.write

    @property
    def feeds(self) -> Path:
        return self.site.root / "feeds"

    def build(self, **options) -> BuildReport:
        settings = self.site.settings
        now = options.pop("now", self.now)
        library = open_library(settings, now=now, remember=True)
        return build(library, now=now, **options)

    def read(self, path: str) -> bytes:
        return (self.feeds / path).read_bytes()

    def json(self, path: str) -> dict:
        return json.loads(self.read(path))

    def titles(self, path: str) -> list[str]:
        return [item["title"] for item in self.json(path)["items"]]

    def everything(self) -> dict[str, tuple[bytes, int]]:
        """Return every file under feeds/ with its bytes and its time stamp."""
        return {
            path.relative_to(self.feeds).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
            for path in sorted(self.feeds.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def built(site, now) -> BuiltSite:
    return BuiltSite(site, now)


@pytest.fixture(scope="session")
def corpus() -> Path:
    return _folder("PUBLISHER_CORPUS")


@pytest.fixture(scope="session")
def real() -> Path:
    return _folder("PUBLISHER_REAL")


def _folder(variable: str) -> Path:
    if not os.environ.get(variable):
        pytest.skip(f"{variable} names no folder")
    return Path(os.environ[variable])
