"""A Maildir: what is ours is taken once, all else stays as and where it is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from publisher.errors import PublisherError
from publisher.feedback import forget_unproved, last_report, take_folder
from publisher.store import write

from .conftest import SENT


@pytest.fixture
def maildir(tmp_path):
    folder = tmp_path / "mail"
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    return folder


def names(folder) -> list[str]:
    return sorted(f"{path.parent.name}/{path.name}" for path in folder.glob("*/*"))


def test_reports_are_taken_and_everything_else_stays(returned, maildir):
    number = returned.send(returned.reader())
    (maildir / "new/1.bounce").write_bytes(returned.sample("postfix-unknown.eml", number))
    (maildir / "new/2.person").write_bytes(b"From: a@b.test\nSubject: Hello\n\nA question.\n")
    (maildir / "cur/3.seen:2,S").write_bytes(returned.sample("gmail-unknown.eml", number))
    (maildir / "new/4.away").write_bytes(returned.sample("out-of-office.eml", number))
    tally = take_folder(returned.db, returned.keys, maildir, SENT)
    assert tally.counts() == {"suppressed": 2}
    assert tally.left == 2
    after = ["cur/1.bounce:2,PS", "cur/3.seen:2,PS", "new/2.person", "new/4.away"]
    assert names(maildir) == after
    again = take_folder(returned.db, returned.keys, maildir, SENT)
    assert (again.counts(), again.left) == ({}, 2)
    assert names(maildir) == after


def test_a_message_that_comes_back_to_new_is_known(returned, maildir):
    number = returned.send(returned.reader())
    data = returned.sample("postfix-unknown.eml", number)
    (maildir / "new/1").write_bytes(data)
    take_folder(returned.db, returned.keys, maildir, SENT)
    (maildir / "new/2").write_bytes(data)
    assert take_folder(returned.db, returned.keys, maildir, SENT).counts() == {"known": 1}


def test_a_forged_report_stays_for_the_operator_and_is_told_once(returned, maildir, capfd):
    number = returned.send(returned.reader())
    forged = returned.sample("hostile/05-forged-no-verp.eml", number)
    (maildir / "new/1").write_bytes(forged)
    assert take_folder(returned.db, returned.keys, maildir, SENT).counts() == {"unproved": 1}
    assert "nobody is touched" in capfd.readouterr().err
    assert take_folder(returned.db, returned.keys, maildir, SENT).counts() == {"unproved": 1}
    assert capfd.readouterr().err == ""
    assert names(maildir) == ["new/1"]


def test_one_message_that_cannot_be_read_stops_no_other(returned, maildir):
    number = returned.send(returned.reader())
    (maildir / "new/0.dir").mkdir()
    (maildir / "new/1.gone").symlink_to("nowhere")
    (maildir / "new/2.nul").write_bytes(b"\0" * 10_000)
    (maildir / "new/3.empty").write_bytes(b"")
    (maildir / "new/4").write_bytes(returned.sample("postfix-unknown.eml", number))
    tally = take_folder(returned.db, returned.keys, maildir, SENT)
    assert tally.counts() == {"suppressed": 1}


def test_two_that_look_through_one_folder_at_once_tell_of_each_report(returned, maildir):
    for reader in range(30):
        number = returned.send(returned.reader(f"r{reader}@city.test"))
        (maildir / f"new/{reader:02}").write_bytes(returned.sample("postfix-unknown.eml", number))
    with ThreadPoolExecutor(3) as pool:
        looking = [
            pool.submit(take_folder, returned.db, returned.keys, maildir, SENT) for _ in range(3)
        ]
    told = [one.result().counts().get("suppressed", 0) for one in looking]
    assert sum(told) == 30
    assert len(names(maildir)) == 30


def test_what_was_taken_and_cannot_be_moved_is_told_as_taken(returned, maildir, capfd):
    number = returned.send(returned.reader())
    (maildir / "new/1").write_bytes(returned.sample("postfix-unknown.eml", number))
    (maildir / "cur/1:2,PS").mkdir()
    tally = take_folder(returned.db, returned.keys, maildir, SENT)
    assert (tally.counts(), tally.unread) == ({"suppressed": 1}, 0)
    assert "not moved" in capfd.readouterr().err


def test_what_was_looked_at_is_not_read_again_by_who_looks_often(returned, maildir):
    left: set[str] = set()
    (maildir / "new/1").write_bytes(b"From: a@b.test\n\nHello\n")
    assert take_folder(returned.db, returned.keys, maildir, SENT, left).left == 1
    (maildir / "new/1").rename(maildir / "cur/1:2,S")
    assert take_folder(returned.db, returned.keys, maildir, SENT, left).left == 0


def test_a_folder_that_is_no_maildir_is_refused_in_words(returned, tmp_path):
    with pytest.raises(PublisherError, match=r"has no new/ and cur/"):
        take_folder(returned.db, returned.keys, tmp_path, SENT)


def test_reports_about_nobody_are_forgotten_and_those_about_deliveries_stay(returned):
    number = returned.send(returned.reader())
    returned.take(returned.sample("postfix-unknown.eml", number), SENT)
    returned.take(returned.sample("hostile/05-forged-no-verp.eml", number), SENT)
    with write(returned.db) as conn:
        assert forget_unproved(conn, SENT) == 0
        assert forget_unproved(conn, SENT + timedelta(seconds=1)) == 1
        assert last_report(conn) == SENT
