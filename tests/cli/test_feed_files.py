from pathlib import Path

import pytest

from publisher.cli.feed_files import feed_problems
from publisher.content import open_library
from publisher.feeds import build

OWN = "en/events/summit.ics"


@pytest.fixture
def feeds(site, now) -> Path:
    for name in ("summit", "workshop"):
        site.item(f"{name}.en.md", name, kind="event", event='{start: "2026-05-01"}')
    build(open_library(site.settings, now=now), now=now)
    return site.root / "feeds"


def spoil(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def test_calendars_just_built_have_no_problem(feeds):
    assert list(feed_problems(feeds)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"\r\n", b"\n", "line"),
        (b"END:VEVENT\r\n", b"", "ends and did not begin"),
        (b"END:VCALENDAR\r\n", b"", "no whole calendar"),
        (b"STATUS:", b"STATUS" + b"X" * 70 + b":", "too long"),
        (b"STATUS:", b"no line ", "not a line"),
        (b"SUMMARY:", b"SUMMARY:\xff", "can read it"),
        (b"DTSTAMP:", b"X-STAMP:", "when it is"),
        (b"UID:", b"X-UID:", "no id"),
    ],
)
def test_a_calendar_that_breaks_the_standard_is_told(feeds, old, new, said):
    spoil(feeds / OWN, old, new)
    (problem,) = feed_problems(feeds)
    assert problem.path == f"feeds/{OWN}"
    assert said in problem.message


def test_the_calendar_of_a_language_must_be_what_was_built(feeds):
    spoil(feeds / "en/events.ics", b"workshop/en", b"summit/en")
    messages = [problem.message for problem in feed_problems(feeds)]
    assert any("somebody changed it" in message for message in messages)
    assert any("stands in it twice" in message for message in messages)
