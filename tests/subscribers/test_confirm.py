import pytest
from sqlalchemy import select

from publisher.app.keeping import forget_old_asks
from publisher.app.people import welcome_news
from publisher.app.sending import send_queued
from publisher.errors import LimitReached, TokenExpired, TokenForged
from publisher.store import read, tables, write
from publisher.subscribers import (
    Confirmed,
    State,
    confirm,
    leave,
    read_confirmation,
    renew_confirmation,
)
from publisher.tokens import Keys
from tests.subscribers.town import KEYS, at_once, text_of


def use(town, token, keys=KEYS):
    town.wait(seconds=1)
    news = welcome_news(town.app)
    with write(town.db) as conn:
        found = confirm(conn, town.app.settings, keys, token, town.now, news)
    return found.result


def test_link_makes_active_once_and_a_second_time_changes_nothing(town):
    town.sign_up("ann@example.test", languages=("ar", "en"))
    token = town.token("ann@example.test", "confirm")
    assert use(town, token) is Confirmed.NOW
    who = town.person("ann@example.test")
    assert (who.state, who.confirmed_at) == (State.ACTIVE, town.now)
    town.wait(hours=1)
    assert use(town, token) is Confirmed.BEFORE
    assert town.person("ann@example.test") == who
    assert len(town.letters()) == 2  # to confirm, and to welcome
    assert town.count("consents") == 2


def test_what_many_ask_for_at_once_is_done_and_recorded_once(town):
    at_once(lambda: town.sign_up("ann@example.test"))
    token = town.token("ann@example.test", "confirm")
    at_once(lambda: use(town, token))
    with read(town.db) as conn:
        acts = conn.scalars(select(tables.consents.c.act).order_by(tables.consents.c.id)).all()
    assert acts == ["signed up", "confirmed"]
    assert len(town.letters()) == 2


def test_looking_at_a_link_changes_nothing(town):
    town.sign_up("ann@example.test")
    token = town.token("ann@example.test", "confirm")
    for _ in range(3):
        with read(town.db) as conn:
            assert read_confirmation(conn, KEYS, token, town.now).result is Confirmed.NOW
    assert town.person("ann@example.test").state is State.PENDING


def test_welcome_tells_the_latest_titles_and_the_next_hour_of_the_reader(town, site):
    site.item("summit.en.md", "Summit of mayors")
    site.item("old.en.md", "Older", date="2026-01-01")
    site.item("later.en.md", "Still to come", date="2026-05-01")
    site.item("only.fr.md", "Seulement en français")
    town.sign_up("ann@example.test", digests=("weekly",), time_zone="Asia/Amman")
    use(town, town.token("ann@example.test", "confirm"))
    said = text_of(town.letters("ann@example.test")[-1])
    assert said.index("Summit of mayors") < said.index("Older")
    assert "Still to come" not in said
    assert "français" not in said
    assert "Weekly digest: 3 March 2026, 10:00" in said  # 07:00 in London
    assert "Monthly" not in said


def test_welcome_goes_out_where_there_is_no_content(town, site):
    town.sign_up("ann@example.test")
    token = town.token("ann@example.test", "confirm")
    (site.root / "content").rmdir()
    use(town, token)
    assert "Welcome" in town.letters("ann@example.test")[-1]["Subject"]


def test_returning_person_gets_what_they_asked_for_with_that_letter(town, join):
    who = join("ann@example.test", digests=("weekly",)).subscriber
    with write(town.db) as conn:
        leave(conn, town.app.settings, KEYS, who.public_id, "", town.now, source="one-click")
    town.sign_up("ann@example.test", digests=("monthly",), languages=("fr",), name="Ann")
    first = town.token("ann@example.test", "confirm")
    town.wait(hours=2)
    town.sign_up("ann@example.test", digests=("weekly",), languages=("ar",), name="Eve")
    assert use(town, first) is Confirmed.NOW
    found = town.person("ann@example.test")
    assert (found.digests, found.languages, found.name) == (("monthly",), ("fr",), "Ann")
    assert town.count("wishes") == 0


def test_old_link_brings_nobody_back_who_left_since(town):
    town.sign_up("ann@example.test")
    token = town.token("ann@example.test", "confirm")
    use(town, token)
    who = town.person("ann@example.test")
    with write(town.db) as conn:
        leave(conn, town.app.settings, KEYS, who.public_id, "", town.now)
    assert use(town, token) is Confirmed.LEFT
    assert town.person("ann@example.test").state is State.UNSUBSCRIBED


def test_link_that_ended_says_when_it_was_made_and_another_can_be_had(town):
    town.sign_up("ann@example.test")
    token, made_at = town.token("ann@example.test", "confirm"), town.now
    town.wait(days=8)
    with pytest.raises(TokenExpired) as caught:
        use(town, token)
    assert caught.value.issued_at == made_at
    with write(town.db) as conn:
        who = caught.value.public_id
        renew_confirmation(conn, town.app.settings, KEYS, who, "", town.now)
    assert use(town, town.token("ann@example.test", "confirm")) is Confirmed.NOW


def test_another_letter_is_limited_like_a_sign_up(town):
    town.sign_up("ann@example.test")
    who = town.person("ann@example.test").public_id
    with write(town.db) as conn:
        for _ in range(10):
            renew_confirmation(conn, town.app.settings, KEYS, who, "203.0.113.7", town.now)
        with pytest.raises(LimitReached):
            renew_confirmation(conn, town.app.settings, KEYS, who, "203.0.113.7", town.now)
    assert len(town.letters()) == 1


def test_link_is_read_after_the_keys_were_changed(town):
    town.sign_up("ann@example.test")
    token = town.token("ann@example.test", "confirm")
    assert use(town, token, Keys((*KEYS.pairs, ("2", b"n" * 32)))) is Confirmed.NOW


def test_link_of_another_purpose_confirms_nobody(town, join):
    join("ann@example.test")
    town.sign_up("ann@example.test")
    token = town.token("ann@example.test", "preferences")
    with pytest.raises(TokenForged):
        use(town, token)


def test_repeat_of_a_letter_is_the_same_to_the_byte_whatever_changed(town, settings):
    from sqlalchemy import update

    from publisher.store.tables import deliveries

    town.sign_up("ann@example.test")
    town.letters()
    folder = settings.outbox_dir / "new"
    (file,) = folder.iterdir()
    before = file.read_bytes()
    file.unlink()
    web = settings.web.model_copy(update={"url": "https://elsewhere.example.org"})
    town.app.settings = settings.model_copy(update={"web": web})
    town.app.__dict__["keys"] = Keys((*KEYS.pairs, ("2", b"n" * 32)))
    town.wait(hours=5)
    with write(town.db) as conn:
        conn.execute(update(deliveries).values(state="queued"))
    send_queued(town.app)
    (file,) = folder.iterdir()
    assert file.read_bytes() == before


def test_who_never_confirmed_is_forgotten_after_a_month(town, join):
    town.sign_up("ann@example.test")
    join("imported@example.test", consent="")
    town.letters()
    town.wait(days=29)
    forget_old_asks(town.app)
    assert town.person("ann@example.test") is not None
    town.wait(days=2)
    assert forget_old_asks(town.app) == 1
    assert town.person("ann@example.test") is None
    assert town.person("imported@example.test") is not None
    assert forget_old_asks(town.app) == 0


def test_letter_to_who_is_forgotten_is_in_the_outbox_no_more(town):
    town.sign_up("ann@example.test")
    town.letters()
    town.wait(days=28)
    town.sign_up("joann@example.test")
    town.letters()
    town.wait(days=3)
    forget_old_asks(town.app)
    assert [letter["To"] for letter in town.letters()] == ["joann@example.test"]
