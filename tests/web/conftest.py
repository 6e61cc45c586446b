"""The web of the small site, on a real socket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from publisher.app import open_app
from publisher.ops import Clock
from publisher.web.visit import Page
from tests.conftest import NOW, SETTINGS, SmallSite
from tests.web.browser import Browser, browsing


@contextmanager
def opened(
    site: SmallSite, *more: Page, clock: Clock | None = None, **given: Any
) -> Iterator[Browser]:
    """Serve a site as its folder is now, for a block; further pages may be given."""
    site.have_database()
    app = open_app(site.root, clock or Clock(NOW))
    with browsing(app, more, **given) as browser:
        yield browser


@pytest.fixture
def open_web(site: SmallSite) -> Iterator[Callable[..., Browser]]:
    """Serve the small site as its folder is now; further pages may be given."""
    with ExitStack() as stack:

        def open_it(*more: Page, **given: Any) -> Browser:
            return stack.enter_context(opened(site, *more, **given))

        yield open_it


@pytest.fixture(scope="module")
def still_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> SmallSite:
    """A small site that all tests of a module share, and none changes."""
    return SmallSite(tmp_path_factory.mktemp("still"), lambda: sqlite_template)


@pytest.fixture(scope="module")
def still_web(still_site: SmallSite) -> Iterator[Browser]:
    """The small site on SQLite, with no item: one web for all tests of a module, which only look."""
    with opened(still_site) as browser:
        yield browser


@pytest.fixture
def web(open_web: Callable[..., Browser]) -> Browser:
    """The small site on SQLite, with no item."""
    return open_web()


@pytest.fixture(params=["sqlite", "postgresql"])
def open_stored_web(
    request: pytest.FixtureRequest, site: SmallSite, open_web: Callable[..., Browser]
) -> Callable[..., Browser]:
    """Serve the small site as `open_web` does, on SQLite and then on a real PostgreSQL."""
    if request.param == "postgresql":
        url = request.getfixturevalue("shared_url")
        site.configure(f'{SETTINGS}\n[database]\nurl = "{url}"\n')
    return open_web


@pytest.fixture
def stored_web(open_stored_web: Callable[..., Browser]) -> Browser:
    """The small site on both databases: for pages that touch the store."""
    return open_stored_web()


@pytest.fixture
def no_traceback(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """See to it that nothing a test asks for leaves a trace of an error behind."""
    yield
    assert "Traceback" not in capfd.readouterr().err
