"""iCalendar (RFC 5545) as bytes: lines, their escapes and their folds. Knows nothing of items.

A calendar without events is not allowed to be empty (section 3.6), so it carries the one component
that shows nothing anywhere: the definition of UTC.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from publisher.feeds import clean

PRODUCER = "-//publisher//publisher//EN"
BEGIN_EVENT, END_EVENT = b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n"
_WIDEST = 75  # octets of a line without its end (section 3.1)
_HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCER}", "CALSCALE:GREGORIAN")
# Nobody may turn the letters of a line around; a calendar program shows it among its own words.
_NEVER = {0x7F: None, 0x202D: None, 0x202E: None}
_NO_EVENTS = (
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def calendar(about: Iterable[str], events: Sequence[bytes]) -> bytes:
    """Return a calendar of finished events, after the lines that say what it is."""
    head = written([*_HEAD, "METHOD:PUBLISH", *about])
    return b"".join((head, *(events or (written(_NO_EVENTS),)), b"END:VCALENDAR\r\n"))


def event(lines: Iterable[str]) -> bytes:
    """Return one event of a calendar."""
    return b"".join((BEGIN_EVENT, written(lines), END_EVENT))


def events_of(data: bytes) -> bytes:
    """Return the events as they stand in a calendar that this module wrote, b"" when none do."""
    start, end = data.find(BEGIN_EVENT), data.rfind(END_EVENT)
    return data[start : end + len(END_EVENT)] if 0 <= start < end else b""


def written(lines: Iterable[str]) -> bytes:
    """Return logical lines folded, each ended as the standard wants."""
    return b"".join(map(folded, lines))


def folded(line: str) -> bytes:
    """Return a logical line in pieces of at most 75 octets, no character cut in two."""
    data = line.encode("utf-8", "replace")
    if len(data) <= _WIDEST:
        return data + b"\r\n"
    pieces, start, room = [], 0, _WIDEST
    while start < len(data):
        end = min(start + room, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        pieces.append(data[start:end])
        start, room = end, _WIDEST - 1  # the blank that begins the next piece counts
    return b"\r\n ".join(pieces) + b"\r\n"


def text(name: str, *paragraphs: str) -> str:
    """Return a property that holds text, each paragraph on a line of its own."""
    told = "\\n".join(escaped(part) for part in paragraphs if part)
    return f"{name}:{told}"


def escaped(value: str) -> str:
    """Return one line of text with what iCalendar would take for its own signs escaped (3.3.11)."""
    plain = clean.one_line(value).translate(_NEVER)
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def moment(name: str, at: datetime) -> str:
    """Return a property that holds a moment, in UTC."""
    at = at.astimezone(UTC)
    return f"{name}:{_day(at)}T{at:%H%M%S}Z"


def day(name: str, on: date) -> str:
    """Return a property that holds a day without hours."""
    return f"{name};VALUE=DATE:{_day(on)}"


def _day(on: date) -> str:
    return f"{on.year:04}{on.month:02}{on.day:02}"  # %Y has no zeros before 1000 on some systems
