"""Where the rows of a list come from: one file, or the lists in a zip archive as Mailchimp makes it.

Nothing of an archive is ever written to the disk, whatever its names say, and it is refused as a
whole when it is not what an export looks like.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from publisher.errors import PublisherError, one_line

MOST_BYTES = 4 << 30  # of all lists of an archive, unpacked
MOST_RATIO = 100  # unpacked to packed; lists of people come to 3 to 15, bombs to 1000
FREE_BYTES = 10 << 20  # unpacked, that any archive may hold
MOST_DIRECTORY = 4 << 20  # bytes of an archive's table of contents, about 40,000 files
_END = 22 + 65_535  # bytes: the longest end record of a zip archive
_ZIP = b"PK\x03\x04"
_LISTS = (".csv", ".tsv")
NOT_READABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_SPREADSHEETS = ("[content_types].xml", "mimetype")  # they are zip archives too
_AUDIENCE = re.compile(r"(cleaned|unsubscribed|nonsubscribed|subscribed)_(?:\w+_)?export", re.ASCII)
# Who stands in two lists is taken from the one that says less: nobody comes back by an archive.
_STRICTEST_FIRST = ("cleaned", "unsubscribed", "", "subscribed", "nonsubscribed")


@dataclass(frozen=True, slots=True)
class Source:
    """One file of rows."""

    name: str  # for messages: its path, in an archive after that of the archive
    size: int  # bytes
    open: Callable[[], IO[bytes]]

    @property
    def audience(self) -> str:
        """Which of Mailchimp's lists it is by its name, "" for any other file."""
        found = _AUDIENCE.match(PurePosixPath(self.name).name.lower())
        return found[1] if found else ""


def sources(path: Path) -> tuple[Source, ...]:
    """Return a file, or the lists of an archive, the strictest first.

    Raises PublisherError for what is no file that can be read twice, and for an archive that is
    damaged, locked, too large or leads out of its folder; OSError.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise _refused(
            path, "this is no file but a pipe or a device", "save the list to a file first"
        )
    with path.open("rb") as file:
        is_archive = file.read(4) == _ZIP
    if not is_archive:
        return (Source(str(path), path.stat().st_size, lambda: path.open("rb")),)
    with readable(str(path)):
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        _check_members(path, members)
    chosen = [_member_source(path, each) for each in members if _is_list(each)]
    if not chosen:
        raise _refused(path, "there is no CSV file in the archive", "export the list again")
    return tuple(sorted(chosen, key=lambda each: _STRICTEST_FIRST.index(each.audience)))


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Say of what cannot be unpacked in the block that it is damaged."""
    try:
        yield
    except NOT_READABLE as error:
        raise PublisherError(
            f"{name}: this is a spreadsheet or a zip archive that is damaged",
            hint="save a spreadsheet as CSV (UTF-8) first, or download the archive again",
        ) from error


def _check_directory(path: Path) -> None:
    """Refuse a table of contents that would fill the memory before anything is looked at."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _END, 0))
        end = file.read().rpartition(b"PK\x05\x06")[2]
    if int.from_bytes(end[8:12], "little") > MOST_DIRECTORY:
        raise _refused(path, "the archive holds too many files", "pack only the lists of people")


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    hint = "unpack it where it can do no harm, and import the CSV files one by one"
    for each in members:
        name = one_line(each.filename[:80])
        if _leads_out(each):
            raise _refused(path, f'the archive holds "{name}", which leads out of its folder', hint)
        if each.flag_bits & 1:
            raise _refused(path, "the archive is locked by a password", "unpack it first")
    if any(each.filename.lower() in _SPREADSHEETS for each in members):
        raise _refused(path, "this is a spreadsheet", "save it as CSV (UTF-8) first")
    total = sum(each.file_size for each in members if _is_list(each))
    # Against the whole file, so that lists that share their packed bytes count too.
    most = min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * path.stat().st_size))
    if total > most:
        said = f"the archive's lists would unpack to {total:,} bytes, more than {most:,}"
        raise _refused(path, said, hint)


def _leads_out(member: zipfile.ZipInfo) -> bool:
    parts = re.split(r"[/\\]", member.orig_filename)
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    return is_link or ".." in parts or not parts[0] or ":" in parts[0] or "\0" in parts[-1]


def _is_list(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    is_of_system = path.name.startswith(".") or path.parts[:1] == ("__MACOSX",)
    return path.suffix.lower() in _LISTS and not member.is_dir() and not is_of_system


def _member_source(path: Path, member: zipfile.ZipInfo) -> Source:
    def unpack() -> IO[bytes]:
        # The archive closes with the last of the files that were opened from it.
        with zipfile.ZipFile(path) as archive:
            return archive.open(member)

    return Source(f"{path}/{one_line(member.filename)}", member.file_size, unpack)


def _refused(path: Path, what: str, hint: str) -> PublisherError:
    return PublisherError(f"{path}: {what}", hint=hint)
