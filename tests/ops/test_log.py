import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from publisher.ops import log


@pytest.fixture(autouse=True)
def usual_again() -> Iterator[None]:
    yield
    log.configure(json=False, level="warning")


def test_lines_below_the_level_are_not_written(capsys):
    log.configure(json=False, level="warning")
    log.get("app").info("nobody reads this")
    log.get("app").warning("somebody reads this")
    assert "nobody" not in capsys.readouterr().err
    log.configure(json=False, level="info")
    log.get("app").info("now they do")
    assert "now they do" in capsys.readouterr().err


def test_a_console_line_has_room_event_and_fields(capsys):
    log.get("delivery").error("mail server lost", edition=17, answer="go away", at=None)
    line = capsys.readouterr().err
    assert 'delivery: error: mail server lost edition=17 answer="go away" at=None' in line


def test_a_json_line_is_one_document(capsys):
    log.configure(json=True, level="info")
    at = datetime(2026, 3, 2, tzinfo=UTC)
    log.get("digests").info("edition opened", edition=17, due_at=at, title="القمة")
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    found = json.loads(line)
    assert found["room"] == "digests"
    assert found["level"] == "info"
    assert found["edition"] == 17
    assert found["due_at"] == "2026-03-02T00:00:00+00:00"
    assert found["title"] == "القمة"


@pytest.mark.parametrize("is_json", [False, True])
def test_no_field_breaks_a_line_or_drives_a_terminal(capsys, is_json):
    log.configure(json=is_json, level="info")
    log.get("app").info("event\nforged", answer="250 ok\r\nforged line\x1b[2J")
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "\x1b" not in line
