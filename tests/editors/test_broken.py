"""Broken files: told once, together, and again when they changed."""

import os
from datetime import timedelta

import pytest

from publisher.app import building
from publisher.app.editing import tell_editors
from publisher.editors.broken import Told, broken_now
from publisher.errors import WithdrawalRefused
from tests.editors.conftest import plain

HOUR = timedelta(hours=1)


def test_all_files_that_broke_are_told_in_one_mail_and_once(office, now):
    office.begin(at=now)
    office.site.item("a.en.md", "A", date="someday")
    office.site.item("b.en.md", "B", date="never")
    assert tell_editors(office.at(now)).handed.sent == 2
    assert tell_editors(office.at(now + HOUR)).handed.sent == 0
    assert office.subjects() == ["2 files cannot be published"]
    text = plain(office.mails()[0])
    assert "content/a.en.md:3" in text
    assert "content/b.en.md:3" in text


def test_a_file_that_changed_and_still_is_broken_is_told_again_alone(office, now):
    office.begin(at=now)
    office.site.item("a.en.md", "A", date="someday")
    office.site.item("b.en.md", "B", date="never")
    tell_editors(office.at(now))
    office.site.item("a.en.md", "A", date="some other day")
    assert tell_editors(office.at(now + HOUR)).handed.sent == 2
    assert office.subjects() == ["1 file cannot be published", "2 files cannot be published"]


def test_a_file_that_was_mended_and_breaks_just_as_before_is_told_again(office, now):
    office.begin(at=now)
    for at in range(3):
        office.site.item("a.en.md", "A", date="someday")
        assert tell_editors(office.at(now + 2 * at * HOUR)).handed.sent == 2
        office.site.item("a.en.md", "A")
        assert tell_editors(office.at(now + (2 * at + 1) * HOUR)).handed.sent == 0
    assert len(office.subjects()) == 3


def test_more_files_than_a_mail_should_list_are_counted(small_office, now):
    small_office.begin(at=now)
    for number in range(25):
        small_office.site.item(f"n{number:02}.en.md", "A", date="someday")
    tell_editors(small_office.at(now))
    assert small_office.subjects() == ["25 files cannot be published"]
    assert "5 more; see publisher check" in plain(small_office.mails()[0])


def test_a_build_that_was_refused_is_told_once_and_again_when_it_happens_again(office, now):
    files = [office.site.item(f"n{number}.en.md", f"A {number}") for number in range(6)]
    text = files[0].read_text()
    office.begin(at=now)
    app = office.at(now)
    building.build(app)
    for sent in (2, 2):
        for file in files:
            file.unlink()
        for told in (sent, 0):
            with pytest.raises(WithdrawalRefused):
                building.build(app)
            assert tell_editors(app).handed.sent == told
        for number, file in enumerate(files):
            file.write_text(text.replace("A 0", f"A {number}"))
        building.build(app)
        assert tell_editors(app).handed.sent == 0
    assert office.subjects() == ["The feeds are no longer brought up to date"] * 2
    assert "- content/n5.en.md" in plain(office.mails()[0])


def test_a_process_that_built_nothing_does_not_forget_a_build_that_was_refused(small_office, now):
    files = [small_office.site.item(f"n{number}.en.md", f"A {number}") for number in range(6)]
    small_office.begin(at=now)
    app = small_office.at(now)
    building.build(app)
    for file in files:
        file.unlink()
    with pytest.raises(WithdrawalRefused):
        building.build(app)
    assert [tell_editors(one).handed.sent for one in (app, small_office.at(now), app)] == [2, 0, 0]


def test_a_warning_breaks_nothing(small_office, now):
    small_office.site.item("a.en.md", "A", colour="blue")
    small_office.begin(at=now)
    assert broken_now(small_office.at(now).library(), Told({}, 0)) == {}


def test_a_file_that_somebody_is_writing_is_left_until_it_is_quiet(small_office, now):
    small_office.begin(at=now)
    path = small_office.site.item("a.en.md", "A", date="someday")
    at = now.timestamp() - 3
    os.utime(path, (at, at))
    assert tell_editors(small_office.at(now)).handed.sent == 0
    assert tell_editors(small_office.at(now + timedelta(seconds=3))).handed.sent == 2
