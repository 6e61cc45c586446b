"""The web of the small site, as the tests of the web have it."""

from tests.web.conftest import open_web

__all__ = ["open_web"]
