"""What somebody decides on single deliveries, and that the editions they belong to stay true."""

import pytest
from sqlalchemy import delete, literal, select, update

from publisher import digests
from publisher.delivery import LETTERS, Act, Left, enqueue, reserve_body
from publisher.digests.accounting import accounts, whose
from publisher.errors import PublisherError
from publisher.store import read, tables, write
from tests.digests.conftest import DAY, House, utc

START = utc("2026-03-02T12:00")  # a Monday
FIRST = utc("2026-03-03T07:00")
SECOND = FIRST + 7 * DAY
NAME = "weekly/2026-03-03T07:00"
rows = tables.deliveries


@pytest.fixture
def out(house: House) -> House:
    """An edition with three readers, of which nothing was sent yet."""
    house.site.item("a.en.md", "A")
    for name in ("ann", "bob", "cid"):
        house.reader(name)
    house.open(START)
    house.open(FIRST)
    return house


def settle(house, *states, now=FIRST, **more):
    """Let the edition's rows come out like this, in order, and close what is settled."""
    with write(house.db) as conn:
        for number, state in enumerate(states, 1):
            row = update(rows).where(rows.c.id == number)
            conn.execute(row.values(state=state, settled_at=int(now.timestamp()), **more))
    return digests.close_settled(house.db, now)


def edition(house):
    columns = tables.editions.c
    with read(house.db) as conn:
        return conn.execute(select(columns.state, columns.closed_at)).one()


def do(house, act, **chosen):
    return digests.look_after(house.db, act, FIRST + DAY, **chosen)


def account(house, text="weekly"):
    with read(house.db) as conn:
        return accounts(conn, whose(conn, text))


def test_an_edition_with_something_to_try_again_is_no_longer_called_sent(out):
    settle(out, "sent", "failed", "sent", code="5.0.0")
    assert edition(out).state == "sent"
    done = do(out, Act.RETRY, edition="weekly")
    assert (done.rows, done.reopened, done.left) == (1, (NAME,), {Left.SENT: 2})
    assert tuple(edition(out)) == ("sending", None)
    assert digests.close_settled(out.db, FIRST + DAY) == ()
    settle(out, "sent", "sent", "sent", now=FIRST + 2 * DAY)
    assert tuple(edition(out)) == ("sent", int((FIRST + 2 * DAY).timestamp()))


def test_so_is_one_of_which_something_held_is_let_go(out):
    assert do(out, Act.HOLD, addresses=["bob@example.org"]).rows == 1
    settle(out, "sent", "held", "sent", code="operator")
    assert edition(out).state == "sent"  # what is held does not wait
    assert do(out, Act.RELEASE, edition=NAME).reopened == (NAME,)
    assert edition(out).state == "sending"


def test_an_act_that_moves_nothing_reopens_nothing(out):
    settle(out, "sent", "failed", "held", code="")
    before = edition(out)
    for act, chosen in (
        (Act.RETRY, {"word": "sent"}),
        (Act.HOLD, {"edition": "weekly"}),
        (Act.RELEASE, {"edition": "weekly"}),
        (Act.RETRY, {"edition": "letters"}),
        (Act.RETRY, {"addresses": ["nobody@example.org"]}),
    ):
        assert (do(out, act, **chosen).rows, edition(out)) == (0, before)


def test_an_edition_that_an_editor_holds_is_let_go_by_an_editor(out):
    settle(out, "failed")
    out.decide("hold", FIRST)
    for act in (Act.RETRY, Act.RELEASE):
        done = do(out, act, edition="weekly")
        assert done.rows == 0
        assert done.left[Left.EDITION_HELD] == (1 if act is Act.RETRY else 2)
    assert edition(out).state == "held"
    out.decide("release", FIRST)
    assert do(out, Act.RETRY, edition="weekly").rows == 1


def test_a_cancelled_edition_stays_cancelled(out):
    settle(out, "sent", "failed")
    out.decide("cancel", FIRST)
    assert do(out, Act.RETRY, edition="weekly").left[Left.EDITION_CANCELLED] == 1
    assert edition(out).state == "cancelled"


def test_who_is_named_is_told_where_they_stand(out):
    settle(out, "failed", "sent", code="5.2.1")
    people = ["ANN@example.org", "bob@example.org", "nobody@example.org"]
    done = do(out, Act.RETRY, addresses=people)
    assert (done.rows, done.unknown) == (1, ("nobody@example.org",))
    assert [(one.address, one.edition, one.state) for one in done.now] == [
        ("ann@example.org", NAME, "queued")
    ]


def test_the_accounting_adds_up_and_says_who_is_where(out):
    settle(out, "sent", "failed", doubts=1)
    (one,) = account(out)
    assert (one.name, one.state, one.expected, one.adds_up) == (NAME, "sending", 3, True)
    totals = one.totals
    assert (totals.sent, totals.failed, totals.waiting, totals.doubted) == (1, 1, 1, 2)


def test_an_edition_that_does_not_add_up_is_not_called_sent_and_is_an_error(out, capsys):
    with write(out.db) as conn:
        conn.execute(delete(rows).where(rows.c.id == 2))
    assert settle(out, "sent", "sent", "sent") == ()
    assert edition(out).state == "sending"
    said = capsys.readouterr().err
    assert "error: edition does not add up edition=1 readers=3 rows=2" in said
    (one,) = account(out)
    assert not one.adds_up


def test_one_that_does_not_add_up_stops_no_other(out, capsys):
    out.site.item("b.en.md", "B", date="2026-03-05T10:00:00Z")
    out.open(SECOND)
    with write(out.db) as conn:
        conn.execute(delete(rows).where(rows.c.id == 2))
        conn.execute(update(rows).values(state="sent"))
    assert [one.id for one in digests.close_settled(out.db, SECOND)] == [2]
    assert "edition=1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        *("1", "edition:1", "weekly", "2026-03-03", "2026-03-03T07:00", "2026-03-03 07:00"),
        *(NAME, "weekly/2026-03-03", "weekly 2026-03-03", "weekly 2026-03-03T07:00", " weekly/1 "),
    ],
)
def test_an_edition_may_be_named_in_many_ways(out, text):
    with read(out.db) as conn:
        assert whose(conn, text).purposes == ("edition:1",)


def test_letters_have_their_names_too(out):
    with write(out.db) as conn:
        body = reserve_body(conn, "en", "")
        for purpose in ("confirm:7", "confirm:8", "welcome"):
            people = select(tables.subscribers.c.id, literal(body), literal(0)).limit(2)
            enqueue(conn, purpose=purpose, recipients=people, priority=LETTERS, queued_at=FIRST)
    with read(out.db) as conn:
        assert whose(conn, "letters").purposes == ("confirm:7", "confirm:8", "welcome")
        assert whose(conn, "confirm").purposes == ("confirm:7", "confirm:8")
        assert whose(conn, "confirm:8").purposes == ("confirm:8",)
        everything = accounts(conn, whose(conn, ""))
    assert [(one.name, one.totals.recipients) for one in everything] == [(NAME, 3), ("letters", 6)]
    assert do(out, Act.HOLD, edition="confirm").rows == 4


def test_a_wrong_name_tells_the_near_ones(out):
    with read(out.db) as conn:
        with pytest.raises(PublisherError, match='there is no edition "weekly/2026-03-04"') as said:
            whose(conn, "weekly/2026-03-04")
        assert whose(conn, "letters").purposes == ()
    assert NAME in said.value.hint


def test_a_retried_delivery_keeps_its_date(out):
    with read(out.db) as conn:
        before = conn.execute(select(rows.c.queued_at)).scalars().all()
    settle(out, "failed", "failed", "failed")
    do(out, Act.RETRY, edition="weekly")
    with read(out.db) as conn:
        found = conn.execute(select(rows)).all()
    assert [row.queued_at for row in found] == before
    assert {row.next_at for row in found} == {int((FIRST + DAY).timestamp())}
    assert set(before) == {int(FIRST.timestamp())}
