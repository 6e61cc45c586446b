"""Read a list of people from a CSV file as other programs write it, row by row.

The whole file is looked through once before the first row is given, so that a wrong encoding is
found before anything was imported; nothing but one row is ever in memory.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator
from io import TextIOWrapper
from typing import IO, NamedTuple

from publisher.errors import Problem, PublisherError, one_line
from publisher.subscribers import encodings
from publisher.subscribers.columns import Columns, NoAddress, guess_separator, read_header
from publisher.subscribers.formulas import unescape
from publisher.subscribers.sources import NOT_READABLE, Source, readable

_CHUNK = 1 << 20  # bytes
_LONGEST_HEADER = 1 << 20  # characters
_LONGEST_TIME = 40  # characters
_SEPARATOR = re.compile(r'sep=([^"\w\s]|\t)[ \r\n]*', re.ASCII | re.IGNORECASE)
_OTHER_FILES = (
    (b"PK\x03\x04", "a spreadsheet or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"\x1f\x8b", "a compressed file"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a database"),
)


class Row(NamedTuple):  # made a million times, in a third of a dataclass's time
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
    kinds: str = ""
    lists: str = ""  # names of the other product's lists they are on
    attributes: str = ""  # JSON
    paused_until: str = ""
    proof: str = ""  # when they agreed or left, as the list says it
    refusal: str = ""


class NoPeople(PublisherError):
    """A file of rows without an address."""


class CsvFile:
    """A list of people; raises PublisherError at once when it cannot be one."""

    def __init__(self, source: Source, encoding: str = "", languages: Iterable[str] = ()) -> None:
        """Look a file through.

        encoding   its name, where somebody knows; else its mark counts, then UTF-8, then a guess
        languages  of the site, for that guess
        """
        self.source = source
        self.name, self.size = source.name, source.size  # size in bytes
        self.example = ""  # a word that shows whether the encoding was guessed right
        self._languages = tuple(languages)
        self._has_nul = False
        try:
            with readable(self.name):
                self._encoding = self._find_encoding(encoding)
                self._first, self._separator, self.columns = self._read_header()
        except OSError as error:
            raise PublisherError(f"{self.name} cannot be read: {error.strerror}") from error

    @property
    def encoding(self) -> str:
        """The encoding's name as people know it."""
        return encodings.spelled(self._encoding)

    def rows(self, on_progress: Callable[[int], None] | None = None) -> Iterator[Row]:
        """Walk through the rows; what cannot be read is a row with its refusal.

        on_progress  is called now and then with the bytes read so far

        Raises PublisherError when the file is no longer the one that was looked through.
        """
        try:
            yield from self._rows(on_progress)
        except (UnicodeDecodeError, csv.Error, *NOT_READABLE) as error:
            raise self._changed() from error

    def _rows(self, on_progress: Callable[[int], None] | None) -> Iterator[Row]:
        with self._open() as raw, TextIOWrapper(raw, self._encoding, newline="") as file:
            for _ in range(self._first):
                file.readline()
            reader = csv.reader(file, delimiter=self._separator, strict=True)
            next(reader)
            read = _row_reader(self.columns, self._has_nul, self.source.audience)
            count = 0
            while True:
                line = self._first + reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    break
                except csv.Error as error:
                    last = self._first + reader.line_num
                    yield Row(line, refusal=_csv_refusal(error, line, last))
                    continue
                if any(cells):
                    yield read(line, cells)
                count += 1
                if on_progress and count % 1000 == 0:
                    on_progress(raw.tell())
            if raw.tell() != self.size:
                raise self._changed()
        if on_progress:
            on_progress(self.size)

    def _open(self) -> IO[bytes]:
        return self.source.open()

    def _find_encoding(self, wanted: str) -> str:
        with self._open() as file:
            head = file.read(16)
        for mark, what in _OTHER_FILES:
            if head.startswith(mark):
                raise self._error(0, f"this is {what}", "save it as CSV (UTF-8) first")
        if not head.removeprefix(codecs.BOM_UTF8).strip() or head in encodings.MARKS:
            raise self._error(0, "the file is empty", "export the list again")
        encoding = encodings.named(wanted) if wanted else encodings.marked(head)
        try:
            self._look_through(encoding)
        except PublisherError:
            if wanted or encoding != encodings.UTF8:
                raise
            guessed = self._guess()
            if not guessed:
                raise
            encoding = guessed
            self._look_through(encoding)
        return encoding

    def _guess(self) -> str:
        """Return what the file is likely to be in when it is not UTF-8, "" when that is unclear."""
        with self._open() as file:
            words = encodings.foreign_words(iter(lambda: file.read(_CHUNK), b""))
        found = encodings.guess(words, self._languages)
        if found:
            self.example = max(words[:1000], key=len).decode(found)[:40]
        return found

    def _look_through(self, encoding: str) -> None:
        """Raise PublisherError with the line at which a file is not in an encoding."""
        with self._open() as file:
            decoder, line = codecs.getincrementaldecoder(encoding)(), 1
            while chunk := file.read(_CHUNK):
                text = self._decode(decoder, chunk, line, encoding)
                line += text.count("\n")
                self._has_nul = self._has_nul or "\0" in text
            self._decode(decoder, b"", line, encoding, is_last=True)

    def _decode(
        self,
        decoder: codecs.IncrementalDecoder,
        chunk: bytes,
        line: int,
        encoding: str,
        is_last: bool = False,
    ) -> str:
        try:
            return decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            is_wide = encoding.startswith("utf-16")
            line += (
                before.decode("utf-16-le", "ignore").count("\n") if is_wide else before.count(b"\n")
            )
            if is_last:
                hint = "export it again, or name its encoding, for instance --encoding windows-1256"
                raise self._error(
                    line,
                    "the file ends in the middle of a letter, as one that was cut off does",
                    hint,
                ) from None
            bad = " ".join(f"{byte:02X}" for byte in error.object[error.start : error.end][:4])
            name = encodings.spelled(encoding).upper()
            what = f"{name}, though its first bytes say so" if encoding == encodings.UTF16 else name
            raise self._error(
                line,
                f"the text is not {what} (byte {bad})",
                'save it as "CSV UTF-8", or name its encoding, for instance --encoding windows-1256',
            ) from None

    def _read_header(self) -> tuple[int, str, Columns]:
        """Return the number of lines before the header, the separator and the columns."""
        with self._open() as raw, TextIOWrapper(raw, self._encoding, newline="") as file:
            first = file.readline(_LONGEST_HEADER)
            if "\0" in first:
                hint = 'save it as "CSV UTF-8" and try again'
                raise self._error(1, "the header holds NUL", hint)
            # Excel's own way to say it: a line "sep=;" above the header.
            said = _SEPARATOR.fullmatch(first)
            separator = said[1] if said else guess_separator(first)
            lines = [] if said else [first]
            try:
                cells = next(
                    csv.reader(_chained(lines, file), delimiter=separator, strict=True), []
                )
                return 1 - len(lines), separator, read_header(cells)
            except (csv.Error, ValueError, TypeError) as error:
                hint = "the first line must name the columns, for instance: email,name,language"
                line = 2 - len(lines)
                if isinstance(error, NoAddress):
                    raise NoPeople(self._problem(line, str(error), hint)) from None
                raise self._error(line, str(error), hint) from None

    def _changed(self) -> PublisherError:
        return PublisherError(
            f"{self.name} changed while it was read",
            hint="run this again when nobody writes to it; who is in already stays as they are",
        )

    def _error(self, line: int, message: str, hint: str) -> PublisherError:
        return PublisherError(self._problem(line, message, hint))

    def _problem(self, line: int, message: str, hint: str) -> str:
        return str(Problem(self.name, line, message, hint))


def _row_reader(columns: Columns, has_nul: bool, audience: str) -> Callable[[int, list[str]], Row]:
    width = columns.width
    place = columns.place
    email, name, first, last = place("email"), place("name"), place("first"), place("last")
    languages, digests, categories = place("languages"), place("digests"), place("categories")
    time_zone, state, left = place("time_zone"), place("state"), place("left")
    originals, kinds, lists = place("originals"), place("kinds"), place("lists")
    attributes, paused_until, cleaned = place("attributes"), place("paused_until"), place("cleaned")

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
            cells[state]
            or ("cleaned" if cells[cleaned] else "")
            or ("unsubscribed" if cells[left] else audience),
            cells[originals],
            cells[kinds],
            unescape(cells[lists]),
            cells[attributes],
            cells[paused_until],
            _proof(columns.proofs, cells) if columns.proofs else "",
        )

    return read


def _proof(columns: Iterable[tuple[str, int]], cells: list[str]) -> str:
    """Return the times of a row with their names; what is no time is not kept."""
    return ", ".join(
        f"{name} {text}" for name, at in columns if (text := cells[at].strip()) and _is_time(text)
    )


def _is_time(text: str) -> bool:
    return (
        text.isascii() and text[:1].isdigit() and text.isprintable() and len(text) <= _LONGEST_TIME
    )


def _chained(lines: Iterable[str], more: Iterable[str]) -> Iterator[str]:
    yield from lines
    yield from more


def _csv_refusal(error: csv.Error, first: int, last: int) -> str:
    if "field larger" in str(error) or "unexpected end" in str(error):
        what = "a quote that opens here is never closed"
    else:
        what = f"the quotes are wrong ({one_line(str(error))})"
    return what if first == last else f"{what}, so lines {first} to {last} were not read"
