"""Write everybody to a file: CSV that spreadsheets open safely and `import` reads back, or JSON."""

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from sqlalchemy import Engine

from publisher import faults
from publisher.errors import PublisherError
from publisher.store import read
from publisher.subscribers.formulas import escape
from publisher.subscribers.lookup import people
from publisher.subscribers.subscriber import State, Subscriber

COLUMNS = (
    "email",
    "name",
    "language",
    "digests",
    "categories",
    "time_zone",
    "state",
    "kinds",
    "originals",
    "paused_until",
)


def export_file(engine: Engine, path: Path, now: datetime, *, state: State | None = None) -> int:
    """Write everybody who is not erased, or those in one state; return how many.

    A name that ends in .json gives JSON, any other CSV in UTF-8. The file is whole or not there,
    and only its owner can read it. Whoever left their last digest stands there with those they had.

    Raises OSError, and PublisherError for a path that is a pipe or a device.
    """
    if path.exists() and not path.is_file():
        raise PublisherError(
            f"{path} is no file, and would be replaced by one", hint="name a file in a folder"
        )
    with (
        read(engine) as conn,
        NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=".new-", delete=False
        ) as draft,
    ):
        try:
            rows = map(_row, people(conn, now, state=state))
            count = _write_json(draft, rows) if path.suffix == ".json" else _write_csv(draft, rows)
            draft.flush()
            faults.point()
            os.fsync(draft.fileno())
            Path(draft.name).replace(path)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
    return count


def _row(person: Subscriber) -> dict[str, str]:
    if not person.subscriptions:  # an empty cell would say that they had all
        person = replace(person, subscriptions=person.left)
    return {
        "email": person.address,
        "name": person.name,
        "language": " ".join(person.languages),
        "digests": " ".join(person.digests),
        "categories": " ".join(person.categories),
        "time_zone": person.time_zone,
        "state": "suppressed" if person.is_suppressed else person.state.value,
        "kinds": " ".join(person.kinds),
        "originals": "yes" if person.originals else "",
        "paused_until": person.paused_until.isoformat() if person.paused_until else "",
    }


def _write_csv(file: "IO[str]", rows: Iterator[dict[str, str]]) -> int:
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow([escape(row[column]) for column in COLUMNS])
        count += 1
    return count


def _write_json(file: "IO[str]", rows: Iterator[dict[str, str]]) -> int:
    count = 0
    file.write("[")
    for row in rows:
        file.write(",\n" if count else "\n")
        file.write(json.dumps(row, ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count
