"""When and where an item's event takes place."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import TypeVar

from publisher.content import fields as table
from publisher.content.facts import PlainEvent
from publisher.content.forms import WrongError, choice, moment, text, web_page
from publisher.content.frontmatter import Node

Read = TypeVar("Read")


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
