"""Read a list of people from a CSV file as other programs write it, row by row.

The whole file is looked through once before the first row is given, so that a wrong encoding is
found before anything was imported; nothing but one row is ever in memory.
"""

import codecs
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from publisher.errors import Problem, PublisherError, one_line
from publisher.subscribers.columns import Columns, guess_separator, read_header

_CHUNK = 1 << 20  # bytes
_LONGEST_HEADER = 1 << 20  # characters
_OTHER_FILES = (
    (b"PK\x03\x04", "a spreadsheet or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"\x1f\x8b", "a compressed file"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a database"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list in its own words, or why it cannot be read."""

    line: int  # where it begins, counted from 1
    email: str = ""
    name: str = ""
    languages: str = ""
    digests: str = ""
    categories: str = ""
    time_zone: str = ""
    state: str = ""
    originals: str = ""
    refusal: str = ""


class CsvFile:
    """A list of people; raises PublisherError at once when it cannot be one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._has_nul = False
        try:
            self.size = path.stat().st_size  # bytes
            self._encoding = self._find_encoding()
            self._separator, self.columns = self._read_header()
        except OSError as error:
            raise PublisherError(f"{path} cannot be read: {error.strerror}") from error

    def rows(self, on_progress: Callable[[int], None] | None = None) -> Iterator[Row]:
        """Walk through the rows; what cannot be read is a row with its refusal.

        on_progress  is called now and then with the bytes read so far
        """
        with self.path.open("rb") as raw, TextIOWrapper(raw, self._encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self._separator, strict=True)
            next(reader)
            read = _row_reader(self.columns, self._has_nul)
            count = 0
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    break
                except csv.Error as error:
                    yield Row(line, refusal=_csv_refusal(error, line, reader.line_num))
                    continue
                if any(cells):
                    yield read(line, cells)
                count += 1
                if on_progress and count % 1000 == 0:
                    on_progress(raw.tell())
        if on_progress:
            on_progress(self.size)

    def _find_encoding(self) -> str:
        with self.path.open("rb") as file:
            head = file.read(16)
            for mark, what in _OTHER_FILES:
                if head.startswith(mark):
                    raise self._error(0, f"this is {what}", "save it as CSV (UTF-8) first")
            if not head.strip():
                raise self._error(0, "the file is empty", "export the list again")
            is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            encoding = "utf-16" if is_utf16 else "utf-8-sig"
            file.seek(0)
            decoder, line = codecs.getincrementaldecoder(encoding)(), 1
            while chunk := file.read(_CHUNK):
                text = self._decode(decoder, chunk, line, is_utf16)
                line += text.count("\n")
                self._has_nul = self._has_nul or "\0" in text
            self._decode(decoder, b"", line, is_utf16, is_last=True)
        return encoding

    def _decode(
        self,
        decoder: codecs.IncrementalDecoder,
        chunk: bytes,
        line: int,
        is_utf16: bool,
        is_last: bool = False,
    ) -> str:
        try:
            return decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            line += (
                before.decode("utf-16-le", "ignore").count("\n")
                if is_utf16
                else before.count(b"\n")
            )
            bad = " ".join(f"{byte:02X}" for byte in error.object[error.start : error.end][:4])
            what = "UTF-16, though its first bytes say so" if is_utf16 else "UTF-8"
            raise self._error(
                line, f"the text is not {what} (byte {bad})", 'save it as "CSV UTF-8" and try again'
            ) from None

    def _read_header(self) -> tuple[str, Columns]:
        with self.path.open(encoding=self._encoding, newline="") as file:
            first = file.readline(_LONGEST_HEADER)
            if "\0" in first:
                raise self._error(1, "the header holds NUL", 'save it as "CSV UTF-8" and try again')
            separator = guess_separator(first)
            file.seek(0)
            try:
                cells = next(csv.reader(file, delimiter=separator, strict=True), [])
                return separator, read_header(cells)
            except (csv.Error, ValueError) as error:
                hint = "the first line must name the columns, for instance: email,name,language"
                raise self._error(1, str(error), hint) from None

    def _error(self, line: int, message: str, hint: str) -> PublisherError:
        return PublisherError(str(Problem(str(self.path), line, message, hint)))


def _row_reader(columns: Columns, has_nul: bool) -> Callable[[int, list[str]], Row]:
    width = columns.width
    place = columns.place
    email, name, first, last = place("email"), place("name"), place("first"), place("last")
    languages, digests, categories = place("languages"), place("digests"), place("categories")
    time_zone, state, left = place("time_zone"), place("state"), place("left")
    originals = place("originals")

    def read(line: int, cells: list[str]) -> Row:
        if len(cells) != width:
            if any(cells[width:]):
                return Row(line, refusal=f"{len(cells)} cells, but the header has {width}")
            cells = cells[:width] + [""] * (width - len(cells))
        if has_nul and any("\0" in cell for cell in cells):
            return Row(line, refusal="the row holds NUL, which no text may")
        cells.append("")  # what a column that is not there, at -1, holds
        full_name = cells[name] or f"{cells[first]} {cells[last]}".strip()
        return Row(
            line,
            unescape(cells[email]),
            unescape(full_name),
            cells[languages],
            unescape(cells[digests]),
            unescape(cells[categories]),
            cells[time_zone],
            cells[state] or ("unsubscribed" if cells[left] else ""),
            cells[originals],
        )

    return read


def escape(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `unescape` gives it back."""
    return f"'{cell}" if _is_risky(cell) else cell


def unescape(cell: str) -> str:
    """Return what a cell said before it was escaped."""
    return cell[1:] if cell[:1] == "'" and _is_risky(cell) else cell


def _is_risky(cell: str) -> bool:
    # One that is escaped already counts too, so that each escaping can be undone.
    return cell.lstrip("'")[:1] in ("=", "+", "-", "@", "\t", "\r")


def _csv_refusal(error: csv.Error, first: int, last: int) -> str:
    if "field larger" in str(error) or "unexpected end" in str(error):
        what = "a quote that opens here is never closed"
    else:
        what = f"the quotes are wrong ({one_line(str(error))})"
    return what if first == last else f"{what}, so lines {first} to {last} were not read"
