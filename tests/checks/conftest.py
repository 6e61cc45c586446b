import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from publisher.checks.lookup import Lookup
from publisher.delivery import DkimKey, make_key_file, read_keys
from publisher.settings import Settings, load

from .nameserver import NameServer, serving

SMTP = '[delivery]\ntransport = "smtp"\n'
SIGNING = """\
[delivery.dkim]
domain = "our-town.org"
selector = "news"
key_file = "var/rsa.pem"
"""


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with serving() as server:
        yield server


@pytest.fixture
def lookup(nameserver) -> Lookup:
    return Lookup(nameserver.place, each_seconds=1, all_seconds=3)


@pytest.fixture
def our_town(site) -> Callable[..., Settings]:
    """Return settings of a site that really sends, with more TOML behind them."""

    text = (site.root / "publisher.toml").read_text()

    def configure(more: str = SMTP, sender: str = "digest@our-town.org") -> Settings:
        site.configure(text.replace("digest@example.org", sender) + more)
        return load(site.root, {})

    return configure


@pytest.fixture(scope="session")
def key_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "rsa.pem"
    make_key_file(path, "rsa-sha256")
    return path


@pytest.fixture
def key(site, our_town, key_file) -> DkimKey:
    (site.root / "var").mkdir()
    shutil.copy(key_file, site.root / "var/rsa.pem")
    return read_keys(our_town(SMTP + SIGNING).delivery.dkim, site.root)[0]
