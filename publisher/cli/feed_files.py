"""Read built feeds as readers and calendars would: whole, well formed, each entry with id and title."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from publisher.errors import Problem

_ATOM = "{http://www.w3.org/2005/Atom}"
_BUILD = "run `publisher build`"
_LINE = re.compile(r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*))*):(.*)")
_WIDEST = 75  # bytes of a calendar's line


def feed_problems(feeds_dir: Path) -> Iterator[Problem]:
    """Yield what is wrong with the feeds that the manifest lists, events' calendars and copies."""
    listed = feeds_dir / "manifest.json"
    try:
        rows = json.loads(listed.read_bytes())["feeds"]
    except FileNotFoundError:
        yield Problem("feeds/manifest.json", 0, "the feeds are not built", _BUILD)
        return
    except (OSError, ValueError, KeyError, TypeError):
        yield Problem("feeds/manifest.json", 0, "it cannot be read", _BUILD)
        return
    for row in rows:
        path = feeds_dir / row["path"]
        name = f"feeds/{row['path']}"
        try:
            data = path.read_bytes()
        except OSError:
            yield Problem(name, 0, "the manifest lists it and it is not there", _BUILD)
            continue
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            yield Problem(name, 0, "it is not what was built: somebody changed it", _BUILD)
        yield from _read(name, data)
    for path in sorted(feeds_dir.glob("*/events/*.ics")):
        yield from _read(f"feeds/{path.relative_to(feeds_dir).as_posix()}", path.read_bytes())
    from publisher.feeds import twin_problems

    yield from twin_problems(feeds_dir)


def _read(name: str, data: bytes) -> Iterator[Problem]:
    try:
        entries = _entries(name, data)
    except (ValueError, SyntaxError, KeyError, TypeError) as error:
        reader = "calendar" if name.endswith(".ics") else "feed reader"
        yield Problem(name, 0, f"no {reader} can read it ({error})", _BUILD)
        return
    seen: set[str] = set()
    for place, (id_, title) in enumerate(entries, start=1):
        if not id_ or not title:
            yield Problem(name, 0, f"entry {place} has no {'title' if id_ else 'id'}", _BUILD)
        elif id_ in seen:
            yield Problem(
                name, 0, f"the id {id_} stands in it twice", "give one of the items another id"
            )
        seen.add(id_)


def _entries(name: str, data: bytes) -> list[tuple[str, str]]:
    """Return id and title of each entry. Raises ValueError and others for what cannot be read."""
    if name.endswith(".ics"):
        return _events(data)
    return _json_entries(data) if name.endswith(".json") else _xml_entries(data)


def _json_entries(data: bytes) -> list[tuple[str, str]]:
    document: dict[str, Any] = json.loads(data)
    return [(str(item["id"]), str(item["title"])) for item in document["items"]]


def _xml_entries(data: bytes) -> list[tuple[str, str]]:
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    if root.tag == f"{_ATOM}feed":
        return [
            (entry.findtext(f"{_ATOM}id") or "", entry.findtext(f"{_ATOM}title") or "")
            for entry in root.findall(f"{_ATOM}entry")
        ]
    return [
        (item.findtext("guid") or "", item.findtext("title") or "") for item in root.iter("item")
    ]


def _events(data: bytes) -> list[tuple[str, str]]:
    """Read a calendar by RFC 5545: the form of its lines, what holds what, what an event must say."""
    open_parts: list[str] = []
    events: list[dict[str, str]] = []
    for line in _unfolded(data):
        found = _LINE.fullmatch(line)
        if not found:
            raise ValueError(f"not a line of a calendar: {line[:60]!r}")
        name, value = found[1].upper(), found[3]
        if name == "BEGIN":
            open_parts.append(value)
            events += [{}] if value == "VEVENT" else []
        elif name == "END":
            if not open_parts or open_parts.pop() != value:
                raise ValueError(f"{value} ends and did not begin")
        elif open_parts[-1:] == ["VEVENT"]:
            events[-1][name] = value
    if open_parts or not data.startswith(b"BEGIN:VCALENDAR\r\n"):
        raise ValueError("it is no whole calendar")
    if not all(event.keys() >= {"DTSTAMP", "DTSTART"} for event in events):
        raise ValueError("an event does not say when it is")
    return [(event.get("UID", ""), event.get("SUMMARY", "")) for event in events]


def _unfolded(data: bytes) -> list[str]:
    """Return the logical lines of a calendar; their ends and widths must be right."""
    lines = data.split(b"\r\n")
    if lines.pop():
        raise ValueError("its last line has no end")
    for number, line in enumerate(lines, start=1):
        if len(line) > _WIDEST or b"\n" in line or b"\r" in line:
            raise ValueError(f"line {number} is too long or broken")
        line.decode()  # raises UnicodeDecodeError, a ValueError, when cut inside a character
    return b"\r\n".join(lines).replace(b"\r\n ", b"").decode().split("\r\n")
