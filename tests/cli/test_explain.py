import socket
from collections.abc import Iterator
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller

from tests.cli.conftest import AT_SLOT, EARLIER

ITEM = "content/a.en.md"
NEXT_DAY = "2026-03-04T12:00:00Z"


@pytest.fixture
def ready(publisher, site, once):
    """A site whose digest has begun, with a reader and an item in two languages."""

    def start() -> None:
        site.item("a.en.md", "First news")
        site.item("a.ar.md", "أول خبر")
        publisher(
            "subscribers", "add", "ann@example.net", "--consent", "asked by phone", at=EARLIER
        )
        assert publisher("send", at=EARLIER).code == 0

    once(start)
    return site


def test_a_file_says_where_it_will_go_without_a_database(publisher, site):
    site.item("a.en.md", "First news")
    ran = publisher("explain", ITEM)
    assert ran.code == 0
    assert "in the feeds all (no. 1), en/all (no. 1), en/news (no. 1)" in ran.out
    assert "due Tue 2026-03-03 07:00 GMT: readers of en get it in en\n" in ran.out
    assert "a translation into fr is waited for until Thu 2026-03-05 12:00 GMT" in ran.out
    assert "there is no database yet" in ran.out
    assert not (site.root / "var/publisher.sqlite3").exists()
    assert not (site.root / "var/secret").exists()


def test_a_file_says_where_it_went(publisher, ready):
    assert publisher("send", at=AT_SLOT).code == 0
    ran = publisher("explain", "a", at=NEXT_DAY)
    assert "in edition 1 of 2026-03-03T07:00 (sent): 1 reader" in ran.out
    assert "1 reader of en: in en; 1 sent" in ran.out
    assert "first seen Mon 2026-03-02 11:00 GMT" in ran.out
    assert "ann@example.net" not in ran.out


def test_feeds_that_are_behind_are_said_to_be(publisher, ready):
    assert "`publisher build` makes them so" in publisher("explain", "a").out
    publisher("build")
    assert "publisher build" not in publisher("explain", "a").out


def test_a_path_may_be_given_from_where_one_is(publisher, ready, monkeypatch):
    monkeypatch.chdir(ready.root / "content")
    ran = publisher("--site", "..", "explain", "a.ar.md")
    assert ran.code == 0
    assert "[content/a.ar.md]" in ran.out


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("draft.en.md", "status: draft", "not published: a draft"),
        ("held.en.md", "status: hold", "not published: on hold"),
        ("old.en.md", "date: 2025-01-01", "too old when it first appeared"),
        ("later.en.md", "date: 2027-01-01", "dated in the future"),
        ("broken.en.md", "date: never", "content/broken.en.md:3: "),
        ("README.md", "", "no item; only Markdown files are"),
        ("editions/weekly/2026-03-03.en.md", "", "the editor's word for one edition"),
    ],
)
def test_what_goes_nowhere_says_why(publisher, site, path, text, said):
    date = "" if "date:" in text else "date: 2026-03-01\n"
    site.write(f"content/{path}", f"---\ntitle: T\n{text}\n{date}---\nText.\n")
    ran = publisher("explain", path)
    assert ran.code == 0
    assert said in ran.out


def test_an_unknown_file_is_exit_1_and_names_what_is_near(publisher, ready):
    for word, near in (("content/aa.en.md", "content/a.en.md"), ("nothing/like/it", "no file")):
        ran = publisher("explain", word)
        assert ran.code == 1
        assert near in ran.out
    assert publisher("explain", "nothing", "--json").json["file"]["what"] == "missing"


def test_nothing_named_is_a_usage_error(publisher, ready):
    assert publisher("explain").code == 2
    assert publisher("explain", "").code == 2


def test_a_person_is_told_what_they_got_and_will_get(publisher, ready):
    before = publisher("explain", "ANN@example.net")
    assert "next edition, Tue 2026-03-03 07:00 GMT, as things stand: 1 item" in before.out
    assert "First news [a]: in en\n" in before.out
    assert publisher("send", at=AT_SLOT).code == 0
    after = publisher("explain", "ann@example.net", at=NEXT_DAY)
    assert after.code == 0
    assert 'added by operator: "asked by phone"' in after.out
    assert "edition 1 of 2026-03-03T07:00 (sent)" in after.out
    assert "mail 1: sent Tue 2026-03-03 07:00 GMT" in after.out
    assert "no mail, as nothing new waits for their choices" in after.out


def test_the_message_id_told_is_the_one_that_was_sent(publisher, ready):
    publisher("send", at=AT_SLOT)
    (path,) = (ready.root / "outbox/new").iterdir()
    sent = message_from_bytes(path.read_bytes())["Message-ID"]
    assert f"Message-ID: {sent}\n" in publisher("explain", "ann@example.net", at=NEXT_DAY).out


def test_who_got_nothing_is_told_why(publisher, ready):
    publisher("subscribers", "add", "pia@example.net")
    publisher("subscribers", "add", "fay@example.net", "--consent", "yes", "--lang", "fr")
    publisher("send", at=AT_SLOT)
    publisher("subscribers", "add", "lee@example.net", "--consent", "yes", at=NEXT_DAY)
    said = {
        name: publisher("explain", f"{name}@example.net", "weekly/2026-03-03", at=NEXT_DAY).out
        for name in ("pia", "fay", "lee")
    }
    assert "no mail: they had not agreed to get any" in said["pia"]
    assert "no mail: nothing in it was for them" in said["fay"]
    assert "it still waited for a translation into their first language" in said["fay"]
    assert "no mail: they joined after it was opened (at Wed 2026-03-04 12:00 GMT)" in said["lee"]


def test_an_unknown_address_is_exit_1_and_says_whether_it_is_suppressed(publisher, ready):
    ran = publisher("explain", "anne@example.net")
    assert ran.code == 1
    assert "nobody here has this address" in ran.out
    assert "it is not suppressed" in ran.out
    assert "near: ann@example.net" in ran.out
    publisher("subscribers", "suppress", "zoe@example.net", "--note", "by letter")
    ran = publisher("explain", "zoe@example.net")
    assert ran.code == 1
    assert "(operator, by letter): never mailed" in ran.out


def test_an_unknown_edition_is_exit_1_and_names_some_that_are(publisher, ready):
    publisher("send", at=AT_SLOT)
    for target in ("ann@example.net", "a"):
        ran = publisher("explain", target, "weekly/2026-04-03T07:00", at=NEXT_DAY)
        assert ran.code == 1
        assert "weekly/2026-03-03T07:00" in ran.err


def test_as_json_one_document_with_the_same_facts(publisher, ready):
    publisher("send", at=AT_SLOT)
    item = publisher("explain", "a", "--json", at=NEXT_DAY).json
    (audience,) = item["digests"][0]["carried"][0]["audiences"]
    assert audience == {
        "reader": "en",
        "language": "en",
        "how": "first",
        "is_return": False,
        "readers": 1,
        "deliveries": {"sent": 1},
    }
    person = publisher("explain", "ann@example.net", "1", "--json", at=NEXT_DAY).json
    (edition,) = person["digests"][0]["editions"]
    assert edition["delivery"]["state"] == "sent"
    assert [one["title"] for one in edition["items"]] == ["First news"]


def test_no_address_is_ever_logged(publisher, ready):
    publisher("send", at=AT_SLOT)
    ran = publisher("-vv", "explain", "ann@example.net", at=NEXT_DAY)
    assert "ann@example.net" not in ran.err


class Busy:
    """A server that has no room for anybody today."""

    async def handle_RCPT(self, _server, _session, _envelope, address, _options):  # noqa: N802
        return f"452 4.2.2 mailbox of <{address}> is full"


@pytest.fixture
def busy_server(site) -> Iterator[None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Busy(), hostname="127.0.0.1", port=port)
    controller.start()
    text = (site.root / "publisher.toml").read_text()
    site.configure(
        text.replace("digest@example.org", "digest@our-town.org")
        + f'[delivery]\ntransport = "smtp"\n[delivery.smtp]\nport = {port}\n'
    )
    yield
    controller.stop()


def test_what_the_server_said_and_when_it_is_next_tried(publisher, busy_server, ready):
    publisher("send", at=AT_SLOT)
    ran = publisher("explain", "ann@example.net", "1", at=AT_SLOT)
    assert "waits to be sent" in ran.out
    assert "1 attempt so far; next tried Tue 2026-03-03 07:0" in ran.out
    assert "deferred; 4.2.2" in ran.out
    assert "mailbox of <recipient> is full" in ran.out
