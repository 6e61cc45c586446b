"""feeds/manifest.json: which feeds there are, and when each last changed.

One request for it tells a reader, a cache or a hub which of many feeds to fetch again. It also
tells the next build which feeds were ever published, because those stay at their address.
"""

import json
from collections.abc import Sequence
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


def render(rows: Sequence[Row]) -> bytes:
    """Return the manifest."""
    lines = ",\n".join(json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    return f'{{"version": 1, "feeds": [\n{lines}\n]}}\n'.encode()


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
