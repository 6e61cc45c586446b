import mailbox
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from publisher.delivery import LETTERS, Kind, Outcome, Totals, load_body, totals
from publisher.delivery.sender.lock import sender_lock
from publisher.delivery.sender.run import MOST_UNANSWERED
from publisher.delivery.transports.maildir import Maildir
from publisher.delivery.transports.smtp import SmtpTransport
from publisher.errors import TransportDown
from publisher.store import read, write
from publisher.store.tables import attempts, deliveries, subscribers

from .world import QUEUED, a_body, a_sender, add_people, open_edition, smtp_settings


def count(db, purpose="edition:1"):
    with read(db) as conn:
        return totals(conn, purpose)


def smtp(sink):
    return SmtpTransport(smtp_settings(sink.port), reply_seconds=2, final_seconds=0.3)


@pytest.fixture
def edition(db):
    add_people(db, 5)
    open_edition(db)
    return db


@pytest.fixture
def small_edition(small_db):
    add_people(small_db, 5)
    open_edition(small_db)
    return small_db


def test_everybody_gets_one_message_and_a_second_run_sends_nothing(edition, tmp_path):
    outbox = tmp_path / "outbox"
    first = a_sender(edition, Maildir(outbox), tmp_path).send_due()
    again = a_sender(edition, Maildir(outbox), tmp_path).send_due()
    assert (first.sent, first.waiting, first.next_at, first.down) == (5, 0, None, None)
    assert again.sent == 0
    box = list(mailbox.Maildir(outbox, create=False))
    assert sorted(message["To"] for message in box) == [f"r{n}@readers.test" for n in range(1, 6)]
    assert len({message["Message-ID"] for message in box}) == 5
    assert count(edition) == Totals(recipients=5, sent=5)


def test_each_fate_over_smtp_is_recorded(edition, tmp_path, serve):
    fates = {
        "r1@": ("RCPT", "550 5.1.1 <r1@readers.test> nobody here"),
        "r2@": ("RCPT", "450 4.2.0 greylisted"),
        "r3@": ("DATA", "554 5.7.1 looks like spam"),
        "r4@": ("DATA", "close"),
    }

    def answer(step, who):
        at, said = fates.get(who[:3], ("", ""))
        return said if at == step else None

    sink, dead = serve(answer), []
    report = a_sender(
        edition,
        smtp(sink),
        tmp_path,
        on_dead_address=lambda conn, person, code, now: dead.append((person, code)),
    ).send_due()
    assert (report.sent, report.failed, report.deferred, report.in_doubt) == (1, 2, 1, 1)
    assert report.waiting == 2
    assert timedelta(minutes=5) <= report.next_at - QUEUED < timedelta(minutes=6)
    assert dead == [(1, "5.1.1")]
    assert count(edition) == Totals(recipients=5, sent=1, failed=2, waiting=2, doubted=1)
    with read(edition) as conn:
        told = conn.execute(select(attempts).order_by(attempts.c.delivery_id)).all()
    assert [(row.delivery_id, row.outcome, row.code) for row in told] == [
        (1, "refused", "5.1.1"),
        (2, "deferred", "4.2.0"),
        (3, "refused", "5.7.1"),
        (4, "in doubt", ""),
    ]
    assert "r1@" not in told[0].answer


def test_a_deferred_message_goes_later_with_the_same_bytes(small_edition, tmp_path, serve):
    tries = Counter()

    def answer(step, who):
        tries[who] += step == "RCPT"
        return "451 4.7.1 come back" if step == "RCPT" and tries[who] == 1 else None

    sink = serve(answer)
    first = a_sender(small_edition, smtp(sink), tmp_path).send_due()
    early = a_sender(small_edition, smtp(sink), tmp_path, at=QUEUED + timedelta(minutes=4))
    later = a_sender(small_edition, smtp(sink), tmp_path, at=QUEUED + timedelta(minutes=6))
    assert (first.sent, first.deferred) == (0, 5)
    assert early.send_due().sent == 0
    assert later.send_due().sent == 5
    assert {count for who, count in tries.items() if who.startswith("r")} == {2}


def test_a_doubtful_message_is_repeated_byte_for_byte(small_edition, tmp_path, serve):
    lost = []

    def answer(step, who):
        if step == "DATA" and who == "r1@readers.test" and not lost:
            lost.append(who)
            return "250 taken, but"
        return None

    sink = serve(answer)
    send_due = a_sender(small_edition, smtp(sink), tmp_path).send_due
    assert send_due().sent == 5
    with write(small_edition) as conn:  # as a crash before the answer's commit leaves it
        conn.execute(update(deliveries).where(deliveries.c.id == 1).values(state="sending"))
    report = a_sender(small_edition, smtp(sink), tmp_path).send_due()
    assert (report.sent, report.in_doubt) == (1, 1)
    copies = [taken.data for taken in sink.taken if taken.recipient == "r1@readers.test"]
    assert len(copies) == 2
    assert copies[0] == copies[1]


def test_doubts_are_held_when_the_site_says_so(small_edition, tmp_path):
    with write(small_edition) as conn:
        conn.execute(update(deliveries).where(deliveries.c.id == 1).values(state="sending"))
    sender = a_sender(
        small_edition, Maildir(tmp_path / "o"), tmp_path, settings={"in_doubt": "hold"}
    )
    assert sender.send_due().sent == 4
    assert count(small_edition) == Totals(recipients=5, sent=4, held=1, doubted=1)


def test_a_transport_that_is_down_fails_nobody(edition, tmp_path, free_port):
    out = SmtpTransport(smtp_settings(free_port))
    report = a_sender(edition, out, tmp_path).send_due()
    assert isinstance(report.down, TransportDown)
    assert (report.sent, report.failed, report.waiting) == (0, 0, 5)
    assert timedelta(seconds=5) <= report.next_at - QUEUED < timedelta(minutes=1)
    assert count(edition) == Totals(recipients=5, waiting=5)
    assert a_sender(edition, Maildir(tmp_path / "o"), tmp_path).send_due().sent == 5


def test_a_server_that_closes_in_the_middle_of_a_run_is_met_again_later(
    small_edition, tmp_path, serve
):
    carried = Counter()

    def answer(step, who):
        carried[step] += 1
        return "421 4.3.2 shutting down" if step == "MAIL" and carried[step] > 3 else None

    report = a_sender(small_edition, smtp(serve(answer)), tmp_path).send_due()
    assert (report.sent, report.waiting) == (3, 2)
    assert "421 4.3.2 shutting down" in report.down.answer


def test_a_server_that_never_answers_stops_the_run(small_db, tmp_path, serve):
    add_people(small_db, MOST_UNANSWERED + 3)
    open_edition(small_db)
    sink = serve(lambda step, who: "close" if step == "DATA" else None)
    report = a_sender(small_db, smtp(sink), tmp_path).send_due()
    assert report.down is not None
    assert (report.in_doubt, report.failed) == (MOST_UNANSWERED, 0)
    assert count(small_db).doubted == MOST_UNANSWERED


def test_one_sender_at_a_time_and_the_other_says_who(small_edition, tmp_path):
    edition = small_edition
    with sender_lock(tmp_path, QUEUED) as holder:
        assert holder == ""
        report = a_sender(edition, Maildir(tmp_path / "o"), tmp_path).send_due()
    assert report.busy.startswith("process ")
    assert "2026-03-03 07:00 UTC" in report.busy
    assert (report.sent, report.waiting) == (0, 5)
    assert a_sender(edition, Maildir(tmp_path / "o"), tmp_path).send_due().sent == 5


def test_two_senders_at_once_send_everything_once(edition, tmp_path, serve):
    sink, reports = serve(), []

    def run():
        reports.append(a_sender(edition, smtp(sink), tmp_path).send_due())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(report.sent for report in reports) == 5
    assert Counter(taken.recipient for taken in sink.taken) == {
        f"r{n}@readers.test": 1 for n in range(1, 6)
    }


def test_letters_go_first(small_edition, tmp_path, serve):
    open_edition(small_edition, "welcome", digest="", priority=LETTERS)
    sink = serve()
    a_sender(small_edition, smtp(sink), tmp_path).send_due()
    with read(small_edition) as conn:
        sent = conn.execute(select(deliveries.c.purpose, deliveries.c.remote_id)).all()
    order = [purpose for purpose, remote in sorted(sent, key=lambda row: int(row[1][1:]))]
    assert order == ["welcome"] * 5 + ["edition:1"] * 5
    assert [taken.recipient[:2] for taken in sink.taken] == ["r1", "r2", "r3", "r4", "r5"] * 2
    assert count(small_edition, "welcome").sent == 5


def test_who_leaves_while_it_runs_gets_nothing_more(edition, tmp_path):
    class Leaving(Maildir):
        def send(self, message):
            with write(edition) as conn:
                last = subscribers.c.address == "r5@readers.test"
                conn.execute(update(subscribers).where(last).values(state="unsubscribed"))
            return super().send(message)

    report = a_sender(edition, Leaving(tmp_path / "o"), tmp_path).send_due()
    assert (report.sent, report.skipped) == (4, 1)
    assert count(edition) == Totals(recipients=5, sent=4, skipped=1)


def test_a_stop_ends_after_the_message_under_way(small_edition, tmp_path):
    stop = threading.Event()

    class Stopping(Maildir):
        def send(self, message):
            stop.set()
            return super().send(message)

    report = a_sender(small_edition, Stopping(tmp_path / "o"), tmp_path).send_due(stop)
    assert (report.sent, report.waiting, report.in_doubt) == (1, 4, 0)
    assert count(small_edition) == Totals(recipients=5, sent=1, waiting=4)


def test_a_body_is_made_once_when_first_needed_and_kept(small_edition, tmp_path):
    made = []

    def make(body_id):
        made.append(body_id)
        return a_body(body_id, subject=f"made {len(made)}")

    stop = threading.Event()
    stop.set()
    a_sender(small_edition, Maildir(tmp_path / "o"), tmp_path, make_body=make).send_due(stop)
    assert made == []
    for _ in range(2):
        a_sender(small_edition, Maildir(tmp_path / "o"), tmp_path, make_body=make).send_due()
        open_again(small_edition)
    assert made == [1]
    with read(small_edition) as conn:
        assert load_body(conn, 1).subject == "made 1"


def open_again(db):
    with write(db) as conn:
        conn.execute(update(deliveries).values(state="queued", settled_at=None))


def test_an_address_that_is_none_fails_alone(small_edition, tmp_path):
    with write(small_edition) as conn:
        first = subscribers.c.id == 1
        conn.execute(update(subscribers).where(first).values(address="no address"))
    report = a_sender(small_edition, Maildir(tmp_path / "o"), tmp_path).send_due()
    assert (report.sent, report.failed) == (4, 1)
    with read(small_edition) as conn:
        attempt = conn.execute(select(attempts)).one()
    assert (attempt.code, attempt.answer) == (
        "5.1.3",
        "'<recipient>' is not an e-mail address: there is no @ in it",
    )


def test_an_hourly_limit_is_kept_exactly_and_says_when_more_may_go(edition, tmp_path):
    settings = {"per_hour": 3}
    first = a_sender(edition, Maildir(tmp_path / "o"), tmp_path, settings=settings).send_due()
    assert (first.sent, first.waiting) == (3, 2)
    assert timedelta(minutes=59) < first.next_at - QUEUED <= timedelta(hours=1, minutes=1)
    again = a_sender(edition, Maildir(tmp_path / "o"), tmp_path, settings=settings).send_due()
    assert (again.sent, again.next_at) == (0, first.next_at)
    later = a_sender(
        edition, Maildir(tmp_path / "o"), tmp_path, settings=settings, at=first.next_at
    )
    assert later.send_due().sent == 2
    assert count(edition) == Totals(recipients=5, sent=5)


def test_messages_keep_the_pace(small_edition, tmp_path):
    started = time.monotonic()
    sender = a_sender(small_edition, Maildir(tmp_path / "o"), tmp_path, settings={"per_second": 20})
    assert sender.send_due().sent == 5
    assert time.monotonic() - started >= 0.2


def test_an_answer_is_not_kept_waiting_by_the_pace(small_edition, tmp_path):
    sender = a_sender(
        small_edition, Maildir(tmp_path / "o"), tmp_path, settings={"per_second": 0.05}
    )
    stop = threading.Event()
    running = threading.Thread(target=sender.send_due, args=(stop,))
    running.start()
    deadline = time.monotonic() + 60
    while count(small_edition).sent == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    seen = count(small_edition)
    stop.set()
    running.join(10)
    assert seen == Totals(recipients=5, sent=1, waiting=4)
    with read(small_edition) as conn:
        assert "sending" not in conn.execute(select(deliveries.c.state)).scalars().all()


def test_progress_is_told_up_to_the_whole(small_edition, tmp_path):
    told = []
    sender = a_sender(small_edition, Maildir(tmp_path / "o"), tmp_path)
    sender.send_due(on_progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 5) for n in range(1, 6)]


def test_readers_of_a_later_hour_wait_for_it(small_edition, tmp_path):
    later = QUEUED + timedelta(hours=3)
    with write(small_edition) as conn:
        last = deliveries.c.id > 3
        conn.execute(update(deliveries).where(last).values(next_at=int(later.timestamp())))
    report = a_sender(small_edition, Maildir(tmp_path / "o"), tmp_path).send_due()
    assert (report.sent, report.waiting, report.next_at) == (3, 2, later)
    second = a_sender(small_edition, Maildir(tmp_path / "o"), tmp_path, at=later).send_due()
    assert second.sent == 2


class Interrupted:
    """A transport whose user presses Ctrl-C while a message is on its way."""

    name = "interrupted"

    def send(self, message):
        raise KeyboardInterrupt

    def close(self):
        pass


def test_an_interrupted_message_is_in_doubt_at_the_next_run(small_edition, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        a_sender(small_edition, Interrupted(), tmp_path).send_due()
    report = a_sender(small_edition, Maildir(tmp_path / "o"), tmp_path).send_due()
    assert (report.sent, report.in_doubt) == (5, 1)


def test_an_outcome_knows_whether_anybody_answered():
    assert Outcome(Kind.DEFERRED, "4.2.0").is_answered
    assert not Outcome(Kind.UNKNOWN).is_answered
