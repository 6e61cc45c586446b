"""Broken content: editors are told of a file once, and again when it changed and still is broken.

So they are of a build that was refused because too much was missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select

from publisher.editors.mail import MOST_LINES, Post
from publisher.editors.notices import Draft
from publisher.store import insert_into
from publisher.store.tables import broken_files, notices

if TYPE_CHECKING:
    from publisher.content import Library
    from publisher.errors import Problem

_BUILD = "publisher build"  # what stands among the broken files for a build that was refused
_QUIET_SECONDS = 5.0  # after which a file is taken to be whole
_LOOKED_AT = 1_000_000  # bytes of a file; what an editor writes is shorter


@dataclass(frozen=True, slots=True)
class Told:
    """The files that editors know to be broken, with a hash of what each held, and by which mail."""

    files: Mapping[str, str]
    last: int  # the newest mail about broken files; 0: none yet


def broken_now(
    library: "Library", told: Told, missing: Sequence[str] | None = ()
) -> Mapping[str, str]:
    """Return the files that cannot be published as they are, and a hash of what each holds.

    missing   of the published items, because of which the last build was refused; None: who asks
              has built nothing, so what is told of a build holds on
    """
    root = library.settings.root
    paths = {problem.path for problem in library.problems if problem.is_error}
    found = {path: _hash_of(root / path) for path in sorted(paths)}
    refused = told.files.get(_BUILD) if missing is None else _hash(missing) if missing else None
    return found | ({_BUILD: refused} if refused else {})


def is_being_written(library: "Library", broken: Mapping[str, str], now: datetime) -> bool:
    """Return whether a file among the broken ones changed just now: it may be half a file."""
    for path in broken:
        try:
            changed_at = (library.settings.root / path).stat().st_mtime
        except OSError:
            continue
        if 0 <= now.timestamp() - changed_at < _QUIET_SECONDS:
            return True
    return False


def told_of(conn: Connection) -> Told:
    """Return what editors know already."""
    files = {row.path: row.content_hash for row in conn.execute(select(broken_files))}
    last = select(func.max(notices.c.id)).where(notices.c.purpose.startswith("content:"))
    return Told(files, conn.scalar(last) or 0)


def remember(conn: Connection, broken: Mapping[str, str], now: datetime) -> None:
    """Note that editors are told of these files, and of no others."""
    conn.execute(delete(broken_files).where(broken_files.c.path.not_in(list(broken))))
    for path, content_hash in broken.items():
        said = {"content_hash": content_hash, "told_at": int(now.timestamp())}
        row = insert_into(conn, broken_files).values(path=path, **said)
        changed = broken_files.c.content_hash != content_hash
        conn.execute(row.on_conflict_do_update(index_elements=["path"], set_=said, where=changed))


def broken_mails(
    post: Post,
    library: "Library",
    broken: Mapping[str, str],
    told: Told,
    now: datetime,
) -> Sequence[Draft]:
    """Return one mail to each editor about all files that are newly broken; none when none is.

    Raises RenderError, HeaderError.
    """
    new = {path: held for path, held in broken.items() if told.files.get(path) != held}
    new.pop(_BUILD, None)
    if not new:
        return []
    problems = [one for one in library.problems if one.is_error and one.path in new]
    words = post.templates.words(post.language)
    one, many = "%(n)s file cannot be published", "%(n)s files cannot be published"
    subject = words.tn(one, many, len(new))
    body = post.body(
        "broken",
        str(subject),
        ", ".join(list(new)[:3]),
        files=len(new),
        problems=[_said(problem) for problem in problems[:MOST_LINES]],
        more=max(len(problems) - MOST_LINES, 0),
    )
    # A file that was mended may be broken again just as it was, and that is a mail of its own; two
    # processes that find the same at the same time make one.
    named = _hash(f"{path}\0{held}" for path, held in new.items())
    return post.drafts(f"content:{told.last}/{named[:16]}", body, now)


def refused_mails(
    post: Post, missing: Sequence[str] | None, broken: Mapping[str, str], told: Told, now: datetime
) -> Sequence[Draft]:
    """Return one mail to each editor about a build that was refused; none when they know.

    Raises RenderError, HeaderError.
    """
    held = broken.get(_BUILD)
    if not missing or held is None or told.files.get(_BUILD) == held:
        return []
    subject = post.templates.words(post.language).t("The feeds are no longer brought up to date")
    body = post.body(
        "refused",
        str(subject),
        ", ".join(missing[:3]),
        missing=missing[:MOST_LINES],
        more=max(len(missing) - MOST_LINES, 0),
    )
    return post.drafts(f"content:{told.last}/{held[:16]}", body, now)


def _said(problem: "Problem") -> dict[str, str]:
    where = f"{problem.path}:{problem.line}" if problem.line else problem.path
    return {"where": where, "message": problem.message, "hint": problem.hint}


def _hash(words: Iterable[str]) -> str:
    return sha256("\0".join(words).encode()).hexdigest()


def _hash_of(path: Path) -> str:
    """Return a hash of how a file begins and how long it is; of what cannot be read, always one."""
    try:
        with path.open("rb") as file:
            held = file.read(_LOOKED_AT)
        size = path.stat().st_size
    except OSError:
        return ""
    return sha256(b"%d\0%s" % (size, held)).hexdigest()
