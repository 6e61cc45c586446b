"""What calendar files of an earlier build say: which events, with which number.

Read only where the memory does not know: after `var/` was lost, or a build that was cut short.
Whatever cannot be read says nothing.
"""

import re
from pathlib import Path

from publisher.feeds.calendar_facts import FACTS, Number
from publisher.feeds.ics import PRODUCER

_MOST = 10**6  # a number beyond is nobody's
_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPE = re.compile(r"\\(.)")


def numbers_in(path: Path) -> dict[str, Number]:
    """Return the events of one of our calendar files with their numbers, by item id."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return {}
    if f"PRODID:{PRODUCER}" not in text[:200]:
        return {}  # somebody else's file
    found = {}
    for part in _FOLD.sub("", text).split("BEGIN:VEVENT")[1:]:
        said = dict(line.partition(":")[::2] for line in part.splitlines())
        number = said.get("SEQUENCE", "")
        if "UID" in said and number.isdecimal() and int(number) < _MOST:
            id_ = _ESCAPE.sub(r"\1", said["UID"])
            found[id_] = Number(int(number), said.get(FACTS, ""))
    return found
