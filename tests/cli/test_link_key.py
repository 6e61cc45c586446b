"""`publisher link-key`: a key is added, and whatever runs takes it up."""

import pytest

from publisher import tokens
from publisher.app import open_app
from publisher.errors import StoreError
from publisher.ops import Clock
from tests.web.browser import browsing


def test_new_links_have_the_new_key_and_old_ones_stay_good(publisher, site):
    publisher("subscribers", "add", "ann@example.org", "--consent", "agreed")
    app = open_app(site.root, Clock())
    with browsing(app) as web:
        old = tokens.make(app.keys, "unsubscribe", "somebody")
        ran = publisher("link-key")
        assert (ran.code, ran.out.split(" signs")[0]) == (0, "key 2")
        app.reload()
        new = tokens.make(app.keys, "unsubscribe", "somebody")
        assert new != old
        assert [web.get(f"/u/{token}").status for token in (old, new)] == [200, 200]


def test_a_key_that_cannot_be_read_leaves_those_of_before_in_force(publisher, site):
    app = open_app(site.root, Clock())
    keys, path = app.keys, site.root / "var/secret"
    app.reload()
    kept = path.read_bytes()
    path.write_text("2 half a k")
    with pytest.raises(StoreError):
        app.reload()
    assert app.keys == keys
    path.unlink()
    app.reload()
    assert app.keys == keys
    path.write_bytes(kept)
    publisher("link-key")
    app.reload()
    assert app.keys.pairs[:-1] == keys.pairs
    app.close()


def test_none_is_added_where_the_keys_are_gone(publisher, site):
    publisher("subscribers", "add", "ann@example.org", "--consent", "agreed")
    path = site.root / "var/secret"
    path.unlink()
    ran = publisher("link-key")
    assert ran.code == 4
    assert "bring the file back" in ran.err
    assert not path.exists()
