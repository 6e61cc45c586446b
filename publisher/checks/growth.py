"""Whether the disk will hold the next edition: a forecast from what the last ones took."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.checks.finding import Answer, Result
from publisher.checks.machine import FULL

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from publisher.app import App

# Measured with 1,000,000 deliveries that were opened, sent and answered: see `bench/results.md`.
ROW_BYTES = 200  # of one delivery with its indexes
LOG_BYTES = 64 * 1024**2  # to which SQLite's write-ahead log grows while an edition opens
BODY_BYTES = 30_000  # of one segment's stored body, when there was none yet
MESSAGE_BYTES = 60_000  # of one message, when there was none yet
_AS_SENT = 1.4  # a stored text's bytes grow by this on their way into a message
_BLOCK = 4096  # bytes: a file on a disk takes whole ones
_EDITIONS = 3  # so many of the newest are looked at


@dataclass(frozen=True, slots=True)
class Edition:
    """What the next edition is likely to be, by the largest of the last ones."""

    readers: int
    bodies: int
    body_bytes: int  # as stored
    message_bytes: int

    @property
    def in_database(self) -> int:
        """The bytes it will take there."""
        return self.readers * ROW_BYTES + self.bodies * self.body_bytes + LOG_BYTES

    @property
    def in_outbox(self) -> int:
        """The bytes its messages take as files."""
        return self.readers * (-(-self.message_bytes // _BLOCK) * _BLOCK)


def room_for_next(app: "App") -> Answer:
    """Say whether there is room for the rows, bodies and, in a Maildir, messages of an edition."""
    engine = app.engine_if_there()
    if engine is None:
        return Result.OK, "next edition: no readers yet, so nothing to make room for", ""
    from publisher.store import read

    with read(engine) as conn:
        edition = _next(conn)
    settings, wanted = app.settings, dict[Path, int]()
    file: Path | None = engine.get_execution_options().get("publisher_file")
    if file is not None:
        wanted[file.parent] = edition.in_database
    if settings.delivery.transport == "maildir":
        wanted[settings.outbox_dir] = edition.in_outbox
    said = f"next edition: about {edition.readers:,} mails"
    server = ""
    if file is None:
        size = _megabytes(edition.in_database)
        server = f"; {size} of it on the database server's disk, which cannot be seen from here"
    return compare(said, server, wanted)


def compare(said: str, server: str, wanted: dict[Path, int]) -> Answer:
    """Compare what is wanted with what is free, disk by disk."""
    disks: dict[int, tuple[Path, int]] = {}
    for folder, size in wanted.items():
        place = _existing(folder)
        disk = place.stat().st_dev
        disks[disk] = place, disks.get(disk, (place, 0))[1] + size
    for place, size in disks.values():
        free = shutil.disk_usage(place).free
        if size + FULL > free:
            return (
                Result.WARNING,
                f"{said} need {_megabytes(size)} in {place}, and {_megabytes(free)} are free{server}",
                "make room before its slot, or move the site to a larger disk",
            )
    needed = sum(size for _, size in disks.values())
    there = f" need {_megabytes(needed)}, and there is room" if disks else ""
    return Result.OK, f"{said}{there}{server}", ""


def _next(conn: "Connection") -> Edition:
    """Return the largest that could come: every reader of the largest digest."""
    from sqlalchemy import func, select

    from publisher.store.tables import bodies, editions, segments, subscribers, subscriptions

    readers = (
        select(func.count())
        .select_from(subscriptions)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(subscriptions.c.active == 1, subscribers.c.state == "active")
        .group_by(subscriptions.c.digest)
        .order_by(func.count().desc())
    )
    newest = (
        select(editions.c.id)
        .where(editions.c.frozen_at.is_not(None))
        .order_by(editions.c.id.desc())
        .limit(_EDITIONS)
    )
    of_these = segments.c.edition_id.in_(newest)
    counted = select(func.count()).where(of_these).group_by(segments.c.edition_id)
    length = func.length(bodies.c.html) + func.length(bodies.c.plain)
    sizes = select(func.avg(length)).join(segments, segments.c.body_id == bodies.c.id)
    stored = conn.scalar(sizes.where(of_these, bodies.c.made_at.is_not(None)))
    return Edition(
        readers=conn.scalar(readers.limit(1)) or 0,
        bodies=max(conn.scalars(counted).all(), default=1),
        body_bytes=int(stored or BODY_BYTES),
        message_bytes=_message_bytes(conn) or MESSAGE_BYTES,
    )


def _message_bytes(conn: "Connection") -> int:
    """Return about how large a message of the newest body is, 0 when there is none."""
    import zlib

    from sqlalchemy import select

    from publisher.store.tables import bodies

    made = bodies.c.made_at.is_not(None), bodies.c.digest != ""
    newest = select(bodies.c.html, bodies.c.plain).where(*made).order_by(bodies.c.id.desc())
    row = conn.execute(newest.limit(1)).one_or_none()
    if row is None:
        return 0
    return int(_AS_SENT * sum(len(zlib.decompress(text)) for text in row))


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _megabytes(size: int) -> str:
    number = max(size // 1024**2, 1)
    return f"{number:,} MB"
