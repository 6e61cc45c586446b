"""Real servers, certificates and ways out that may reach them."""

from collections.abc import Callable

import pytest

from publisher.reach import Reach

from .server import Server, serve

__all__ = ["serve"]


@pytest.fixture
def reaching() -> Callable[..., Reach]:
    """Make a way out that may ask exactly these servers."""

    def make(*servers: Server, **options) -> Reach:
        allowed = frozenset(server.place for server in servers)
        return Reach("https://news.example.org", allowed, **options)

    return make
