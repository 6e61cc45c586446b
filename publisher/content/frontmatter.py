"""Split a file into front matter and text, and read the front matter with the line of every key.

Most front matter is `key: text`, quoted text, simple lists and keys below a key. `read_plain` reads exactly that,
at half the cost of YAML, and gives up at the first thing that could mean anything else; `yaml_reader`
and `toml_reader` then read it in full. What both can read they read alike (a property test says so).
"""

import re
from functools import lru_cache
from typing import NamedTuple


class Node(NamedTuple):
    """A value and the line it stands on."""

    line: int
    value: "str | list[Node] | dict[str, Node]"


Fields = dict[str, Node]


class FrontMatterError(ValueError):
    """The front matter cannot be read: where, what is wrong, what to do."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.line, self.message, self.hint = line, message, hint


class Split(NamedTuple):
    """A file in its parts; the body is cut out only for who asks: reading ten thousand needs none."""

    fence: str  # "---" or "+++"; "" where a file may do without front matter
    front: str
    text: str  # the whole file
    body_at: int  # where the body begins in it

    @property
    def body(self) -> str:
        return self.text[self.body_at :]

    @property
    def body_line(self) -> int:
        """The file's line that the body's first line is."""
        return self.front.count("\n") + 3 if self.fence else 1


MAX_FILE = 8_000_000  # bytes
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_PART = re.compile(r"( +)([A-Za-z][A-Za-z0-9_-]{0,99}):(?: +(.*))?")  # a key below a key
_ENTRY = re.compile(r"( *)- +(.*)")
# Anything but printable text in lines: YAML has its own idea of these, so the full reader decides.
_ODD = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_FLOW_WORD = re.compile(r"[^\W_][\w ./()+-]*")


def decode(data: bytes) -> str:
    """Return a file's text with plain line ends, without byte order mark.

    Raises FrontMatterError when it is too large or, naming line and byte offset, not UTF-8.
    """
    if len(data) > MAX_FILE:
        raise FrontMatterError(0, f"the file is larger than {MAX_FILE:,} bytes", "shorten it")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        raise FrontMatterError(
            before.count(b"\n") + 1,
            f"the file is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            "save it as UTF-8",
        ) from None
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def split(text: str) -> Split:
    """Part a file at its fences.

    Raises FrontMatterError when there is no front matter or it does not end.
    """
    fence = text[:3]
    start = text.find("\n") + 1
    if fence not in ("---", "+++") or not start or text[3 : start - 1].strip():
        raise FrontMatterError(
            1,
            "the file has no front matter",
            'begin it with "---", title and date, and "---", or leave it out with [content] exclude',
        )
    at = start - 1
    while True:
        at = text.find("\n" + fence, at)
        if at < 0:
            raise FrontMatterError(
                1, f'the front matter has no end; a line "{fence}" is missing', "add it"
            )
        end = text.find("\n", at + 1)
        end = len(text) if end < 0 else end
        if not text[at + 4 : end].strip():
            break
        at += 1
    front = text[start : at + 1]
    return Split(fence, front, text, end + 1)


def read_front(parts: Split) -> Fields:
    """Read front matter into its keys, in order, each with its line in the file.

    Raises FrontMatterError.
    """
    if parts.fence == "+++":
        from publisher.content.toml_reader import read_toml

        return read_toml(parts.front)
    fields = read_plain(parts.front)
    if fields is None:
        from publisher.content.yaml_reader import read_yaml

        fields = read_yaml(parts.front)
    return fields


def read_plain(front: str) -> Fields | None:
    """Read the simplest YAML; None when it is anything else, or could be."""
    # Printable text holds nothing odd, and is known for such in a fifth of the search's time.
    if not front.replace("\n", "").isprintable() and _ODD.search(front):
        return None
    fields: Fields = {}
    # The list or the keys that may stand below the last key, and how far they are indented.
    open_key, indent = "", -1
    entries: list[Node] | None = None
    parts: Fields | None = None
    for line, text in enumerate(front.split("\n"), 2):
        key, colon, written = text.partition(":")
        if colon and written[:1] in ("", " ") and _is_key(key):
            if key in fields or (value := _value(written, line)) is None:
                return None
            fields[key] = Node(line, value)
            open_key, indent, entries, parts = key if value == "" else "", -1, None, None
            continue
        below = _ENTRY.fullmatch(text) if open_key and parts is None else None
        if below:
            value = _scalar(below[2].rstrip(" "))
            if value is None or (entries is not None and len(below[1]) != indent):
                return None
            if entries is None:
                entries, indent = [], len(below[1])
                fields[open_key] = Node(fields[open_key].line, entries)
            entries.append(Node(line, value))
            continue
        part = _PART.fullmatch(text) if open_key and entries is None else None
        if part:
            value = _value(part[3], line)
            if value is None or (parts is not None and len(part[1]) != indent):
                return None
            if parts is None:
                parts, indent = {}, len(part[1])
                fields[open_key] = Node(fields[open_key].line, parts)
            if part[2] in parts:
                return None
            parts[part[2]] = Node(line, value)
        elif text and text[0] != "#":
            return None
    return fields


@lru_cache(
    maxsize=1024
)  # files of one site share their keys; an expression takes ten times as long
def _is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def _value(written: str | None, line: int) -> "str | list[Node] | None":
    """Return what stands behind a key, None when it is not simple."""
    text = written.strip(" ") if written else ""
    if not text:
        return ""
    if text[0] == "[":
        words = _flow(text)
        return None if words is None else [Node(line, word) for word in words]
    return _scalar(text)


def _scalar(text: str) -> str | None:
    if not text:
        return None
    first = text[0]
    if first.isalnum() or first == "/":
        if ":" in text and (": " in text or text[-1] == ":"):
            return None
        return None if " #" in text else text
    if first in "\"'" and len(text) > 1 and text[-1] == first:
        inner = text[1:-1]
        return None if first in inner or "\\" in inner else inner
    return None


@lru_cache(maxsize=1024)  # lists of categories come again and again
def _flow(text: str) -> tuple[str, ...] | None:
    if text[-1] != "]":
        return None
    inner = text[1:-1].strip(" ")
    words = []
    for word in inner.split(",") if inner else ():
        word = word.strip(" ")
        if not word or (word[0] not in "\"'" and not _FLOW_WORD.fullmatch(word)):
            return None
        read = _scalar(word)
        if read is None:
            return None
        words.append(read)
    return tuple(words)
