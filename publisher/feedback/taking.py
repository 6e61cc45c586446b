"""Take messages that came back: one from a mail alias, or all of a Maildir that concern us.

Mail that does not concern us stays as and where it is. What was taken moves to `cur`, marked as seen
and passed on, so that a mail reader shows what is left; the database remembers it as well.
Source: https://cr.yp.to/proto/maildir.html
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from publisher.errors import PublisherError
from publisher.feedback.apply import Effect, Taken, apply
from publisher.feedback.mime import MOST_BYTES
from publisher.feedback.reading import read_report
from publisher.ops import log
from publisher.tokens import Keys

_TAKEN = ":2,PS"  # passed on, seen
_log = log.get("feedback")


@dataclass(slots=True)
class Tally:
    """What became of several messages."""

    left: int = 0  # no reports
    unread: int = 0  # files that could not be read
    taken: list[Taken] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many reports had which effect."""
        return dict(Counter(one.effect.value for one in self.taken))


def take_message(engine: Engine, keys: Keys, data: bytes, now: datetime) -> Taken | None:
    """Let a message take effect; None when it is no report, and nothing was done."""
    report = read_report(data)
    return None if report is None else apply(engine, keys, report, now)


def take_folder(
    engine: Engine, keys: Keys, folder: Path, now: datetime, left: set[str] | None = None
) -> Tally:
    """Let every report in a Maildir take effect.

    left  names of messages that were looked at before and are not for us; grows

    Raises PublisherError when the folder is no Maildir.
    """
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise PublisherError(
            f"{folder} is no Maildir: it has no new/ and cur/",
            hint="let the mail server deliver there once, or name another folder",
        )
    tally, passed = Tally(), left if left is not None else set()
    for path in _untaken(folder, passed):
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES)
        except FileNotFoundError:
            continue  # a mail reader moved it; it is found there the next time
        except OSError as error:
            _say("message not read", path, error)
            tally.unread += 1
            passed.add(_bare(path))
            continue
        taken = take_message(engine, keys, data, now)
        if taken is None:
            tally.left += 1
        else:
            tally.taken.append(taken)
        if taken is None or taken.effect is Effect.UNPROVED:
            passed.add(_bare(path))
        else:
            _put_away(path, folder)
    return tally


def _put_away(path: Path, folder: Path) -> None:
    try:
        path.rename(folder / "cur" / f"{_bare(path)}{_TAKEN}")
    except FileNotFoundError:
        pass  # somebody else did, who looks through the folder at the same time
    except OSError as error:
        _say("message taken, but not moved", path, error)


def _say(what: str, path: Path, error: OSError) -> None:
    _log.error(what, file=path.name, reason=error.strerror or str(error))


def _untaken(folder: Path, passed: set[str]) -> Iterator[Path]:
    """Yield the messages that nobody took, oldest name first."""
    for part in ("new", "cur"):
        for path in sorted((folder / part).iterdir()):
            flags = path.name.rpartition(":2,")[2] if ":2," in path.name else ""
            known = "P" in flags or _bare(path) in passed or path.name.startswith(".")
            if not known and path.is_file():
                yield path


def _bare(path: Path) -> str:
    """Return the name of a message, which stays while its flags change."""
    return path.name.partition(":")[0]
