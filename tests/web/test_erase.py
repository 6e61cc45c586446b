"""Whoever erases themselves is nowhere: in no row, no file of the database, no message, no log line."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from publisher.app.editions import open_due_editions, start_digests
from publisher.app.incoming import take_message
from publisher.app.sending import send_queued
from publisher.delivery import Recipient
from publisher.feedback import bounce_address
from publisher.ops import Clock, log
from publisher.store import read, tables, write
from tests.feedback.conftest import DATA
from tests.web.test_reader_pages import mailed, person, token

ANN, NAME = "Ann.Reader@example.test", "Ann Quxley"
DOMAIN = "bounces.example.org"
TRACES = (ANN, "Ann.Reader%40example.test", NAME, "Ann+Quxley")


@pytest.fixture
def told(capfd):
    """Write the log as machines read it, with all there is; yields what was written so far."""
    log.configure(json=True, level="debug")
    lines = []

    def told() -> bytes:
        lines.extend(capfd.readouterr())
        return "".join(lines).encode()

    yield told
    log.configure(json=False, level="warning")


def places_with(web, told, texts=TRACES):
    """Return where any of the texts is found, in any case: tables, files of the site, the log."""
    needles = [text.lower().encode() for text in texts]
    files = [path for path in web.app.settings.root.rglob("*") if path.is_file()]
    places = {path.name: path.read_bytes() for path in files} | {"log": told()}
    with read(web.app.engine) as conn:
        for table in tables.metadata.tables.values():
            rows = [tuple(row) for row in conn.execute(select(table))]
            places[f"table {table.name}"] = repr(rows).encode()
    return {
        place for place, data in places.items() if any(needle in data.lower() for needle in needles)
    }


def live(open_stored_web, site, now):
    """Sign up, confirm, choose, get an edition; return the web an hour after."""
    site.item("a.en.md", "A")
    early = open_stored_web()
    text = (site.root / "publisher.toml").read_text()
    site.configure(f'{text}\n[feedback]\ndomain = "{DOMAIN}"\n')
    early.app.reload()
    start_digests(early.app)
    early.get("/subscribe?email=Ann.Reader%40example.test&name=Ann+Quxley")
    early.post("/subscribe", {"email": "not an address", "name": NAME})
    early.post("/subscribe", {"email": ANN, "name": NAME}, X_Forwarded_For="203.0.113.5")
    early.ask("POST", mailed(early, "confirm"))
    early.post("/subscribe", {"email": ANN, "name": NAME})
    own = f"/preferences/{token(early, 'preferences', person(early, ANN))}"
    early.post(own, {"act": "save", "language": "en", "digest": "weekly"})
    early.app.close()
    web = open_stored_web(clock=Clock(now + timedelta(hours=19, minutes=1)))
    assert open_due_editions(web.app)
    assert send_queued(web.app).sent
    return web


def bounce(web, who):
    """Let a server refuse an edition with the reader's name, and return it to sender as well."""
    rows = tables.deliveries
    theirs = rows.c.subscriber_id == who.id, rows.c.purpose.like("edition:%")
    with write(web.app.engine) as conn:
        number = conn.scalars(select(rows.c.id).where(*theirs)).one()
        row = {"delivery_id": number, "number": 9, "started_at": 1, "outcome": "refused"}
        answer = f"5.1.1 <{ANN}>: {NAME} lives here no more"
        conn.execute(insert(tables.attempts).values(**row, code="550", answer=answer))
    reader = Recipient(who.id, who.public_id, who.address, who.languages, None)
    address = bounce_address(DOMAIN, web.app.keys, number, reader)
    data = (DATA / "hostile/01-hard.eml").read_bytes()
    data = data.replace(b"b+{verp}@pub.test", address.encode())
    data = data.replace(b"reader@example.test", ANN.encode())
    assert take_message(web.app, data.replace(b"no such user", f"no {ANN}".encode()))


def test_after_erase_the_address_is_found_nowhere(open_stored_web, site, now, told):
    web = live(open_stored_web, site, now)
    web.post("/preferences", {"email": ANN})
    assert send_queued(web.app).sent == 1
    who = person(web, ANN)
    fresh = f"/preferences/{token(web, 'fresh', who)}"
    bounce(web, who)  # from then on no link would be mailed
    before = places_with(web, told)
    assert {"table subscribers", "table attempts"} <= before
    assert any("publisher" in place for place in before), "a message"
    assert "log" not in before
    assert web.post(fresh, {"act": "erase", "sure": "1"}).status == 200
    assert places_with(web, told) == set()
    assert person(web, ANN) is None
    assert b'"event": "subscriber erased"' in told()
