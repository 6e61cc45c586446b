"""Once one click is answered, no message to that reader begins, even while an edition goes out."""

from datetime import timedelta

from sqlalchemy import select

from publisher.app.editions import open_due_editions, start_digests
from publisher.app.sending import send_queued
from publisher.ops import Clock
from publisher.store import read, tables
from publisher.subscribers import State
from tests.web.test_reader_pages import join, person, token

READERS = 40


def test_one_click_in_a_running_send_stops_what_has_not_begun(open_stored_web, site, now):
    site.item("a.en.md", "A")
    early = open_stored_web()
    start_digests(early.app)
    readers = [join(early, f"reader{number:02}@example.test") for number in range(READERS)]
    early.app.close()
    web = open_stored_web(clock=Clock(now + timedelta(hours=19, minutes=1)))
    assert open_due_editions(web.app)
    answered = []

    def leave_in_between(done, _all):
        if not answered and done:
            path = f"/u/{token(web, 'unsubscribe', readers[-1], 'weekly')}"
            answered.append(web.post(path, {"List-Unsubscribe": "One-Click"}).status)

    report = send_queued(web.app, on_progress=leave_in_between)
    assert answered == [200]
    assert report.sent == READERS - 1
    assert person(web, readers[-1].address).state is State.UNSUBSCRIBED
    outbox = b"".join(f.read_bytes() for f in (site.root / "outbox/new").iterdir())
    assert readers[-1].address.encode() not in outbox
    with read(web.app.engine) as conn:
        mine = tables.deliveries.c.subscriber_id == readers[-1].id
        row = conn.execute(select(tables.deliveries).where(mine)).one()
    assert (row.state, row.code) == ("skipped", "unsubscribed")
