"""What files said when they were last read, in var/cache: safe to delete, safe to lose.

One file, written whole: a line that names program version and settings, a checksum, then rows by
path. Whatever does not fit is ignored, and the files are read again.
"""

import hashlib
import marshal
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

import publisher
from publisher.content.reading import Row
from publisher.content.walk import FORM

if TYPE_CHECKING:
    from publisher.settings import Settings

_MAGIC = b"publisher content cache\n"


def cache_path(settings: "Settings") -> Path:
    """Return where the cache lies."""
    return settings.var_dir / "cache" / "content.bin"


def load(settings: "Settings") -> dict[str, Row]:
    """Return the rows of the last run, none when there is no cache that fits."""
    try:
        data = cache_path(settings).read_bytes()
    except OSError:
        return {}
    head = _head(settings)
    start = len(head) + 4
    if (
        not data.startswith(head)
        or zlib.crc32(data[start:]).to_bytes(4, "big") != data[len(head) : start]
    ):
        return {}
    try:
        rows = marshal.loads(memoryview(data)[start:])  # noqa: S302, our own file, checksummed
    except (ValueError, EOFError, TypeError):
        return {}
    return cast("dict[str, Row]", rows) if isinstance(rows, dict) else {}


def save(settings: "Settings", rows: dict[str, Row]) -> None:
    """Keep rows for the next run; a disk that does not take them costs only time."""
    path = cache_path(settings)
    data = marshal.dumps(rows)
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(_head(settings) + zlib.crc32(data).to_bytes(4, "big") + data)
        draft.replace(path)
    except OSError:
        return


def _head(settings: "Settings") -> bytes:
    depends = repr(
        (
            publisher.__version__,
            FORM,
            settings.site.languages,
            settings.site.time_zone,
            marshal.version,
        )
    )
    return _MAGIC + hashlib.sha256(depends.encode()).digest()
