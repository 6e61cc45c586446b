"""`publisher deliveries`: the ledger by name, and what somebody does to single rows of it."""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime

import pytest
from sqlalchemy import delete, insert, literal, select, update

from publisher.cli.deliveries import SHOWN_ROWS, STATES
from publisher.delivery import EDITIONS, WORDS, enqueue
from publisher.store import insert_many, open_engine, write
from publisher.store.tables import attempts, deliveries, segments, subscribers
from tests.cli.conftest import AT_SLOT, BEFORE_SLOT, ROOT, forked
from tests.conftest import SmallSite

AT_SLOT_MOMENT = datetime.fromisoformat(AT_SLOT)
NEXT_DAY, AN_HOUR_LATER = "2026-03-04T12:00:00Z", "2026-03-04T13:00:00Z"
NAME = "weekly/2026-03-03T07:00"
PEOPLE = ("ann@example.net", "bob@example.net", "ياسر@example.net")


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """The folder of a site whose first edition went to three readers."""
    made = SmallSite(tmp_path_factory.mktemp("sent"))
    made.item("a.en.md", "First news")
    add = [("subscribers", "add", address, "--consent", "asked by phone") for address in PEOPLE]
    for words in [*add, ("send",)]:
        assert command(*words, root=made.root, at=BEFORE_SLOT).code == 0
    assert command("send", root=made.root, at=AT_SLOT).code == 0
    return made.root


@pytest.fixture
def ready(site, sent):
    """A copy of it."""
    shutil.copytree(sent, site.root, dirs_exist_ok=True)
    return site


def command(*words, root, at):
    return forked(*words, cwd=root, PUBLISHER_NOW=at)


@pytest.fixture
def database(ready):
    engine = open_engine("sqlite:///var/publisher.sqlite3", ready.root)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(database):
    """Change the rows of the readers, in order."""

    def put(*fates):
        with write(database) as conn:
            for number, (state, more) in enumerate(fates, 1):
                row = update(deliveries).where(deliveries.c.id == number)
                conn.execute(row.values(state=state, **more))

    return put


@pytest.fixture
def troubled(ledger, database, ready):
    """One delivery refused, one held in doubt, one sent."""
    ledger(
        ("failed", {"code": "5.1.1", "attempts": 1}),
        ("held", {"code": "", "doubts": 1, "settled_at": None}),
    )
    with write(database) as conn:
        told = {"delivery_id": 1, "number": 1, "started_at": 1772521200, "outcome": "refused"}
        answer = "<recipient>: no such user here"
        conn.execute(insert(attempts).values(**told, code="5.1.1", answer=answer))
    return ready


def test_the_states_that_can_be_asked_for_are_the_ledger_s():
    assert set(STATES) == set(WORDS)


def test_without_a_database_there_is_nothing_and_none_is_made(publisher, site):
    ran = publisher("deliveries")
    assert (ran.code, ran.out) == (0, "nothing was sent or queued yet: there is no database\n")
    assert publisher("deliveries", "--json").json["deliveries"] == []
    assert publisher("deliveries", "--edition", "weekly").code == 1
    assert publisher("deliveries", "retry", "--all").code == 1
    assert not (site.root / "var/publisher.sqlite3").exists()
    assert not (site.root / "var/secret").exists()


def test_an_empty_ledger_says_so(publisher, site):
    publisher("subscribers", "add", "ann@example.net")
    assert publisher("deliveries").out == "nothing was sent or queued yet\n"
    assert publisher("deliveries", "--json").json["editions"] == []


def test_when_all_went_well_it_is_one_line_and_a_sentence(publisher, ready):
    ran = publisher("deliveries", at=NEXT_DAY)
    assert ran.code == 0
    assert ran.out == f"{NAME} (sent): 3 recipients = 3 sent\n\nno delivery wants a look\n"


def test_what_wants_a_look_stands_there_by_name(publisher, troubled):
    (troubled.root / "var/secret").unlink()  # looking needs no secret
    ran = publisher("deliveries", at=NEXT_DAY)
    lines = ran.out.splitlines()
    assert lines[0] == f"{NAME} (sent): 3 recipients = 1 sent + 1 failed + 1 held"
    assert lines[1].startswith("  1 once in doubt: they may have got it twice")
    assert [line.split("  ")[0] for line in lines[4:]] == ["ann@example.net", "bob@example.net"]
    assert "failed" in lines[4]
    assert "5.1.1 <recipient>: no such user here" in lines[4]
    assert "held (in doubt)" in lines[5]
    assert len(lines) == 6


def test_an_edition_is_listed_whole_with_the_worst_first(publisher, troubled):
    ran = publisher("deliveries", "--edition", "weekly 2026-03-03", at=NEXT_DAY)
    rows = ran.out.split("next try\n")[1].splitlines()
    assert [row.split()[0].strip("\u2068\u2069") for row in rows] == list(PEOPLE)


@pytest.mark.parametrize(
    ("state", "people"),
    [
        ("sent", PEOPLE[2:]),
        ("failed", PEOPLE[:1]),
        ("in-doubt", PEOPLE[1:2]),
        ("doubted", PEOPLE[1:2]),
        ("waiting", ()),
    ],
)
def test_a_state_narrows_it(publisher, troubled, state, people):
    found = publisher("deliveries", "--state", state, "--json", at=NEXT_DAY).json
    assert tuple(one["address"] for one in found["deliveries"]) == people
    assert publisher("deliveries", "--state", state, at=NEXT_DAY).code == 0


def test_a_right_to_left_name_is_kept_apart_from_its_row(publisher, troubled):
    ran = publisher("deliveries", "--state", "sent", at=NEXT_DAY)
    assert "\n\u2068ياسر@example.net\u2069  " in ran.out
    assert (
        publisher("deliveries", "--state", "sent", "--json").json["deliveries"][0]["address"]
        == PEOPLE[2]
    )


def test_as_json_one_document_with_the_same_facts(publisher, troubled):
    found = publisher("deliveries", "--edition", "1", "--json", at=NEXT_DAY).json
    assert found["editions"] == [
        {
            "edition": NAME,
            "purposes": ["edition:1"],
            "state": "sent",
            "readers": 3,
            "recipients": 3,
            "sent": 1,
            "failed": 1,
            "skipped": 0,
            "held": 1,
            "in_doubt": 0,
            "waiting": 0,
            "doubted": 1,
            "adds_up": True,
        }
    ]
    ann = found["deliveries"][0]
    assert (ann["address"], ann["edition"], ann["state"]) == (PEOPLE[0], NAME, "failed")
    assert ann["failures"][0]["answer"] == "<recipient>: no such user here"
    explained = publisher("explain", PEOPLE[0], "1", "--json", at=NEXT_DAY).json
    mail = explained["digests"][0]["editions"][0]["delivery"]
    shared = set(ann) & set(mail)
    assert {"state", "code", "attempts", "doubts", "settled_at", "failures"} <= shared
    assert {key: ann[key] for key in shared} == {key: mail[key] for key in shared}


def test_what_does_not_add_up_is_said(publisher, database):
    with write(database) as conn:
        conn.execute(delete(deliveries).where(deliveries.c.id == 2))
    ran = publisher("deliveries", at=NEXT_DAY)
    assert "that does not add up: it was opened for 3 readers" in ran.out
    assert publisher("deliveries", "--json").json["editions"][0]["adds_up"] is False


def test_a_long_list_ends_with_how_many_more_there_are(publisher, database):
    add_failed(database, SHOWN_ROWS + 2)
    ran = publisher("deliveries", "--state", "failed", at=NEXT_DAY)
    assert ran.out.splitlines()[-1].startswith("and 2 more; ")
    found = publisher("deliveries", "--state", "failed", "--json", at=NEXT_DAY).json
    assert len(found["deliveries"]) == SHOWN_ROWS + 2


def test_an_unknown_edition_is_exit_1_and_names_what_is_near(publisher, ready):
    for words in ((), ("retry",), ("hold",), ("release",)):
        ran = publisher("deliveries", *words, "--edition", "weekly/2026-03-30", at=NEXT_DAY)
        assert ran.code == 1
        assert f"there are for instance: {NAME}" in ran.err


@pytest.mark.parametrize("act", ["retry", "hold", "release"])
def test_an_act_without_a_selection_asks_for_one(publisher, ready, act):
    ran = publisher("deliveries", act)
    assert ran.code == 2
    assert (
        f"say which deliveries to {act}: name an ADDRESS, --edition, --state, or --all" in ran.err
    )
    assert publisher("deliveries", act, "ann@example.net", "--all").code == 2
    assert publisher("deliveries", act, "--state", "lost").code == 2
    assert publisher("deliveries", "--edition", "weekly", act, "--all").code == 2


def test_retried_deliveries_go_out_and_the_edition_is_sent_again(publisher, troubled):
    ran = publisher("deliveries", "retry", "--edition", "weekly", at=NEXT_DAY)
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "2 deliveries to try again: `publisher send` does it",
        f"{NAME} was sent; it is sending again until they are settled",
        "left as before: 1 sent already",
    ]
    assert f"{NAME} (sending): 3 recipients = 1 sent + 2 waiting" in publisher("deliveries").out
    explained = publisher("explain", PEOPLE[0], "1", at=NEXT_DAY).out
    assert "the operator let it be tried again Wed 2026-03-04 12:00 GMT" in explained
    assert "2 sent, 0 failed" in publisher("send", at=AN_HOUR_LATER).out
    assert f"{NAME} (sent): 3 recipients = 3 sent" in publisher("deliveries").out
    again = publisher("deliveries", "retry", "--all", at=NEXT_DAY)
    assert again.out == "there is nothing to retry\nleft as before: 3 sent already\n"
    assert again.code == 0


def test_one_person_is_held_and_released_by_name(publisher, ledger, ready):
    ledger(*[("queued", {})] * 3)
    held = publisher("deliveries", "hold", "ANN@example.net", PEOPLE[2], "joe@example.net")
    assert held.code == 1
    lines = held.out.splitlines()
    assert lines[0] == "2 deliveries held: `publisher deliveries release` undoes it"
    assert "held (by the operator)" in lines[3]
    assert f"\u2068{PEOPLE[2]}\u2069" in lines[4]
    assert lines[5] == "joe@example.net: nobody here has this address"
    assert "1 sent" in publisher("send", at=NEXT_DAY).out
    assert "held by the operator" in publisher("explain", PEOPLE[0], "1", at=NEXT_DAY).out
    released = publisher("deliveries", "release", "--all", at=NEXT_DAY)
    assert "2 deliveries released: `publisher send` sends what is due" in released.out
    assert "2 sent" in publisher("send", at=NEXT_DAY).out


def test_what_a_restored_copy_holds_is_let_go_with_all_but_not_what_is_in_doubt(
    publisher, ledger, ready
):
    ledger(
        ("held", {"code": "restored"}),
        ("held", {"code": "restored"}),
        ("held", {"code": "", "doubts": 1}),
    )
    assert "held (restored)" in publisher("deliveries", at=NEXT_DAY).out
    explained = publisher("explain", PEOPLE[0], "1", at=NEXT_DAY).out
    assert "held since a copy was brought back" in explained
    ran = publisher("deliveries", "release", "--all", at=NEXT_DAY)
    assert ran.out.splitlines()[0].startswith("2 deliveries released")
    assert "left as before: 1 in doubt, so their readers may have it" in ran.out


def test_no_address_is_ever_logged(publisher, troubled):
    ran = publisher("-vv", "deliveries", "retry", "--all", at=NEXT_DAY)
    assert "edition sending again" in ran.err
    assert "example.net" not in ran.err


MEASURED = """
import resource, sys
from publisher.cli.main import run
code = run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""


def written(root, target, state) -> int:
    """Write the rows of a state as JSON into a file; return the most memory it took, in MB."""
    with target.open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, "deliveries", "--state", state, "--json"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
            check=True,
        )
    return int(done.stderr.splitlines()[-1])


@pytest.mark.slow
def test_forty_thousand_rows_are_written_in_bounded_memory(database, ready, tmp_path):
    add_failed(database, 40_000)
    few = written(ready.root, tmp_path / "few.json", "sent")
    many = written(ready.root, tmp_path / "many.json", "failed")
    with (tmp_path / "many.json").open() as lines:
        rows = [line for line in lines if line.startswith('    {"')]
    assert len(rows) == 40_000
    last = json.loads(rows[-1])
    assert (last["address"], len(last["failures"])) == ("q40000@readers.test", 1)
    assert json.loads((tmp_path / "few.json").read_text())["editions"][0]["failed"] == 40_000
    assert many - few < 30  # measured: 8; all rows at once would take 100


def add_failed(engine, number: int) -> None:
    """Add so many readers to the first edition, each with a delivery that failed once."""
    at = int(AT_SLOT_MOMENT.timestamp())
    names = ["public_id", "address", "address_key", "address_hash", "languages", "state"]
    people = [
        (f"q{n}", f"q{n}@readers.test", f"q{n}@readers.test", b"q%d" % n, "en", "active", at, at)
        for n in range(1, number + 1)
    ]
    with write(engine) as conn:
        insert_many(conn, subscribers, [*names, "created_at", "changed_at"], people)
        body = conn.scalar(select(deliveries.c.body_id).limit(1))
        chosen = select(subscribers.c.id, literal(body), literal(at)).order_by(subscribers.c.id)
        enqueue(
            conn,
            purpose="edition:1",
            recipients=chosen,
            priority=EDITIONS,
            queued_at=AT_SLOT_MOMENT,
        )
        mine = deliveries.c.state == "queued"
        conn.execute(update(deliveries).where(mine).values(state="failed", attempts=1))
        conn.execute(update(segments).values(recipients=segments.c.recipients + number))
        made = conn.scalars(select(deliveries.c.id).where(deliveries.c.state == "failed")).all()
        columns = ["delivery_id", "number", "started_at", "outcome", "code", "answer"]
        tried = [(n, 1, at, "refused", "5.2.1", "<recipient> is disabled") for n in made]
        insert_many(conn, attempts, columns, tried)
