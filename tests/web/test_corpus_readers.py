"""Every hostile sign-up, and every hostile request to a reader's page, has its outcome.

The folder is named by PUBLISHER_CORPUS: signup/ and http/ are read from it.
"""

import json
import os
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from publisher.app.sending import send_queued
from publisher.store import read, tables, write
from publisher.subscribers import State, people, unsubscribe
from tests.web.test_reader_pages import join, person, token

CORPUS = os.environ.get("PUBLISHER_CORPUS", "")
pytestmark = [
    pytest.mark.skipif(not CORPUS, reason="PUBLISHER_CORPUS names no corpus"),
    pytest.mark.usefixtures("no_traceback"),
]

# What becomes of each form: the answer's status, and the addresses that are pending afterwards.
SIGNUPS = {
    "01-plain": (200, ["reader@example.test"]),
    "03-crlf-email": (422, []),
    "05-nel-ls-name": (200, ["a@example.test"]),
    "07-two-addresses": (422, []),
    "09-percent-hack": (200, ["v%example.org@example.test"]),
    "11-quoted-local": (422, []),
    "13-local-64": (200, ["l" * 64 + "@example.test"]),
    "15-ip-literal": (422, []),
    "17-no-tld-dots": (422, []),
    "19-arabic-eai": (200, ["القارئ@xn--mgbh0fb.test"]),
    "21-homograph": (200, ["a@xn--pple-43d.test"]),
    "23-case-variants": (200, ["User@example.test"]),
    "25-nul": (422, []),
    "27-bad-percent-utf8": (400, []),
    "29-name-url-spam": (200, ["victim@example.test"]),
    "31-name-html": (200, ["a@example.test"]),
    "33-mass-assign": (200, ["a@example.test"]),
    "35-repeated-field": (200, ["a@example.test"]),
    "37-sqli": (200, ["a'or'1'='1@example.test"]),
    "39-honeypot": (200, []),
    "41-already-active": (200, []),
    "43-same-address-50x": (200, ["victim@example.test"]),
    "45-redirect-param": (200, ["a@example.test"]),
    "47-lang-evil": (200, ["a@example.test"]),
    "49-unsub-then-resub": (200, []),
}


@pytest.mark.parametrize("name", SIGNUPS)
def test_hostile_sign_up_has_its_outcome(stored_web, name):
    web = stored_web
    if name == "41-already-active":
        join(web, "active@example.test")
    if name == "49-unsub-then-resub":
        with_left(web, "gone@example.test")
    for body, network in requests(Path(CORPUS, "signup", f"{name}.json")):
        kind = "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "X-Forwarded-For": network}
        answer = web.ask("POST", "/subscribe", body, headers)
        assert answer.status == SIGNUPS[name][0]
        assert "location" not in answer.headers
        assert "<img src=x" not in answer.text
    assert pending(web) == SIGNUPS[name][1]
    assert send_queued(web.app).sent == letters_of(name)
    for file in (web.app.settings.outbox_dir / "new").glob("*"):
        said = file.read_bytes()
        assert b"evil.test" not in said
        assert b"\nBcc:" not in said
        assert b"\nCc:" not in said


def letters_of(name):
    told = name in ("41-already-active", "49-unsub-then-resub")
    return 1 if told else len(SIGNUPS[name][1])


def test_who_left_and_signs_up_again_keeps_the_old_record(stored_web):
    web = stored_web
    with_left(web, "gone@example.test")
    before = acts(web)
    web.post("/subscribe", {"email": "gone@example.test"})
    assert acts(web) == [*before, "signed up"]
    assert person(web, "gone@example.test").state is State.UNSUBSCRIBED


HTTP = (
    *("01-confirm-get-scanner", "03-confirm-post", "05-oneclick-form", "07-oneclick-twice"),
    *("09-oneclick-cross-origin", "11-token-trunc", "13-token-empty", "15-token-other-key"),
    *("17-token-type-confusion", "19-token-after-erase", "25-clickjack", "31-response-split"),
    *("29-enumeration-prefs", "37-methods"),
)
FORGED = ("11-token-trunc", "13-token-empty", "15-token-other-key", "17-token-type-confusion")


@pytest.mark.parametrize("name", HTTP)
def test_hostile_request_to_a_reader_s_page_has_its_outcome(stored_web, name):
    web = stored_web
    active = join(web, "active@example.test")
    web.post("/subscribe", {"email": "new@example.test"})
    found = json.loads(Path(CORPUS, "http", f"{name}.json").read_text())
    if name == "19-token-after-erase":
        from publisher.app.people import erase_person

        erase_person(web.app, active, source="page")
    answers = [
        web.ask(
            one["method"],
            filled(web, one["path"], active),
            (one["body"] or "").encode() or None,
            one["headers"],
        )
        for one in (found if isinstance(found, list) else [found])
        for _ in range(one.get("repeat", 1))
    ]
    statuses = {answer.status for answer in answers}
    if name in FORGED:
        assert statuses == {404}
        assert {answer.body for answer in answers} == {web.get("/nowhere").body}
    elif name == "37-methods":
        assert statuses == {204, 405}
        assert all("POST" in answer.headers["allow"] for answer in answers)
    else:
        assert statuses == {200}
        assert len({answer.body for answer in answers}) == 1
        assert all(is_private(answer.headers) for answer in answers)
    assert all(not {"set-cookie", "location"} & set(answer.headers) for answer in answers)
    new, old = person(web, "new@example.test"), person(web, "active@example.test")
    assert new.state is (State.ACTIVE if name == "03-confirm-post" else State.PENDING)
    has_left = name in ("05-oneclick-form", "07-oneclick-twice", "09-oneclick-cross-origin")
    if name == "19-token-after-erase":
        assert old is None
    else:
        assert old.state is (State.UNSUBSCRIBED if has_left else State.ACTIVE)


def is_private(headers):
    """Return whether a page is framed by nobody, kept nowhere, and told to no other page."""
    return (
        "frame-ancestors 'none'" in headers["content-security-policy"]
        and headers["referrer-policy"] == "no-referrer"
        and headers["x-content-type-options"] == "nosniff"
        and headers["cache-control"] == "no-store"
    )


def filled(web, path, active):
    """Return a path with the tokens that its placeholders stand for."""
    from publisher import tokens

    unsub = token(web, "unsubscribe", active)
    other = tokens.Keys((("1", b"o" * 32),))
    new = person(web, "new@example.test")
    given = {
        "{unsub_token}": unsub,
        "{unsub_token:trunc}": unsub[:-4],
        "{unsub_token:empty}": "",
        "{unsub_token:other-key}": tokens.make(other, "unsubscribe", active.public_id),
        "{confirm_token}": token(web, "confirm", new),
    }
    for mark, value in given.items():
        path = path.replace(mark, value)
    return path


def requests(file):
    """Return the bodies of a case's requests, each with the network it comes from."""
    text = file.read_bytes()
    if text.startswith(b"POST "):
        yield text.partition(b"\n\n")[2] or text.partition(b"\r\n\r\n")[2], "203.0.113.1"
        return
    form = json.loads(text)["form"]
    fields = {key: value for key, value in form.items() if key[0] != "_" and key != "second"}
    for number in range(form.get("_repeat", 1)):
        yield urlencode(fields).encode(), f"203.0.113.{number}"
    if "second" in form:
        yield urlencode(form["second"]).encode(), "203.0.113.99"


def with_left(web, address):
    who = join(web, address)
    with write(web.app.engine) as conn:
        unsubscribe(conn, who.id, web.app.now())


def pending(web):
    with read(web.app.engine) as conn:
        found = people(conn, web.app.now(), state=State.PENDING)
        return [who.address for who in found]


def acts(web):
    with read(web.app.engine) as conn:
        return list(conn.scalars(select(tables.consents.c.act).order_by(tables.consents.c.id)))
