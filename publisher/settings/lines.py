"""On which line of a TOML text each key stands; tomllib gives values but no places.

Reads only texts that tomllib has accepted, so it need not judge, only find its way: past strings,
arrays, inline tables and comments.
"""

import re

Path = tuple[str, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(
    r"""[ \t]*(?:"(?P<basic>(?:\\.|[^"\\\n])*)"|'(?P<literal>[^'\n]*)'|(?P<bare>[A-Za-z0-9_-]+))"""
    r"""[ \t]*(?P<dot>\.?)"""
)
_STRING = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\'''', re.DOTALL
)
_PLAIN = re.compile(r"[^,\]}\n#]*")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, counted from 1, of every key and table header; the first one counts."""
    return _Reader(text).lines


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[Path, int] = {}
        self._line, self._counted = 1, 0
        self._read_all()

    def _read_all(self) -> None:
        table: Path = ()
        while not self._ends():
            if self.text.startswith("[", self.at):
                self.at += 2 if self.text.startswith("[[", self.at) else 1
                table = self._key(())
                self.at = self.text.index("]", self.at)
                self.at += 2 if self.text.startswith("]]", self.at) else 1
            else:
                self._pair(table)

    def _ends(self) -> bool:
        self._skip_blank()
        return self.at >= len(self.text)

    def _skip_blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)

    def _key(self, table: Path) -> Path:
        """Read a dotted key and note the line of each of its parts."""
        path, more = table, True
        while more:
            found = _KEY.match(self.text, self.at)
            if not found:
                raise ValueError(f"no key at line {self._line_here()}")
            path += (found["basic"] or found["literal"] or found["bare"] or "",)
            self.lines.setdefault(path, self._line_here())
            self.at, more = found.end(), bool(found["dot"])
        return path

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def _value(self, path: Path) -> None:
        self._skip_blank()
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self._members(path, "]")
        elif opening == "{":
            self._members(path, "}")
        elif found := (_STRING if opening in ('"', "'") else _PLAIN).match(self.text, self.at):
            self.at = found.end()

    def _members(self, path: Path, closing: str) -> None:
        """Walk an array or an inline table; what an array holds is noted by its position."""
        self.at += 1
        position = 0
        while True:
            self._skip_blank()
            here = self.text[self.at : self.at + 1]
            if here in (closing, ""):
                self.at += 1
                return
            if here == ",":
                self.at += 1
            elif closing == "}":
                self._pair(path)
            else:
                self.lines.setdefault((*path, str(position)), self._line_here())
                position += 1
                self._value((*path, str(position - 1)))
