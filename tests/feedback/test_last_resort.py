"""Bounces that only flufl.bounce knows."""

import pytest

from publisher.feedback import Effect
from publisher.feedback.last_resort import is_bounce


def test_what_only_the_last_reader_knows_is_told_and_suppresses_nobody(returned):
    number = returned.send(returned.reader())
    assert returned.take(returned.sample("smail-unknown.eml", number)) is Effect.TOLD
    assert returned.row(number).bounced_at is not None
    assert returned.suppressions() == []


def test_it_is_not_asked_of_mail_that_came_to_no_return_path(returned):
    number = returned.send(returned.reader())
    data = returned.sample("smail-unknown.eml", number)
    address = returned.words(number)["bounces"].encode()
    assert returned.take(data.replace(address, b"desk@our-town.test")) is None


def test_an_automatic_answer_in_any_language_that_quotes_a_failure_is_left_alone(returned):
    number = returned.send(returned.reader())
    head = f"From: reader@city.test\nTo: <{returned.words(number)['bounces']}>\n"
    away = "Subject: =?utf-8?B?2LHYryDYqtmE2YLYp9im2Yo=?=\nAuto-Submitted: auto-replied\n\n"
    quoted = "550 5.1.1 user unknown\nThe following address failed:\n  <bob@city.test>\n"
    assert returned.take((head + away + quoted).encode()) is None
    assert returned.row(number).bounced_at is None


def test_an_answer_of_a_person_to_a_return_path_is_left_alone(returned):
    number = returned.send(returned.reader())
    data = returned.sample("smail-unknown.eml", number)
    assert returned.take(data.replace(b"Subject: mail", b"Subject: Out of office: mail", 1)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\xff\n\n",
        b"Subject: a\n\nreader@city.test: thank you for the digest\n",
        b"Content-Type: multipart/mixed; boundary=\n\n--\n" * 2000,
        b"Content-Type: message/rfc822\n\n" * 6000,
    ],
)
def test_odd_mail_is_no_bounce_and_raises_nothing(data):
    assert not is_bounce(data)
