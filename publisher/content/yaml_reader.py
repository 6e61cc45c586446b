"""YAML front matter, read strictly from libyaml's events.

The usual loaders hide what matters here: they let a second `title:` win in silence, expand an
alias bomb, build Python objects from tags and read `no` as False and `012` as 10. Here every
scalar stays text, and what a front matter has no use for is refused with its line.
"""

from collections.abc import Callable
from typing import Any

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from publisher.content.frontmatter import Fields, FrontMatterError, Node

MAX_DEPTH = 20
MAX_ALIASED = 65_536  # characters that aliases of texts may repeat


def read_yaml(front: str) -> Fields:
    """Read a YAML mapping; raises FrontMatterError with the line in the file."""
    try:
        return _Reader(front).document()
    except ReaderError as error:
        line = front[: error.position].count("\n") + 2
        raise FrontMatterError(
            line, "the front matter holds a character that YAML forbids", "remove it"
        ) from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        why = getattr(error, "problem", None) or "it is not YAML"
        raise FrontMatterError(
            (mark.line if mark else 0) + 2,
            f"the front matter cannot be read: {why}",
            'mind the indentation, and put quotes around a text with ": " in it',
        ) from None


class _Reader:
    def __init__(self, front: str) -> None:
        self.next: Callable[[], Any] = CParser(front).get_event
        self.texts: dict[str, str] = {}
        self.aliased = 0

    def document(self) -> Fields:
        self.next()  # the stream begins
        if isinstance(self.next(), StreamEndEvent):
            return {}
        event = self.next()
        if isinstance(event, ScalarEvent) and not event.value:
            return {}
        if not isinstance(event, MappingStartEvent):
            raise _refused(event, "the front matter is not a list of keys", "write `key: value`")
        fields = self.mapping(event, 1)
        self.next()  # the document ends
        event = self.next()
        if not isinstance(event, StreamEndEvent):
            raise _refused(event, "the front matter holds a second document", "keep one")
        return fields

    def mapping(self, start: Any, depth: int) -> Fields:
        _check(start)
        fields: Fields = {}
        while not isinstance(event := self.next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise _refused(event, "a key is not a word", "write `key: value`")
            _check(event)
            key = event.value
            if key in fields:
                raise _refused(
                    event,
                    f'the key "{key[:80]}" is there twice (first in line {fields[key].line})',
                    "remove one",
                )
            line = _line(event)
            fields[key] = Node(line, self.value(self.next(), depth))
        return fields

    def value(self, event: Any, depth: int) -> "str | list[Node] | dict[str, Node]":
        if isinstance(event, ScalarEvent):
            _check(event)
            text: str = event.value
            if event.anchor:
                self.texts[event.anchor] = text
            return text
        if isinstance(event, AliasEvent):
            return self.alias(event)
        if depth >= MAX_DEPTH:
            raise _refused(
                event, f"the front matter is nested more than {MAX_DEPTH} deep", "flatten it"
            )
        if isinstance(event, MappingStartEvent):
            return self.mapping(event, depth + 1)
        assert isinstance(event, SequenceStartEvent)
        _check(event)
        entries = []
        while not isinstance(event := self.next(), SequenceEndEvent):
            entries.append(Node(_line(event), self.value(event, depth + 1)))
        return entries

    def alias(self, event: Any) -> str:
        text = self.texts.get(event.anchor)
        if text is None:
            raise _refused(
                event, f'the alias "*{event.anchor}" stands for more than one text', "write it out"
            )
        self.aliased += len(text)
        if self.aliased > MAX_ALIASED:
            raise _refused(event, "aliases repeat too much text", "write it out")
        return text


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 2


def _check(event: Any) -> None:
    if event.tag:
        raise _refused(event, f'the tag "{event.tag[:80]}" is not allowed', "remove it")


def _refused(event: Any, message: str, hint: str) -> FrontMatterError:
    return FrontMatterError(_line(event), message, hint)
