"""Sign-up, confirm, preferences and unsubscribe as browsers and mail programs meet them."""

import json
import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import func, select, update

from publisher import tokens
from publisher.app.sending import send_queued
from publisher.delivery import hold_site, release_site
from publisher.ops import Clock
from publisher.store import read, tables, write
from publisher.subscribers import Person, State, add, find, suppress
from publisher.web import choices

ANN = "ann@example.test"
NAMED = {"X-Forwarded-For": "203.0.113.7"}


def join(web, address=ANN, **more):
    with write(web.app.engine) as conn:
        person = Person(address, **more)
        return add(conn, web.app.settings, web.app.keys, person, web.app.now(), "yes").subscriber


def person(web, address=ANN):
    with read(web.app.engine) as conn:
        return find(conn, address, web.app.now())


def count(web, table):
    with read(web.app.engine) as conn:
        return conn.scalar(select(func.count()).select_from(tables.metadata.tables[table]))


def token(web, purpose, who, digest=""):
    timed = {"issued_at": web.app.now()} if purpose in tokens.ENDS_AFTER else {}
    return tokens.make(web.app.keys, purpose, who.public_id, digest, **timed)


def mailed(web, path):
    """Send what waits; return the path of the newest link like this in the outbox."""
    send_queued(web.app)
    files = (file.read_bytes() for file in (web.app.settings.outbox_dir / "new").glob("*"))
    dated = sorted(
        files, key=lambda data: message_from_bytes(data, policy=default)["Date"].datetime
    )
    text = b"".join(dated).replace(b"=\r\n", b"")
    found = re.findall(rf"https://news\.example\.org(/{path}/[\w-]+)".encode(), text)
    return found[-1].decode()


def test_from_the_form_to_the_own_page(stored_web):
    web = stored_web
    form = web.get("/subscribe?lang=ar")
    assert 'dir="rtl"' in form.text
    assert form.headers["cache-control"] == "no-store"
    answer = web.post("/subscribe?lang=ar", {"email": ANN, "language": "ar", "name": "Ann"})
    assert answer.status == 200
    assert ANN not in answer.text
    path = mailed(web, "confirm")
    for _ in range(3):
        assert web.get(path, User_Agent="SafeLinks").status == 200
    assert person(web).state is State.PENDING
    assert "a•••@e•••.test" in web.get(path).text
    first = web.ask("POST", path)
    assert person(web).state is State.ACTIVE
    again = web.ask("POST", path)
    assert (first.status, first.body) == (again.status, again.body)
    assert first.status == 200
    own = re.search(r'href="(/preferences/[\w-]+)', first.text)[1]
    assert "a•••@e•••.test" in web.get(own).text
    assert ANN not in web.get(own).text


def test_wording_on_the_page_is_what_is_kept(web):
    page = web.get("/subscribe?lang=fr").text
    web.post("/subscribe?lang=fr", {"email": ANN})
    with read(web.app.engine) as conn:
        kept = conn.scalar(select(tables.consents.c.wording))
    assert kept in page


def test_every_address_gets_the_same_answer(stored_web):
    web = stored_web
    join(web, "active@example.test")
    with write(web.app.engine) as conn:
        suppress(conn, web.app.keys, "never@example.test", web.app.now())
    for path in ("/subscribe", "/preferences"):
        answers = {
            (answer.status, answer.body)
            for name in ("active", "never", "nobody", "active")
            for answer in [web.post(path, {"email": f"{name}@example.test"})]
        }
        assert len(answers) == 1
        assert answers.pop()[0] == 200


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("email", {"email": "no address", "name": "Ann"}),
        ("name", {"email": ANN, "name": "n" * 300}),
        ("digest", {"email": ANN, "digest": "hourly"}),
        ("category", {"email": ANN, "category": "{{7*7}}"}),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(still_web, field, fields):
    answer = still_web.post("/subscribe", fields)
    assert answer.status == 422
    if field in ("email", "name"):
        assert f'aria-describedby="{field}-wrong"' in answer.text
        assert f'id="{field}-wrong"' in answer.text
        assert f'value="{fields[field]}"' in answer.text
    assert count(still_web, "subscribers") == 0


def test_over_the_limit_a_sentence_says_when_to_try_again(web):
    for number in range(10):
        assert web.post("/subscribe", {"email": f"a{number}@example.test"}, **NAMED).status == 200
    answer = web.post("/subscribe", {"email": "last@example.test"}, **NAMED)
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0
    assert re.search(r"try again in \d+ minutes", answer.text)
    assert 'value="last@example.test"' in answer.text
    assert web.post("/preferences", {"email": ANN}, **NAMED).status == 429
    assert web.post("/subscribe", {"email": "last@example.test"}).status == 200


def test_machines_that_fill_everything_in_or_are_too_fast_are_answered_and_ignored(web):
    neutral = web.post("/subscribe", {"email": ANN}).body
    assert web.post("/subscribe", {"email": "b@example.test", "website": "x"}).body == neutral
    shown = tokens.make(web.app.keys, "form", "", issued_at=web.app.now())
    answer = web.post("/subscribe", {"email": "c@example.test", "shown": shown})
    assert answer.body == neutral
    forged = web.post("/subscribe", {"email": "d@example.test", "shown": "x"})
    assert forged.body == neutral  # as from a form of the site's own: it counts under the limits
    assert count(web, "subscribers") == 2


def test_who_takes_every_digest_out_of_our_own_form_is_asked_again(web, now):
    shown = tokens.make(web.app.keys, "form", "", issued_at=now - timedelta(seconds=30))
    answer = web.post("/subscribe", {"email": ANN, "shown": shown})
    assert answer.status == 422
    assert 'id="digest-wrong"' in answer.text
    assert count(web, "subscribers") == 0


def test_who_mends_a_field_at_once_is_not_taken_for_a_machine(web, now):
    shown = tokens.make(web.app.keys, "form", "", issued_at=now - timedelta(seconds=30))
    wrong = web.post("/subscribe", {"email": "ann", "shown": shown, "digest": "weekly"})
    (again,) = re.findall(r'name="shown" value="([^"]+)"', wrong.text)
    web.post("/subscribe", {"email": ANN, "shown": again, "digest": "weekly"})
    assert person(web) is not None


def test_restored_copy_promises_no_letter_and_lets_people_go(stored_web):
    web = stored_web
    who = join(web)
    fresh = f"/preferences/{token(web, 'fresh', who)}"
    with write(web.app.engine) as conn:
        hold_site(conn, "restored", web.app.now())
    new = {"email": "b@example.test"}
    asked = [web.post("/subscribe", new), web.post("/preferences", {"email": ANN})]
    asked += [web.post(fresh, {"act": "fresh"}), web.post(fresh, {"act": "move", **new})]
    assert {answer.status for answer in asked} == {503}
    assert (count(web, "subscribers"), count(web, "deliveries")) == (1, 0)
    assert web.post(f"/u/{token(web, 'unsubscribe', who)}").status == 200
    assert person(web).state is State.UNSUBSCRIBED
    with write(web.app.engine) as conn:
        release_site(conn)
    assert web.post("/subscribe", new).status == 200


def test_link_that_ended_offers_another_and_says_when_it_was_made(web, open_web, now):
    web.post("/subscribe", {"email": ANN})
    path = mailed(web, "confirm")
    late = open_web(clock=Clock(now + timedelta(days=8)))
    answer = late.get(path)
    assert answer.status == 410
    assert "2 March 2026" in answer.text
    assert late.ask("POST", path).status == 410
    assert late.post(path, {"again": "1"}).status == 200
    renewed = mailed(late, "confirm")
    assert late.ask("POST", renewed).status == 200
    assert person(late).state is State.ACTIVE


def test_one_click_ends_it_at_once_and_once_more_is_the_same(stored_web):
    web = stored_web
    who = join(web)
    path = f"/u/{token(web, 'unsubscribe', who)}"
    assert web.get(path).status == 200
    assert person(web).state is State.ACTIVE
    one_click = {"List-Unsubscribe": "One-Click"}
    first = web.post(path, one_click, Origin="https://mail.google.com")
    assert person(web).state is State.UNSUBSCRIBED
    again = web.post(path, one_click)
    assert (first.status, again.status, first.body) == (200, 200, again.body)
    assert "set-cookie" not in first.headers
    assert "location" not in first.headers
    assert send_queued(web.app).sent == 0


def test_link_of_a_digest_ends_that_one_unless_all_is_asked(web, site):
    site.configure(
        (site.root / "publisher.toml").read_text()
        + '\n[digests.monthly]\ntitle = "Monthly"\nevery = "month"\nat = "1 07:00"\n'
    )
    web.app.reload()
    who = join(web)
    path = f"/u/{token(web, 'unsubscribe', who, 'weekly')}"
    assert "Weekly digest" in web.get(path).text
    assert "Monthly" in web.post(path).text
    assert person(web).digests == ("monthly",)
    web.post(path, {"all": "1"})
    assert person(web).state is State.UNSUBSCRIBED


def test_every_bad_token_gets_one_and_the_same_404(web):
    who = join(web)
    good = token(web, "unsubscribe", who)
    other = tokens.make(tokens.Keys((("1", b"x" * 32),)), "unsubscribe", who.public_id)
    bad = [good[:-4], "", other, good + "A", "%00", token(web, "confirm", who)]
    asked = [web.ask(method, f"/u/{one}") for one in bad for method in ("GET", "POST")]
    asked += [web.ask("POST", f"/confirm/{good}"), web.get(f"/preferences/{good}")]
    asked += [web.get(f"/confirm/{good}"), web.post(f"/preferences/{good}", {"act": "erase"})]
    assert {(answer.status, answer.body) for answer in asked} == {(404, asked[0].body)}
    assert person(web).state is State.ACTIVE


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(web, method):
    path = f"/u/{token(web, 'unsubscribe', join(web))}"
    answer = web.ask(method, path)
    assert answer.status == (204 if method == "OPTIONS" else 405)
    assert "POST" in answer.headers["allow"]
    assert person(web).state is State.ACTIVE


def test_personal_pages_are_framed_by_nobody_and_kept_nowhere(web):
    headers = web.get(f"/u/{token(web, 'unsubscribe', join(web))}").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_own_page_changes_what_is_chosen_and_remembers_what_was_wrong(stored_web):
    web = stored_web
    who = join(web)
    path = f"/preferences/{token(web, 'preferences', who)}"
    wish = [
        ("language", "ar"),
        ("language", "en"),
        ("digest", "weekly"),
        ("category", "prevention"),
        ("time_zone", "Asia/Amman"),
        ("originals", "1"),
        ("pause", "2026-04-01"),
        ("act", "save"),
    ]
    answer = web.post(path, wish)
    assert answer.status == 200
    found = person(web)
    assert (found.languages, found.digests) == (("ar", "en"), ("weekly",))
    assert (found.time_zone, found.originals) == ("Asia/Amman", True)
    assert found.paused_until.isoformat() == "2026-03-31T21:00:00+00:00"
    assert 'value="2026-04-01"' in web.get(path).text
    wrong = web.post(path, [*wish[:-2], ("pause", "2099-01-01")])
    assert wrong.status == 422
    assert 'id="pause-wrong"' in wrong.text
    assert 'value="2099-01-01"' in wrong.text
    assert web.post(path, [("act", "save"), ("pause", "0001-01-01")]).status == 422
    assert person(web) == found


def test_pause_keeps_its_day_where_the_site_s_zone_is_east_of_greenwich(web, site):
    text = (site.root / "publisher.toml").read_text()
    site.configure(text.replace("Europe/London", "Asia/Amman"))
    web.app.reload()
    path = f"/preferences/{token(web, 'preferences', join(web))}"
    for _ in range(2):
        answer = web.post(path, {"digest": "weekly", "pause": "2026-04-01"})
        assert 'value="2026-04-01"' in answer.text


def test_own_page_opens_when_its_reader_s_zone_is_no_more(web):
    path = f"/preferences/{token(web, 'preferences', join(web))}"
    web.post(path, {"digest": "weekly", "pause": "2026-04-01"})
    with write(web.app.engine) as conn:
        conn.execute(update(tables.subscribers).values(time_zone="US/Pacific-New"))
    assert web.get(path).status == 200


def test_zone_that_is_not_listed_is_not_lost_by_a_change_of_something_else(web):
    path = f"/preferences/{token(web, 'preferences', join(web, time_zone='US/Eastern'))}"
    assert '<option selected value="US/Eastern">' in web.get(path).text


@pytest.mark.parametrize("zone", ["localtime", "Mars/Olympus", "../UTC", "\x00"])
def test_what_is_no_zone_everywhere_cannot_be_chosen(web, zone):
    path = f"/preferences/{token(web, 'preferences', join(web))}"
    assert web.post(path, {"digest": "weekly", "time_zone": zone}).status == 422


def test_language_that_the_site_gave_up_leaves_its_place_to_the_next(web, site):
    path = f"/preferences/{token(web, 'preferences', join(web, languages=('fr', 'ar')))}"
    text = (site.root / "publisher.toml").read_text()
    site.configure(text.replace('"ar", "fr"]', '"ar"]'))
    web.app.reload()
    places = re.findall(r'id="language-\d".*?</select>', web.get(path).text, re.DOTALL)
    assert [re.findall(r'value="(\w*)"[^>]* selected', one) for one in places] == [["ar"], []]


def test_nobody_gets_the_one_digest_left_without_having_chosen_it(web, site):
    settings = (site.root / "publisher.toml").read_text()
    monthly = '\n[digests.monthly]\ntitle = "Monthly"\nevery = "month"\nat = "1 07:00"\n'
    site.configure(settings + monthly)
    web.app.reload()
    path = f"/preferences/{token(web, 'preferences', join(web, digests=('monthly',)))}"
    site.configure(settings)
    web.app.reload()
    page = web.get(path).text
    assert '<input type="hidden" name="digest"' not in page
    assert '<input type="checkbox" id="digest-weekly" name="digest" value="weekly">' in page


def test_only_a_fresh_link_shows_moves_or_erases(web):
    who = join(web)
    usual = f"/preferences/{token(web, 'preferences', who)}"
    for act in ("data", "erase", "move", "fresh"):
        answer = web.post(usual, {"act": act, "sure": "1", "email": "new@example.test"})
        assert "application/json" not in answer.headers["content-type"]
    assert person(web) == who
    fresh = mailed(web, "preferences")
    data = web.post(fresh, {"act": "data"})
    assert json.loads(data.body)["address"] == ANN
    assert "attachment" in data.headers["content-disposition"]
    assert web.post(fresh, {"act": "move", "email": "new@example.test"}).status == 200
    move = mailed(web, "confirm")
    assert "n•••@e•••.test" in web.get(move).text
    assert web.ask("POST", move).status == web.ask("POST", move).status == 200
    assert person(web, "new@example.test").id == who.id
    fresh = f"/preferences/{token(web, 'fresh', who)}"
    assert web.post(fresh, {"act": "erase"}).status == 422
    assert web.post(fresh, {"act": "erase", "sure": "1"}).status == 200
    assert person(web, "new@example.test") is None
    after = web.post(f"/u/{token(web, 'unsubscribe', who)}")
    assert after.status == 200
    for path in (usual, fresh):
        assert web.get(path).status == 200
    assert count(web, "subscribers") == 2
    assert {State.ERASED.value} == _states(web)


def test_leaving_by_the_own_page_gets_a_goodbye(web):
    path = f"/preferences/{token(web, 'preferences', join(web))}"
    assert web.post(path, {"act": "leave"}).status == 200
    assert person(web).state is State.UNSUBSCRIBED
    assert send_queued(web.app).sent == 1
    assert web.get(path).status == 200
    assert web.post(path, {"act": "save", "digest": "weekly"}).status == 200
    assert person(web).state is State.UNSUBSCRIBED


def test_country_with_one_time_zone_is_guessed_from_the_browser(still_web):
    def guessed(accept):
        page = still_web.get("/subscribe", Accept_Language=accept).text
        return re.findall(r'<option selected value="([^"]+)"', page)

    assert guessed("ar-JO,ar;q=0.9") == ["Asia/Amman"]
    assert guessed("en-US") == guessed("ar") == guessed("") == []
    assert "Europe/London" in choices.zones()["Europe"]


def _states(web):
    with read(web.app.engine) as conn:
        return set(conn.scalars(select(tables.subscribers.c.state)))
