"""feeds/manifest.json: which feeds there are, and when each last changed.

One request for it tells a reader, a cache or a hub which of many feeds to fetch again. It also
tells the next build which feeds were ever published, because those stay at their address, and which
of them the site has retired.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.settings.model import Settings

NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One feed file."""

    path: str  # under feeds/
    title: str
    language: str  # "" when it holds several
    sha256: str
    entries: int
    updated: str  # the feed's own time: its newest entry's
    changed: str  # when its bytes last changed


@dataclass(frozen=True, slots=True)
class FeedLink:
    """One feed with the addresses of its formats, for pages that list feeds."""

    name: str  # "all", a kind, or "category-<slug>"
    title: str
    language: str
    rss: str
    atom: str
    json: str


def read(feeds_dir: Path) -> dict[str, Row]:
    """Return the rows by path; none when there is no manifest that can be read."""
    try:
        rows = json.loads((feeds_dir / NAME).read_bytes())["feeds"]
        return {row["path"]: Row(**row) for row in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def read_retired(feeds_dir: Path) -> dict[str, str]:
    """Return the files of retired feeds, with the moment since when; none when it cannot be read."""
    try:
        rows = json.loads((feeds_dir / NAME).read_bytes()).get("retired", ())
        return {str(row["path"]): str(row["since"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def render(rows: Sequence[Row], retired: Mapping[str, str]) -> bytes:
    """Return the manifest.

    retired  files of retired feeds, with the moment since when
    """
    feeds = _lines(asdict(row) for row in rows)
    gone = _lines({"path": path, "since": since} for path, since in retired.items())
    more = f', "retired": [\n{gone}\n]' if retired else ""
    return f'{{"version": 1, "feeds": [\n{feeds}\n]{more}}}\n'.encode()


def _lines(rows: Iterable[dict[str, object]]) -> str:
    return ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def feed_links(settings: "Settings", language: str | None = None) -> tuple[FeedLink, ...]:
    """Return the feeds that exist, those of one language when one is named ("" = all at once)."""
    found = []
    for path, row in read(settings.feeds_dir).items():
        stem, _, format_ = path.rpartition(".")
        if format_ == "rss" and language in (None, row.language):
            url = f"{settings.feeds_url}/{stem}"
            name = stem.rpartition("/")[2]
            found.append(
                FeedLink(name, row.title, row.language, f"{url}.rss", f"{url}.atom", f"{url}.json")
            )
    return tuple(found)
