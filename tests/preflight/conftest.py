"""Servers that links lead to, and a way out that may ask exactly these."""

from collections.abc import Callable

import pytest
from reach.server import Server, serve

from publisher.content import open_library
from publisher.errors import Problem
from publisher.preflight import link_problems
from publisher.reach import Reach

__all__ = ["serve"]


@pytest.fixture
def follow(site, now) -> Callable[..., tuple[Problem, ...]]:
    """Follow the links of all items of the small site; only these servers may be asked."""

    def call(*servers: Server, resolver=None, reach=None, at=now, **options) -> tuple[Problem, ...]:
        allowed = frozenset(server.place for server in servers)
        more = {"resolver": resolver} if resolver else {}
        reach = reach or Reach("https://news.example.org", allowed, **more)
        settings = site.settings
        library = open_library(settings, now=at)
        return link_problems(settings, library, library.items, now=at, reach=reach, **options)

    return call
