import fcntl
import mailbox
import socket
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.cli.conftest import AT_SLOT, EARLIER
from tests.conftest import SETTINGS


@pytest.fixture
def ready(publisher, site, once):
    """A site whose digest has begun, with a reader and two items."""

    def start() -> None:
        site.item("a.en.md", "First news")
        site.item("a.ar.md", "أول خبر")
        site.item("b.en.md", "Second news")
        words = ("ann@example.net", "--consent", "asked", "--lang", "en")
        assert publisher("subscribers", "add", *words, at=EARLIER).code == 0
        assert publisher("send", at=EARLIER).code == 0

    once(start)
    return site


def outbox(site) -> list[mailbox.MaildirMessage]:
    folder = site.root / "outbox"
    return list(mailbox.Maildir(folder)) if folder.exists() else []


def use_smtp(site, port: int) -> None:
    text = (site.root / "publisher.toml").read_text()
    site.configure(
        text.replace("digest@example.org", "digest@our-town.org")
        + f'[delivery]\ntransport = "smtp"\n[delivery.smtp]\nport = {port}\n'
    )


def test_queue_shows_what_waits_and_makes_no_database(publisher, site):
    site.item("a.en.md", "First news")
    site.item("b.en.md", "A draft", status="draft")
    site.item("c.en.md", "Of tomorrow", date="2026-03-08T10:00:00Z")
    ran = publisher("queue")
    assert ran.code == 0
    assert "weekly: every week, Tue 07:00; next Tue 2026-03-03 07:00 (Europe/London)" in ran.out
    assert "First news" in ran.out
    assert "drafts: 1 item" in ran.out
    assert "to be published later: 1 item" in ran.out
    assert not (site.root / "var/publisher.sqlite3").exists()


def test_queue_as_json_names_reader_language_and_slot(publisher, ready):
    (digest,) = publisher("queue", "--json").json["digests"]
    by_title = {waiting["title"]: waiting for waiting in digest["waiting"]}
    readers = {each["reader"]: each["language"] for each in by_title["First news"]["readers"]}
    assert readers["en"] == "en"
    assert readers["ar"] == "ar"
    assert digest["slots"][0]["slot"] == "2026-03-03T07:00"


def test_of_many_old_items_the_queue_names_the_newest_and_counts_the_rest(publisher, site):
    for day in range(1, 9):
        site.item(f"{day}.en.md", f"Old {day}", date=f"2025-01-0{day}")
    ran = publisher("queue")
    assert "8 items" in ran.out
    assert "Old 8" in ran.out
    assert "Old 2" not in ran.out
    assert "and 3 more" in ran.out
    assert len(publisher("queue", "--json").json["digests"][0]["not_sent"]) == 8


def test_preview_writes_three_files_a_language_and_sends_nothing(publisher, ready):
    ran = publisher("digest", "preview", "weekly", "--out", "look")
    assert ran.code == 0
    names = {path.name for path in (ready.root / "look").iterdir()}
    assert {"weekly.en.html", "weekly.en.txt", "weekly.en.eml", "weekly.ar.html"} <= names
    message = message_from_bytes(
        (ready.root / "look/weekly.en.eml").read_bytes(), policy=policy.default
    )
    assert "First news" in message.get_body(("plain",)).get_content()
    assert "example.org" in message["From"]
    page = (ready.root / "look/weekly.en.html").read_text(encoding="utf-8")
    assert "zzunsubscribe" not in page
    assert outbox(ready) == []
    assert not (ready.root / "var/preview").exists()


def test_preview_of_one_language_and_of_none_that_waits(publisher, site):
    site.item("a.en.md", "First news")
    assert publisher("digest", "preview", "weekly", "--lang", "ar").code == 0
    assert publisher("digest", "preview", "weekly", "--lang", "de").code == 2
    ran = publisher("digest", "preview", "monthly")
    assert ran.code == 2
    assert "publisher.toml has: weekly" in ran.err


def test_a_preview_with_nothing_new_says_so(publisher, site):
    ran = publisher("digest", "preview", "weekly")
    assert ran.code == 0
    assert "nothing waits for readers of en, ar, fr" in ran.err


def test_a_test_message_goes_to_one_address_only(publisher, ready):
    ran = publisher("digest", "test", "weekly", "me@example.net", "--lang", "ar")
    assert ran.code == 0
    (message,) = outbox(ready)
    assert message["To"] == "me@example.net"
    assert publisher("send", at=AT_SLOT).code == 0
    assert len(outbox(ready)) == 2, "a test counts for nobody"


def test_a_test_message_needs_an_address_and_something_published(publisher, site):
    assert publisher("digest", "test", "weekly", "nobody").code == 1
    site_is_empty = publisher("digest", "test", "weekly", "me@example.net")
    assert site_is_empty.code == 1
    assert "publisher new" in site_is_empty.err


def test_send_opens_sends_and_says_what_is_next(publisher, ready):
    before = publisher("send")
    assert before.code == 0
    assert "0 sent, 0 failed, 0 waiting" in before.out
    assert "weekly is next due Tue 2026-03-03 07:00 GMT" in before.out
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 0
    assert "weekly, edition of 2026-03-03T07:00: 2 items for 1 reader" in ran.out
    assert "1 sent, 0 failed, 0 waiting" in ran.out
    assert "weekly is next due Tue 2026-03-10 07:00 GMT" in ran.out
    again = publisher("send", at=AT_SLOT)
    assert "0 sent" in again.out
    assert [message["To"] for message in outbox(ready)] == ["ann@example.net"]


def test_a_slot_long_past_is_missed_and_its_items_wait(publisher, ready):
    ran = publisher("send", at="2026-03-04T12:00:00Z")
    assert "missed, more than 6 hours late" in ran.out
    assert outbox(ready) == []
    assert "First news" in publisher("queue", at="2026-03-04T12:01:00Z").out


def test_a_second_sender_says_who_is_at_it_and_does_nothing(publisher, ready):
    with (ready.root / "var/sender.lock").open("w+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 1 elsewhere\n")
        lock.flush()
        ran = publisher("send", at=AT_SLOT)
    assert ran.code == 0
    assert "mail is being sent already (process 1 elsewhere)" in ran.out
    assert outbox(ready) == []
    assert "1 sent" in publisher("send", at=AT_SLOT).out


def test_a_mail_server_that_is_down_is_exit_5_and_loses_nobody(publisher, ready):
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        use_smtp(ready, taken.getsockname()[1])
        ran = publisher("send", at=AT_SLOT)
        assert ran.code == 5
        assert "smtp is not available" in ran.err
        assert "1 waiting" in ran.out
        assert "the next try is" in ran.out
    assert "ann@example.net" not in ran.out + ran.err


def test_a_lost_secret_stops_what_would_make_dead_links(publisher, ready):
    (ready.root / "var/secret").unlink()
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 4
    assert "backup" in ran.err
    assert not (ready.root / "var/secret").exists()
    assert outbox(ready) == []


def test_people_are_pending_until_somebody_says_they_agreed(publisher, site):
    ran = publisher("subscribers", "add", "ben@example.net")
    assert "pending" in ran.out
    assert "--consent" in ran.err
    ran = publisher("subscribers", "add", "ben@example.net", "--consent", "asked by phone")
    assert "confirmed" in ran.out
    assert "gets weekly in en" in ran.out


def test_a_wrong_address_or_choice_is_explained(publisher, site):
    ran = publisher("subscribers", "add", "ben")
    assert ran.code == 1
    assert "not an e-mail address" in ran.err
    ran = publisher("subscribers", "add", "ben@example.net", "--digest", "hourly")
    assert ran.code == 1
    assert "hourly" in ran.err


def test_lists_are_filtered_and_counted(publisher, ready):
    publisher("subscribers", "add", "ben@example.net", "--lang", "ar")
    ran = publisher("subscribers", "list", "--lang", "ar")
    assert "ben@example.net" in ran.out
    assert "ann@example.net" not in ran.out
    document = publisher("subscribers", "list", "--json").json
    assert document["counts"]["state"] == {"active": 1, "pending": 1}
    assert [each["address"] for each in document["subscribers"]] == [
        "ann@example.net",
        "ben@example.net",
    ]


def test_people_are_listed_by_category_day_name_and_suppression(publisher, ready):
    add = ("subscribers", "add", "ben@example.net", "--name", "Ben Ali")
    publisher(*add, "--consent", "asked", "--category", "prevention")
    publisher("subscribers", "suppress", "ben@example.net")

    def listed(*words: str) -> list[str]:
        document = publisher("subscribers", "list", "--json", *words).json
        return [each["address"] for each in document["subscribers"]]

    assert listed("--state", "suppressed") == listed("--search", "ali") == ["ben@example.net"]
    assert listed("--category", "preventing hate", "--search", "ben") == ["ben@example.net"]
    assert listed("--since", "2999-01-01") == []
    assert len(listed("--since", "2020-01-01T10:00")) == 2
    ran = publisher("subscribers", "list", "--category", "sports")
    assert (ran.code, "sports" in ran.err) == (1, True)
    assert publisher("subscribers", "list", "--since", "soon").code == 2


def test_people_are_listed_by_a_language_and_a_digest_however_they_are_written(publisher, ready):
    def listed(*words: str) -> int:
        return len(publisher("subscribers", "list", "--json", *words).json["subscribers"])

    assert listed("--lang", "EN") == listed("--digest", "WEEKLY") == 1
    assert listed("--digest", "النشرة الأسبوعية") == 1
    ran = publisher("subscribers", "list", "--digest", "wekly")
    assert (ran.code, 'has no digest "wekly"' in ran.err) == (0, True)


@pytest.mark.parametrize(
    "words",
    [
        ("--lang", "ar en"),
        ("--search", "x" * 60_000),
        ("--search", "\udcff"),
        ("--digest", "\udcff"),
    ],
)
def test_what_nobody_can_have_is_a_usage_error_and_one_json_document(publisher, ready, words):
    ran = publisher("subscribers", "list", "--json", *words)
    assert ran.code == 2
    assert ran.json["error"]["message"]


def test_an_import_tells_how_it_read_each_file_and_who_was_skipped(publisher, ready):
    publisher("subscribers", "suppress", "ben@example.net")
    text = "Email Address,First Name,LEID,EUID\nben@example.net,Ben,1,a\nsam@example.net,سامي,2,b\n"
    ready.write("old.csv", text.encode("windows-1256"))
    words = ("subscribers", "import", "old.csv", "--consent", "on paper")
    ran = publisher(*words, "--dry-run")
    assert "old.csv: read as windows-1256, an export of Mailchimp" in ran.out
    assert "1 skipped: suppressed, stays so" in ran.out
    assert "\u2068سامي\u2069" in ran.err, "set apart, so that the sentence keeps its order"
    assert "--encoding" in ran.err
    document = publisher(*words, "--json", "--encoding", "windows-1256").json
    assert document["skipped"] == 1
    assert document["results"] == {"suppressed, stays so": 1, "added": 1}
    assert document["files"] == [
        {"name": "old.csv", "encoding": "windows-1256", "product": "Mailchimp"}
    ]


@pytest.mark.parametrize("words", [("--list", "News"), ("--list", "=weekly"), ("--list", "News=")])
def test_a_list_that_stands_for_nothing_is_a_usage_error(publisher, ready, words):
    ready.write("l.csv", "email\na@example.net\n")
    ran = publisher("subscribers", "import", "l.csv", *words)
    assert (ran.code, "LIST=DIGEST" in ran.err) == (2, True)


def test_a_list_before_anybody_came_makes_no_database(publisher, site):
    ran = publisher("subscribers", "list")
    assert ran.code == 0
    assert "nobody" in ran.out
    assert not (site.root / "var/publisher.sqlite3").exists()


def test_import_reports_each_refused_row_and_takes_the_rest(publisher, site):
    site.write("readers.csv", "Email Address,lang\na@example.net,ar\nnobody,en\nc@example.net,en\n")
    dry = publisher("subscribers", "import", "readers.csv", "--dry-run")
    assert "nothing was written" in dry.out
    ran = publisher("subscribers", "import", "readers.csv", "--consent", "on paper")
    assert ran.code == 1
    assert "readers.csv:3: " in ran.err
    assert "2 added" in ran.out
    again = publisher("subscribers", "import", "readers.csv", "--consent", "on paper", "--json")
    assert again.json["results"] == {"already there": 2}
    assert again.json["refused"] == 1


def test_an_export_is_read_back(publisher, ready):
    assert publisher("subscribers", "export", "out.csv").code == 0
    assert "ann@example.net" in Path("out.csv").read_text(encoding="utf-8")
    ran = publisher("subscribers", "import", "out.csv", "--consent", "as before", "--json")
    assert ran.json["results"] == {"already there": 1}


def test_a_suppressed_address_is_never_mailed_again(publisher, ready):
    assert publisher("subscribers", "suppress", "Ann@Example.net", "--note", "asked").code == 0
    ran = publisher("subscribers", "add", "ann@example.net", "--consent", "really")
    assert ran.code == 1
    assert "suppressed" in ran.out
    assert publisher("send", at=AT_SLOT).code == 0
    assert outbox(ready) == []


def test_an_export_into_no_folder_is_usage_and_names_it(publisher):
    ran = publisher("subscribers", "export", "nowhere/readers.csv")
    assert ran.code == 2
    assert "there is no folder nowhere" in ran.err


def test_send_says_how_many_mails_went_to_editors(ready, publisher):
    ready.configure(f'{SETTINGS}\n[editors]\naddresses = ["ed@example.org"]\n')
    assert "1 mail to editors" in publisher("send", at="2026-03-03T05:00:00Z").out
    assert "editors" not in publisher("send", at="2026-03-03T05:30:00Z").out
    ran = publisher("send", at=AT_SLOT)
    assert "1 sent" in ran.out
    assert "1 mail to editors" in ran.out
