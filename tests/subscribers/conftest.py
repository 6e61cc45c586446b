import pytest

from publisher.store import write
from publisher.subscribers import Person, add
from publisher.tokens import Keys
from tests.subscribers.town import Town

MORE = """
[categories.training]
name = { en = "Training and tools" }

[digests.monthly]
title = { en = "Monthly" }
every = "month"
at = "1 07:00"
"""


@pytest.fixture
def settings(site):
    text = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(text + MORE)
    return site.settings


@pytest.fixture
def keys():
    return Keys((("1", b"k" * 32),))


@pytest.fixture
def join(db, settings, keys, now):
    """Add one person by address and whatever else they say; agreed unless consent is empty."""

    def join(email, consent="I agree", **more):
        with write(db) as conn:
            return add(conn, settings, keys, Person(email, **more), now, consent)

    return join


@pytest.fixture
def town(db, settings):
    return Town(settings, db)
