"""TOML front matter: the same keys, lines and texts as from YAML.

`tomllib` gives typed values and no positions, so lines are looked up afterwards and scalars are
turned back into the text the field table expects.
"""

import re
import tomllib
from datetime import date, datetime, time
from typing import Any

from publisher.content.frontmatter import Fields, FrontMatterError, Node

MAX_DEPTH = 20
_KEY_LINE = re.compile(
    r"""^[ \t]*(?:\[\[?[ \t]*)?["']?([A-Za-z0-9_-]+)["']?[ \t]*(?:[=.\]])""", re.M
)
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")


def read_toml(front: str) -> Fields:
    """Read a TOML document; raises FrontMatterError with the line in the file."""
    try:
        document = tomllib.loads(front, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found and found[1] else front.count("\n")
        why = _AT_LINE.sub("", str(error))
        raise FrontMatterError(
            line + 1, f"the front matter cannot be read: {why}", "see https://toml.io"
        ) from None
    except RecursionError:
        raise FrontMatterError(1, "the front matter is nested too deep", "flatten it") from None
    lines: dict[str, int] = {}
    for found in _KEY_LINE.finditer(front):
        lines.setdefault(found[1], front.count("\n", 0, found.start(1)) + 2)
    return {key: _node(value, lines.get(key, 2), lines, 1) for key, value in document.items()}


def _node(value: Any, line: int, lines: dict[str, int], depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise FrontMatterError(
            line, f"the front matter is nested more than {MAX_DEPTH} deep", "flatten it"
        )
    if isinstance(value, dict):
        return Node(
            line,
            {key: _node(one, lines.get(key, line), lines, depth + 1) for key, one in value.items()},
        )
    if isinstance(value, list):
        return Node(line, [_node(one, line, lines, depth + 1) for one in value])
    if isinstance(value, bool):
        return Node(line, "true" if value else "false")
    if isinstance(value, datetime | date | time):
        return Node(line, value.isoformat())
    return Node(line, str(value))
