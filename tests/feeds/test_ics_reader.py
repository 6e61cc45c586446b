import pytest

from publisher.feeds import ics
from publisher.feeds.calendar_facts import FACTS, Number
from publisher.feeds.ics_reader import numbers_in


def put(tmp_path, data: bytes):
    path = tmp_path / "a.ics"
    path.write_bytes(data)
    return path


def test_events_are_read_with_their_numbers(tmp_path):
    id_ = "tag:example.org,2026:" + "a-very-long-key/" * 8 + "ar"
    one = ics.event([ics.text("UID", id_), "SEQUENCE:4", f"{FACTS}:abc"])
    other = ics.event(["UID:2", "SEQUENCE:0"])
    found = numbers_in(put(tmp_path, ics.calendar(["NAME:x"], [one, other])))
    assert found == {id_: Number(4, "abc"), "2": Number(0, "")}


def test_a_file_that_is_missing_says_nothing(tmp_path):
    assert numbers_in(tmp_path / "none.ics") == {}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"BEGIN:VCALENDAR\r\nPRODID:-//Other//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nSEQUENCE:7\r\n",
        ics.calendar([], [ics.event(["UID:1", "SEQUENCE:99999999999999999999"])]),
        ics.calendar([], [ics.event(["UID:1", "SEQUENCE:-1"])]),
        ics.calendar([], [ics.event(["SEQUENCE:1"])]),
    ],
)
def test_a_file_of_others_or_a_spoilt_one_says_nothing(tmp_path, data):
    assert numbers_in(put(tmp_path, data)) == {}
