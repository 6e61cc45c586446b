"""Read built feeds as a feed reader would: whole, well formed, every entry with id and title."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from publisher.errors import Problem

_ATOM = "{http://www.w3.org/2005/Atom}"
_BUILD = "run `publisher build`"


def feed_problems(feeds_dir: Path) -> Iterator[Problem]:
    """Yield what is wrong with the feeds that the manifest lists."""
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


def _read(name: str, data: bytes) -> Iterator[Problem]:
    try:
        entries = _json_entries(data) if name.endswith(".json") else _xml_entries(data)
    except (ValueError, SyntaxError, KeyError, TypeError) as error:
        yield Problem(name, 0, f"no feed reader can read it ({error})", _BUILD)
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
