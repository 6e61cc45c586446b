"""`publisher backup` and `restore`, as an operator has them."""

import shutil
from pathlib import Path

import pytest

from publisher.store import open_engine
from tests.backup.rows import contents
from tests.cli.conftest import AT_SLOT, EARLIER, forked

LATER = "2026-03-03T09:00:00Z"


@pytest.fixture
def sent(publisher, site, once):
    """A site that has sent its first edition to one reader, and has one waiting for another."""

    def send() -> None:
        site.item("a.en.md", "A")
        publisher("subscribers", "add", "ann@example.net", "--consent", "asked", at=EARLIER)
        publisher("send", at=EARLIER)
        publisher("send", at=AT_SLOT)

    once(send)
    return site


@pytest.fixture
def copy(sent, publisher, tmp_path) -> Path:
    assert publisher("backup", tmp_path / "copy.zip", at=AT_SLOT).code == 0
    return tmp_path / "copy.zip"


@pytest.fixture
def elsewhere(sent, tmp_path) -> Path:
    """The site's folder on another machine: without a database and a secret."""
    root = tmp_path / "elsewhere"
    shutil.copytree(sent.root, root, ignore=shutil.ignore_patterns("var", "outbox"))
    return root


def rows(root: Path):
    engine = open_engine("sqlite:///var/publisher.sqlite3", root)
    found = contents(engine)
    engine.dispose()
    return found


def test_a_backup_says_what_it_holds_and_warns_of_the_secret(sent, publisher, tmp_path):
    ran = publisher("backup", tmp_path / "a.zip", at=AT_SLOT)
    assert ran.code == 0
    assert "rows written to" in ran.out
    assert "holds the secret of this site" in ran.err
    again = publisher("backup", tmp_path / "a.zip", at=AT_SLOT)
    assert (again.code, "--force" in again.err) == (1, True)
    assert publisher("backup", "--force", tmp_path / "a.zip", at=AT_SLOT).code == 0
    assert publisher("backup", tmp_path / "no" / "a.zip", at=AT_SLOT).code == 2


def test_a_site_without_a_database_has_nothing_to_back_up(publisher, site, tmp_path):
    ran = publisher("backup", tmp_path / "a.zip")
    assert ran.code == 4
    assert not (site.root / "var").exists()


def test_a_restored_copy_opens_and_sends_nothing_until_it_is_released(
    publisher, copy, elsewhere, sent
):
    site = ("--site", elsewhere)
    ran = publisher(*site, "restore", copy, at=LATER)
    assert ran.code == 0
    assert "publisher restore --release" in ran.out
    assert rows(elsewhere)["deliveries"] == rows(sent.root)["deliveries"]
    publisher(*site, "subscribers", "add", "bob@example.net", "--consent", "asked", at=LATER)
    (elsewhere / "content/b.en.md").write_text(
        "---\ntitle: B\ndate: 2026-03-04T10:00:00Z\n---\nText.\n", encoding="utf-8"
    )
    next_slot = "2026-03-10T07:00:30Z"
    held = publisher(*site, "send", at=next_slot)
    assert held.code == 1
    assert "this is a restored copy (a backup of 2026-03-03 07:00 UTC)" in held.err
    assert "publisher restore --release" in held.err
    assert len(rows(elsewhere)["editions"]) == 1
    doctor = publisher(*site, "doctor", "--json", at=next_slot)
    check = next(one for one in doctor.json["checks"] if one["check"] == "P031")
    assert check["result"] == "warning"
    assert "publisher restore --release" in check["hint"]
    assert "released" in publisher(*site, "restore", "--release", at=next_slot).out
    assert "nothing to do" in publisher(*site, "restore", "--release", at=next_slot).out
    assert publisher(*site, "send", at=next_slot).code == 0
    assert len(list((elsewhere / "outbox/new").iterdir())) == 2


def test_a_planned_move_holds_nothing(publisher, copy, elsewhere):
    site = ("--site", elsewhere)
    ran = publisher(*site, "restore", "--as-is", copy, at=LATER)
    assert "nothing is held" in ran.out
    assert publisher(*site, "send", at=LATER).code == 0


def test_a_test_message_may_leave_a_held_copy(publisher, copy, elsewhere):
    site = ("--site", elsewhere)
    publisher(*site, "restore", copy, at=LATER)
    ran = publisher(*site, "digest", "test", "weekly", "me@example.net", at=LATER)
    assert ran.code == 0


def test_replacing_keeps_away_who_left_since(publisher, copy, sent):
    publisher("subscribers", "suppress", "ann@example.net", at=LATER)
    refused = publisher("restore", copy, at=LATER)
    assert refused.code == 1
    assert "--replace" in refused.err
    ran = publisher("restore", "--replace", copy, at=LATER)
    assert ran.code == 0
    assert "since then, and so it stays: 1 suppressed" in ran.out
    assert "1 address" in publisher("report", at=LATER).out


def test_a_site_that_only_looked_around_counts_as_empty(publisher, copy, elsewhere):
    site = ("--site", elsewhere)
    publisher(*site, "send", at="2026-03-02T13:00:00Z")
    assert (elsewhere / "var/publisher.sqlite3").exists()
    assert publisher(*site, "restore", copy, at=LATER).code == 0


def test_nobody_restores_while_mail_is_being_sent(publisher, copy, sent):
    import fcntl

    with (sent.root / "var/sender.lock").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ran = publisher("restore", "--replace", copy, at=LATER)
    assert ran.code == 1
    assert "mail is being sent from this database" in ran.err


@pytest.mark.parametrize(
    "words", [(), ("--release", "--replace"), ("--release", "file.zip"), ("--as-is",)]
)
def test_words_that_do_not_fit_together_are_usage(publisher, words):
    assert publisher("restore", *words).code == 2


def test_a_file_that_is_not_there_is_said_so(publisher, site, tmp_path):
    ran = publisher("restore", tmp_path / "none.zip")
    assert ran.code == 1
    assert "none.zip" in ran.err
    assert "No such file" in ran.err


@pytest.mark.slow
def test_ended_at_any_point_a_backup_is_whole_or_not_there(sent, tmp_path):
    target, code, point = tmp_path / "b.zip", 9, 0
    while code == 9:
        point += 1
        environ = {"PUBLISHER_CRASH_AT": str(point)}
        code = forked("backup", target, cwd=sent.root, **environ).code
        assert target.exists() == (code == 0)
    assert code == 0
    assert point > 1


@pytest.mark.slow
def test_ended_at_any_point_a_restore_left_all_or_nothing(copy, sent, elsewhere):
    wanted, code, point = rows(sent.root), 9, 0
    while code == 9:
        point += 1
        environ = {"PUBLISHER_CRASH_AT": str(point)}
        code = forked("restore", "--as-is", copy, cwd=elsewhere, **environ).code
        if code == 9:
            assert rows(elsewhere) == {}
    assert code == 0
    assert point > 2
    assert rows(elsewhere) == wanted
    assert (elsewhere / "var/secret").read_bytes() == (sent.root / "var/secret").read_bytes()
