"""Render half of the feeds in a second process, when all of them have to be rendered.

Languages share no item, so the feeds are parted by language. The child is a fork: it has the
library already, writes nothing to the disk and hands its bytes over. Whatever goes wrong with it,
the parent does its part as if it had never been asked.
"""

import os
import pickle
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from publisher.feeds.plan import Feed

FEWEST = 12  # feeds below which a second process costs more than it saves

_Result = TypeVar("_Result")


def part(feeds: Sequence[Feed]) -> list[Feed]:
    """Return about half of the feeds, whole languages only; none when that cannot be."""
    if len(feeds) < FEWEST or not _may_fork():
        return []
    sizes: dict[str, int] = {}
    for feed in feeds:
        if feed.language:
            sizes[feed.language] = sizes.get(feed.language, 0) + len(feed.items)
    chosen: set[str] = set()
    half, taken = sum(sizes.values()) / 2, 0
    for language in sorted(sizes, key=lambda tag: (-sizes[tag], tag)):
        if taken + sizes[language] <= half * 1.2:
            chosen.add(language)
            taken += sizes[language]
    return [feed for feed in feeds if feed.language in chosen]


def apart(work: Callable[[], _Result]) -> Callable[[], _Result | None]:
    """Start work in a second process; return what waits for its result (None: it failed)."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiver)
        _serve(sender, work)
    os.close(sender)

    def wait() -> _Result | None:
        with os.fdopen(receiver, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        if status:
            return None
        result: _Result = pickle.loads(answer)  # noqa: S301, from our own child
        return result

    return wait


def _serve(sender: int, work: Callable[[], _Result]) -> None:
    """Do the work, hand it over and end without any clearing up."""
    code = 1
    with suppress(BaseException):
        answer = pickle.dumps(work(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(sender, "wb") as pipe:
            pipe.write(answer)
        code = 0
    os._exit(code)


def _may_fork() -> bool:
    return hasattr(os, "fork") and threading.active_count() == 1 and (os.cpu_count() or 1) > 1
