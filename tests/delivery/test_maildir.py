import mailbox

import pytest

from publisher.delivery.outcome import Kind, Message
from publisher.delivery.transports.maildir import Maildir, file_name
from publisher.errors import TransportDown


def a_message(number=1, data=b"Subject: x\r\n\r\nbody\r\n"):
    return Message(f"<{number}@cities.test>", "digest@cities.test", "r@readers.test", data)


def files(folder):
    return sorted(
        f"{part}/{file.name}"
        for part in ("cur", "new", "tmp")
        for file in (folder / part).iterdir()
    )


def test_a_message_is_found_by_any_mail_reader(tmp_path):
    outcome = Maildir(tmp_path / "outbox").send(a_message())
    box = mailbox.Maildir(tmp_path / "outbox", create=False)
    assert outcome.kind is Kind.ACCEPTED
    assert [message["Subject"] for message in box] == ["x"]
    assert outcome.remote_id in box


def test_a_repeat_overwrites_its_first_try(tmp_path):
    Maildir(tmp_path).send(a_message())
    Maildir(tmp_path).send(a_message())
    assert files(tmp_path) == [f"new/{file_name('<1@cities.test>')}"]


@pytest.mark.parametrize("flags", ["", ":2,", ":2,S"])
def test_a_repeat_is_no_second_message_when_a_reader_took_the_first(tmp_path, flags):
    folder = Maildir(tmp_path)
    name = folder.send(a_message()).remote_id
    (tmp_path / "new" / name).rename(tmp_path / "cur" / (name + flags))
    assert folder.send(a_message()).kind is Kind.ACCEPTED
    assert Maildir(tmp_path).send(a_message()).kind is Kind.ACCEPTED
    assert files(tmp_path) == [f"cur/{name}{flags}"]


def test_what_a_crash_left_in_tmp_goes_with_the_repeat(tmp_path):
    Maildir(tmp_path).send(a_message())
    (tmp_path / "tmp" / file_name("<2@cities.test>")).write_bytes(b"half")
    Maildir(tmp_path).send(a_message(2))
    assert len(files(tmp_path)) == 2
    assert not list((tmp_path / "tmp").iterdir())


def test_a_disk_that_refuses_is_the_transports_failure(tmp_path):
    (tmp_path / "outbox").write_text("a file where the folder should be")
    with pytest.raises(TransportDown, match="outbox"):
        Maildir(tmp_path / "outbox").send(a_message())
