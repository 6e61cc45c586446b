"""Several machines at one site, over a real PostgreSQL."""

import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest
from machines import AT_SLOT, BEAT, begun, further, mailed, recorded, share, until, working

from publisher.app import keeping, open_app
from publisher.app.editions import open_due_editions
from publisher.app.sending import send_queued
from publisher.errors import PublisherError, StoreError
from publisher.ops import Clock
from publisher.schedule import run_forever
from publisher.schedule.presence import Presence
from publisher.store import open_engine


@pytest.fixture
def shared(site, shared_url):
    """The small site on a database that machines can share; a reader can be added with `begun`."""
    share(site, shared_url)
    return site


def test_three_machines_open_an_edition_once_and_send_to_everybody_once(shared):
    begun(shared, people=40)
    second = further(shared, "second", with_content=True)
    third = further(shared, "third")
    roots = (shared.root, second, third)
    with ExitStack() as machines:
        app = [machines.enter_context(working(root)) for root in roots].pop()
        assert until(lambda: len(mailed(*roots)) >= 40)
        assert until(lambda: len(keeping.machines(app)) == 3)
        assert sorted("with content" in holder for holder in keeping.machines(app).values()) == [
            False,
            True,
            True,
        ]
        done = recorded(app)
    assert mailed(*roots) == sorted(f"r{number}@example.org" for number in range(40))
    assert done.count(("open", "done")) == 1
    assert {outcome for _, outcome in done} == {"done"}
    for root in roots[:2]:
        assert (root / "feeds/en/all.rss").is_file()
    assert not (third / "feeds").exists()
    assert not (third / "content").exists()


def test_who_opens_an_edition_wakes_the_others(shared):
    begun(shared, people=2)
    elsewhere = further(shared, "elsewhere")
    # This machine sends nothing itself, and takes nothing in hand: it lacks the key that signs.
    dkim = 'domain = "example.org"\nselector = "news"\nkey_file = "var/none.pem"\n'
    text = (shared.root / "publisher.toml").read_text(encoding="utf-8")
    shared.configure(f"{text}[delivery.dkim]\n{dkim}")
    # Nobody looks for itself in the next hours: the mail leaves only because of the wake-up. Who
    # misses three beats is not woken, so they are long enough for a loaded machine.
    rarely = {"look": timedelta(hours=9), "beat": timedelta(seconds=10)}
    with working(elsewhere, **rarely) as app:
        assert until(lambda: len(keeping.machines(app)) == 1)
        with working(shared.root, **rarely):
            assert until(lambda: len(mailed(elsewhere)) == 2)


def test_a_machine_that_ended_or_died_is_no_longer_counted(shared, shared_url):
    begun(shared, people=0)
    with working(shared.root) as app:
        engine = open_engine(shared_url, shared.root)
        dead = Presence(engine, BEAT, has_content=False)
        dead.begin()
        dead._over.set()
        engine.dispose()
        assert dead.name in keeping.machines(app)
        assert until(
            lambda: dead.name not in keeping.machines(app) and len(keeping.machines(app)) == 1
        )
    assert keeping.machines(app) == {}
    app.close()


def test_a_machine_without_content_opens_nothing_by_hand_either(shared):
    begun(shared, people=1)
    app = open_app(further(shared, "other"), Clock(AT_SLOT))
    try:
        with pytest.raises(PublisherError, match="is not on this machine"):
            open_due_editions(app)
        assert send_queued(app).sent == 0
    finally:
        app.close()


def test_a_database_that_was_changed_in_the_settings_ends_the_machine(shared, shared_url):
    begun(shared, people=0)
    stop, told = threading.Event(), []
    app = open_app(shared.root, Clock(AT_SLOT))

    def run() -> None:
        try:
            run_forever(app, stop)
        except StoreError as error:
            told.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    looking = open_app(shared.root, Clock())
    assert until(lambda: len(keeping.machines(looking)) == 1)
    looking.close()
    settings = (shared.root / "publisher.toml").read_text(encoding="utf-8")
    shared.configure(settings.replace(shared_url, f"{shared_url}&application_name=other"))
    thread.join(60)
    app.close()
    assert told == ["[database] url was changed\nstart publisher again"]


def test_another_machines_secret_is_refused_at_the_start(shared):
    begun(shared, people=1)
    other = further(shared, "other")
    (other / "var/secret").write_text(f"1 {'ab' * 32}\n", encoding="ascii")
    with pytest.raises(StoreError, match="is not the one"):
        start(other)


def test_a_machine_without_a_secret_makes_none_of_its_own(shared):
    begun(shared, people=0)
    other = further(shared, "other")
    (other / "var/secret").unlink()
    with pytest.raises(StoreError, match="is missing"):
        start(other)
    assert not (other / "var/secret").exists()


def start(root) -> None:
    """Start a machine that is expected to refuse; it would stop at once."""
    stop = threading.Event()
    stop.set()
    app = open_app(root, Clock())
    try:
        run_forever(app, stop)
    finally:
        app.close()
