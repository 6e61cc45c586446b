"""When and where an item's event takes place."""

import re
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import TypeVar

from publisher.content import fields as table
from publisher.content.facts import PlainEvent
from publisher.content.forms import WrongError, choice, moment, text, web_page
from publisher.content.frontmatter import Node

Read = TypeVar("Read")
_OFFSET = re.compile(r"\d\s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)$", re.ASCII | re.IGNORECASE)


def event(said: Mapping[str, Node], zone: tzinfo, faults: list[WrongError]) -> PlainEvent:
    """Return when and where it takes place, from `event` or its short names."""
    parts: dict[str, Node] = {}
    if "event" in said:
        whole = said["event"]
        if isinstance(whole.value, dict):
            parts.update(whole.value)
        else:
            faults.append(
                WrongError("event is not a list of keys", "write `event: {start: …}`", whole.line)
            )
    for short, name in (("event_start", "start"), ("event_end", "end"), ("place", "place")):
        if short in said:
            parts.setdefault(name, said[short])

    def read(name: str, form: Callable[[Node], Read]) -> Read | None:
        node = parts.get(name)
        if node is None or node.value == "":
            return None
        try:
            return form(node)
        except WrongError as error:
            faults.append(WrongError(error.message, error.hint, error.line or node.line))
            return None

    found = PlainEvent(
        start=read("start", lambda node: moment(node, "event.start", zone)),
        end=read("end", lambda node: moment(node, "event.end", zone)),
        place=read("place", lambda node: text(node, "event.place", table.MAX_WORD)),
        city=read("city", lambda node: text(node, "event.city", table.MAX_WORD)),
        country=read("country", lambda node: text(node, "event.country", table.MAX_WORD)),
        url=read("url", lambda node: web_page(node, "event.url")),
        state=read("state", lambda node: choice(node, "event.state", table.EVENT_STATES)),
        offset=_offset(parts.get("start")),
    )
    if found.start and found.end and found.end[0] < found.start[0]:
        faults.append(
            WrongError(
                "event.end is before event.start",
                "swap them or remove event.end",
                parts["end"].line,
            )
        )
    return found


def _offset(start: Node | None) -> int | None:
    """Return the minutes east of UTC that a start was written with, None when it was not."""
    written = start.value if start is not None and isinstance(start.value, str) else ""
    found = _OFFSET.search(written.strip()) if ":" in written else None
    if not found:
        return None
    if found[1]:
        return 0
    minutes = int(found[3]) * 60 + int(found[4] or 0)
    return -minutes if found[2] == "-" else minutes
