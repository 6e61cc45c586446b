"""What links answered lately, in var/cache: safe to delete, safe to lose, ignored when spoilt."""

import json
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from publisher.files import write_if_changed

_FORM = 1  # raise it when the meaning of what is stored changes
_DAY, _HOUR = 86_400, 3600  # seconds


class State(StrEnum):
    """What is known of a link."""

    ALIVE = "alive"
    GUARDED = "guarded"  # a server is there that will not tell programs
    DEAD = "dead"
    PRIVATE = "private"
    UNSURE = "unsure"


_KEPT = {State.ALIVE: 7 * _DAY}  # seconds; all else an hour


class Known(NamedTuple):
    """When a link was asked, and what became of it."""

    at: int  # unix seconds
    state: State
    detail: str


def load(var_dir: Path, now: datetime) -> dict[str, Known]:
    """Return what is known by URL and still counts; nothing when it cannot be read."""
    try:
        stored = json.loads(_path(var_dir).read_bytes())
        if stored["form"] != _FORM:
            return {}
        found = {
            url: Known(int(at), State(state), str(detail))
            for url, (at, state, detail) in stored["links"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {url: known for url, known in found.items() if _counts(known, now)}


def save(var_dir: Path, known: dict[str, Known], now: datetime) -> None:
    """Keep what still counts; a disk that does not take it costs only time."""
    links = {url: known[url] for url in sorted(known) if _counts(known[url], now)}
    text = json.dumps({"form": _FORM, "links": links}, ensure_ascii=False, indent=0)
    with suppress(OSError):
        write_if_changed(_path(var_dir), text.encode(errors="surrogatepass"))


def _counts(known: Known, now: datetime) -> bool:
    return 0 <= now.timestamp() - known.at < _KEPT.get(known.state, _HOUR)


def _path(var_dir: Path) -> Path:
    return var_dir / "cache" / "links.json"
