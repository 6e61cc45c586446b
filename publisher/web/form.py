"""What a form or a query holds: pairs of text, read within limits and never guessed at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from publisher.web.refused import Refused

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_FIELDS = 200
_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Form:
    """Fields in the order in which they came; a name may stand there more than once."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a name."""
        return next((value for key, value in self.fields if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a name."""
        return tuple(value for key, value in self.fields if key == name)


def read_query(query: bytes) -> Form:
    """Return the fields of a query; one that makes no sense is as good as none.

    A query comes with a link that somebody followed: there is nobody who could mend it.
    """
    try:
        return Form(_pairs(query))
    except Refused:
        return Form()


def read_form(content_type: str, body: bytes) -> Form:
    """Return the fields of a form; raises Refused (400, 415) when it cannot be read.

    A part of a multipart form that carries a file is refused: no page of ours takes one.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _URLENCODED:
        return Form(_pairs(body))
    if kind == _MULTIPART:
        return Form(_parts(content_type, body))
    if body:
        raise Refused(415, "a form is urlencoded or multipart")
    return Form()


def _pairs(text: bytes) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(
            text.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:  # not UTF-8, also behind the percent signs, or too many
        raise Refused(400, "a field is not UTF-8, or there are too many") from error
    return tuple(pairs)


def _parts(content_type: str, body: bytes) -> tuple[tuple[str, str], ...]:
    _, options = parse_options_header(content_type)
    collector = _Collector()
    try:
        parser = MultipartParser(options[b"boundary"], collector.callbacks())
        parser.write(body)
        parser.finalize()
        return tuple((name.decode(), value.decode()) for name, value in collector.fields)
    except (FormParserError, KeyError, ValueError) as error:
        raise Refused(400, "this is not a multipart form in UTF-8") from error


class _Collector:
    """Gathers the parts of one multipart form as python-multipart finds them."""

    def __init__(self) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self._name, self._header, self._value = b"", b"", b""
        self._data = bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
        }

    def _begin(self) -> None:
        self._name, self._header, self._value = b"", b"", b""
        self._data = bytearray()
        if len(self.fields) == MOST_FIELDS:
            raise Refused(400, "there are too many fields")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            if b"filename" in options:
                raise Refused(400, "no file is taken here")
            self._name = options.get(b"name", b"")
        self._header, self._value = b"", b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _part_end(self) -> None:
        self.fields.append((self._name, bytes(self._data)))
