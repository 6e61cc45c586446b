"""A reader of iCalendar that forgives nothing: RFC 5545 as far as a calendar of events goes.

Written from the standard and not from our writer, so that the two can disagree.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

NAME = r"[A-Za-z0-9-]+"
VALUE_OF_PARAMETER = r'(?:"[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*)'
CONTENT_LINE = re.compile(
    rf"(?P<name>{NAME})"
    rf"(?P<parameters>(?:;{NAME}={VALUE_OF_PARAMETER}(?:,{VALUE_OF_PARAMETER})*)*)"
    r":(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)"
)
TEXT = re.compile(r"(?:[^\\;,\x00-\x08\x0a-\x1f\x7f]|\\[\\;,nN])*")
MOMENT = re.compile(r"\d{8}T\d{6}Z")
DAY = re.compile(r"\d{8}")
TEXTS = {"SUMMARY", "LOCATION", "DESCRIPTION", "UID", "NAME", "X-WR-CALNAME", "X-WR-CALDESC"}
ONCE = {"UID", "DTSTAMP"}
AT_MOST_ONCE = {"DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "URL", "STATUS"}
AT_MOST_ONCE |= {"SEQUENCE", "CREATED", "LAST-MODIFIED"}
OF_THE_CALENDAR = {"VERSION", "PRODID"}


@dataclass
class Component:
    """A component with its properties, in their order, and what stands in it."""

    kind: str
    properties: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    inside: list["Component"] = field(default_factory=list)

    def names(self) -> list[str]:
        return [name for name, _, _ in self.properties]

    def raw(self, name: str) -> str:
        (value,) = (value for found, _, value in self.properties if found == name)
        return value

    def text(self, name: str) -> str:
        return unescaped(self.raw(name))

    def when(self, name: str) -> date | datetime:
        (found,) = ((given, value) for known, given, value in self.properties if known == name)
        given, value = found
        if given.get("VALUE") == "DATE":
            assert DAY.fullmatch(value), value
            return date(int(value[:4]), int(value[4:6]), int(value[6:]))
        assert not given, given
        assert MOMENT.fullmatch(value), value
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def unescaped(value: str) -> str:
    assert TEXT.fullmatch(value), value
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def read(data: bytes) -> Component:
    """Return the one calendar that a file holds; AssertionError for any breach of the standard."""
    assert data.endswith(b"\r\n")
    physical = data[:-2].split(b"\r\n")
    for line in physical:
        assert len(line) <= 75, line
        assert b"\r" not in line
        assert b"\n" not in line
        assert line not in (b"", b" "), "an empty line"
        line.decode("utf-8")  # no character is cut in two
    logical = data[:-2].decode("utf-8").replace("\r\n ", "").split("\r\n")
    top = Component("")
    stack = [top]
    for line in logical:
        found = CONTENT_LINE.fullmatch(line)
        assert found, line
        name, value = found["name"].upper(), found["value"]
        if name == "BEGIN":
            stack.append(Component(value))
            stack[-2].inside.append(stack[-1])
        elif name == "END":
            assert stack.pop().kind == value
        else:
            given = [part.partition("=") for part in found["parameters"].split(";")[1:]]
            stack[-1].properties.append((name, {key: told for key, _, told in given}, value))
    assert stack == [top]
    (calendar,) = top.inside
    check_calendar(calendar)
    return calendar


def check_calendar(calendar: Component) -> None:
    assert calendar.kind == "VCALENDAR"
    assert not top_level_doubles(calendar)
    assert set(calendar.names()) >= OF_THE_CALENDAR
    assert calendar.raw("VERSION") == "2.0"
    assert calendar.inside, "section 3.6: at least one component"
    ids = [event.text("UID") for event in events_of(calendar)]
    assert len(ids) == len(set(ids))
    for one in calendar.inside:
        assert one.kind in ("VEVENT", "VTIMEZONE")
        if one.kind == "VEVENT":
            check_event(one)
        else:
            assert one.raw("TZID")
            assert {part.kind for part in one.inside} <= {"STANDARD", "DAYLIGHT"}
            for part in one.inside:
                assert set(part.names()) >= {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"}


def top_level_doubles(calendar: Component) -> set[str]:
    names = [name for name in calendar.names() if name not in ("DESCRIPTION", "NAME")]
    return {name for name in names if names.count(name) > 1}


def check_event(event: Component) -> None:
    names = event.names()
    for name in ONCE:
        assert names.count(name) == 1, name
    for name in AT_MOST_ONCE:
        assert names.count(name) <= 1, name
    assert not event.inside, "an alarm or another component inside an event"
    for name, given, value in event.properties:
        if name in TEXTS:
            assert TEXT.fullmatch(value), (name, value)
        if name == "CATEGORIES":
            assert re.fullmatch(rf"{TEXT.pattern}(?:,{TEXT.pattern})*", value), value
        if name == "URL":
            assert re.fullmatch(r"https?://[!-~]+", value), value
        if name == "SEQUENCE":
            assert re.fullmatch(r"\d+", value), value
        if name == "STATUS":
            assert value in ("TENTATIVE", "CONFIRMED", "CANCELLED")
        assert set(given) <= {"VALUE"}, given
    for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED"):
        assert isinstance(event.when(name), datetime)
    start = event.when("DTSTART")
    if "DTEND" in names:
        end = event.when("DTEND")
        assert type(end) is type(start)
        assert end > start


def events_of(calendar: Component) -> list[Component]:
    return [one for one in calendar.inside if one.kind == "VEVENT"]
