"""What is erased is nowhere: not in a row, not in a file of the database, not in the outbox."""

from sqlalchemy import insert, select, update

from publisher.app.people import erase_person, erase_traces, move_person
from publisher.store import read, tables, write
from publisher.subscribers import Result, ask_new_address, leave, suppress
from tests.subscribers.town import KEYS

WHO = "Ann.Reader@example.test"


def left_of(town, *texts):
    """Every file of the site that holds one of the texts, in any case."""
    needles = [text.lower().encode() for text in texts]
    return [
        path.name
        for path in town.app.settings.root.rglob("*")
        if path.is_file() and any(needle in path.read_bytes().lower() for needle in needles)
    ]


def live(town, address=WHO):
    """Sign up, confirm, get mail, be refused once by a server that repeats the name."""
    town.sign_up(address, name="Ann Reader")
    town.letters(address)
    with write(town.db) as conn:
        conn.execute(
            insert(tables.attempts).values(
                delivery_id=1,
                number=1,
                started_at=1,
                outcome="x",
                code="451",
                answer="no Ann Reader",
            )
        )
    return town.person(address)


def test_after_erase_no_file_holds_the_address_or_the_name(town):
    who = live(town)
    for number in range(300):  # pages split and rows move, which leaves copies behind
        town.sign_up(f"reader{number:03}@example.test")
    with write(town.db) as conn:
        conn.execute(update(tables.subscribers).values(name="Ann Reader" * 5))
        conn.execute(update(tables.subscribers).values(name=""))
    if town.db.dialect.name == "sqlite":
        assert left_of(town, WHO)
    assert erase_person(town.app, who, source="page")
    assert left_of(town, WHO) == []
    assert town.person(WHO) is None
    assert len([m for m in town.letters() if m["To"].lower() == WHO.lower()]) == 0


def test_erased_keeps_number_id_and_hash_only(town):
    who = live(town)
    erase_person(town.app, who, source="page")
    with read(town.db) as conn:
        row = conn.execute(select(tables.subscribers)).one()._asdict()
        answers = conn.scalars(select(tables.attempts.c.answer)).all()
        suppressed = conn.execute(select(tables.suppressions)).one()
        acts = conn.scalars(select(tables.consents.c.act).order_by(tables.consents.c.id)).all()
    kept = {name for name, value in row.items() if value not in (None, "", 0)}
    assert kept == {"id", "public_id", "address_hash", "state", "created_at", "changed_at"}
    assert answers == [""]
    assert suppressed.reason == "erased"
    assert acts == ["erased"]
    assert town.count("subscriptions") == town.count("wishes") == 0


def test_erased_person_does_not_come_back_by_any_door(town, join):
    who = live(town)
    erase_person(town.app, who, source="page")
    assert join(WHO).result is Result.STAYS_SUPPRESSED
    town.wait(days=2)
    town.sign_up(WHO)
    assert town.person(WHO) is None
    with write(town.db) as conn:
        assert leave(conn, town.app.settings, KEYS, who.public_id, "", town.now) is None
    assert town.count("subscribers") == 1


def test_what_waits_for_an_erased_person_is_skipped(town):
    town.sign_up(WHO)
    erase_person(town.app, town.person(WHO), source="page")
    assert town.letters() == []
    with read(town.db) as conn:
        row = conn.execute(select(tables.deliveries)).one()
    assert (row.state, row.code) == ("skipped", "erased")


def test_address_that_is_part_of_another_is_erased_and_the_other_stays(town):
    live(town, "ann@example.test")
    for other in ("joann@example.test", "ann@example.test.org"):
        town.sign_up(other)
        town.letters()
    assert erase_person(town.app, town.person("ann@example.test"), source="page")
    assert town.person("joann@example.test") is not None
    assert town.person("ann@example.test") is None
    assert {letter["To"] for letter in town.letters()} == {
        "joann@example.test",
        "ann@example.test.org",
    }


def test_address_that_a_reader_moved_away_from_is_nowhere(town):
    old, new = "Ann.Old@example.test", "ann.new@example.test"
    who = live(town, old)
    with write(town.db) as conn:
        ask_new_address(conn, town.app.settings, KEYS, who, new, "", town.now)
    move_person(town.app, town.token(new, "confirm"))
    assert left_of(town, old) == []
    assert town.person(new).id == who.id
    assert [letter["To"] for letter in town.letters()] == [new]


def test_somebody_else_s_messages_stay_in_the_outbox(town):
    live(town)
    town.sign_up("bob@example.test")
    town.letters()
    erase_person(town.app, town.person(WHO), source="page")
    assert [letter["To"] for letter in town.letters()] == ["bob@example.test"]


def test_messages_to_an_address_go_in_whatever_case_its_letters_are(town):
    who = live(town, "É.Reader@example.test")
    assert [letter["To"] for letter in town.letters()] == ["É.Reader@example.test"]
    erase_person(town.app, who, source="page")
    assert town.letters() == []


def test_what_an_operator_noted_beside_a_suppression_goes_too(town):
    who = live(town)
    with write(town.db) as conn:
        suppress(conn, KEYS, WHO, town.now, note=f"{WHO} rang us")
    assert erase_person(town.app, who, source="operator")
    assert left_of(town, WHO) == []


def test_a_note_about_somebody_unknown_goes_with_the_traces_of_their_address(town):
    with write(town.db) as conn:
        suppress(conn, KEYS, WHO, town.now, note=f"{WHO} rang us")
    assert erase_traces(town.app, WHO)
    assert left_of(town, WHO) == []
    with read(town.db) as conn:
        kept = conn.execute(select(tables.suppressions)).one()
    assert (kept.reason, kept.note) == ("operator", "")


def test_erasing_once_more_changes_nothing(town):
    erase_person(town.app, live(town), source="page")
    assert erase_traces(town.app, WHO)
    assert town.count("suppressions") == 1
