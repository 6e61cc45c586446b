"""Read and parse the files that changed; on two processes when there are many.

A file may be rewritten while it is read. Each is read once, whole: size and times before and
after must agree, and what came is what is parsed, hashed and kept.
"""

import marshal
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast
from zoneinfo import ZoneInfo

from publisher.content.facts import Facts, Plain, Unreadable, pack
from publisher.content.frontmatter import MAX_FILE
from publisher.content.walk import Stat

MANY = 400  # files from which a second process pays
TRIES = 6
FRESH_NS = 2_000_000_000  # files younger than this may still be in somebody's editor
MAX_KEPT = 16_000_000  # bytes of fresh files held back, so that title and text stay one version
STEP = 250  # files taken at a time, and between two reports of progress
TICKET = 4  # bytes of a chunk's number; a pipe holds 64 KiB, so four million files

Progress = Callable[[int, int], None]
Row = tuple[Stat, Plain]


@dataclass(slots=True)
class Read:
    """What reading brought: rows for the cache, and fresh files as they were."""

    rows: dict[str, Row] = field(default_factory=dict)
    fresh: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    def keep(self, path: str, stat: Stat, data: bytes, now_ns: int) -> None:
        if now_ns - stat[1] < FRESH_NS and self.size + len(data) <= MAX_KEPT:
            self.fresh[path] = data
            self.size += len(data)


def read_whole(path: str) -> tuple[bytes, Stat]:
    """Return a file's bytes and the state they belong to.

    Raises OSError, also when the file does not hold still (errno EAGAIN is not used: the message
    says so).
    """
    for attempt in range(TRIES):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            before = os.fstat(handle)
            data = os.read(handle, min(before.st_size, MAX_FILE) + 1)
            while 0 < len(data) < min(before.st_size, MAX_FILE):
                more = os.read(handle, MAX_FILE)
                if not more:
                    break
                data += more
            after = os.fstat(handle)
        finally:
            os.close(handle)
        stat = (after.st_size, after.st_mtime_ns, after.st_ctime_ns)
        is_still = (before.st_size, before.st_mtime_ns, before.st_ctime_ns) == stat
        is_whole = len(data) == stat[0] or stat[0] > MAX_FILE
        # An empty file of this very moment is one that an editor has emptied to write it anew.
        is_emptied = not data and time.time_ns() - stat[1] < FRESH_NS and attempt < TRIES - 1
        if is_still and is_whole and not is_emptied:
            return data, stat
        time.sleep(0.003)
    raise OSError(0, "it changed while it was being read; run again when it is saved")


def read_files(
    root: str,
    paths: Sequence[str],
    languages: Sequence[str],
    zone: ZoneInfo,
    known: dict[str, Row],
    on_progress: Progress | None = None,
) -> Read:
    """Read and parse files under root; `known` are rows whose file may still hold the same."""
    if len(paths) >= MANY and _may_fork():
        return _read_in_two(root, paths, languages, zone, known, on_progress)
    result = Read()
    for at in range(0, len(paths), STEP):
        _read_all(root, paths[at : at + STEP], languages, zone, known, result)
        if on_progress:
            on_progress(min(at + STEP, len(paths)), len(paths))
    return result


def _read_all(
    root: str,
    paths: Sequence[str],
    languages: Sequence[str],
    zone: ZoneInfo,
    known: dict[str, Row],
    result: Read,
) -> None:
    """Read and parse these files into result."""
    import hashlib

    from publisher.content.parse import parse  # not needed when nothing changed

    now_ns = time.time_ns()
    for path in paths:
        try:
            data, stat = read_whole(f"{root}/{path}")
        except OSError as error:
            why = f"the file cannot be read: {error.strerror or error}"
            facts: Facts | Unreadable = Unreadable(path, "", ((0, why, "", True),))
            result.rows[path] = ((-1, -1, -1), pack(facts))
            continue
        old = known.get(path)
        plain = None
        if old and old[0][0] == stat[0]:
            digest = hashlib.sha256(data, usedforsecurity=False).hexdigest()[:32]
            if _hash_of(old[1]) == digest:
                plain = old[1]
        if plain is None:
            plain = pack(parse(path, data, languages, zone))
        result.keep(path, stat, data, now_ns)
        # A file written in the same tick as it was read could change again unseen: look next time.
        result.rows[path] = (stat if now_ns - stat[1] > 50_000_000 else (stat[0], -1, -1), plain)


def _read_in_two(
    root: str,
    paths: Sequence[str],
    languages: Sequence[str],
    zone: ZoneInfo,
    known: dict[str, Row],
    on_progress: Progress | None,
) -> Read:
    """Share the files with a child process, chunk by chunk, so that both end together.

    A pipe holds the number of each chunk; whoever is free takes the next one out of it. Whatever
    a child that failed had taken is read here afterwards.
    """
    chunks = [paths[at : at + STEP] for at in range(0, len(paths), STEP)]
    tickets, desk = os.pipe()
    os.write(desk, b"".join(number.to_bytes(TICKET, "big") for number in range(len(chunks))))
    os.close(desk)
    receiver, sender = os.pipe()
    result = Read()

    def read_chunks(tell: Progress | None) -> None:
        while ticket := os.read(tickets, TICKET):
            number = int.from_bytes(ticket, "big")
            _read_all(root, chunks[number], languages, zone, known, result)
            if tell:
                tell(min((number + 1) * STEP, len(paths)), len(paths))

    child = os.fork()
    if child == 0:
        os.close(receiver)
        _serve(sender, result, read_chunks)
    os.close(sender)
    try:
        read_chunks(on_progress)
        with os.fdopen(receiver, "rb") as pipe:
            answer = pipe.read()
    finally:
        os.close(tickets)
        os.waitpid(child, 0)
    try:
        parts = marshal.loads(answer)  # noqa: S302, from our own child
        rows, fresh = cast("tuple[dict[str, Row], dict[str, bytes]]", parts)
        result.rows.update(rows)
        result.fresh.update(fresh)
    except (ValueError, EOFError, TypeError):
        left = [path for path in paths if path not in result.rows]
        _read_all(root, left, languages, zone, known, result)
    if on_progress:
        on_progress(len(paths), len(paths))
    return result


def _serve(sender: int, result: Read, read_chunks: Callable[[None], None]) -> None:
    """Read files in the child process, hand them over and end without any clearing up."""
    code = 1
    try:
        read_chunks(None)
        answer = marshal.dumps((result.rows, result.fresh))
        with os.fdopen(sender, "wb") as pipe:
            pipe.write(answer)
        code = 0
    finally:
        os._exit(code)


def _may_fork() -> bool:
    return hasattr(os, "fork") and threading.active_count() == 1 and (os.cpu_count() or 1) > 1


def _hash_of(plain: Plain) -> str:
    return cast("str", plain[4] if len(plain) > len(Unreadable._fields) else plain[1])
