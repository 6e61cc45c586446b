"""Which line of which template wrote a given character: asked only when MJML was refused."""

from collections.abc import Mapping
from types import FrameType, GeneratorType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


def writer_of(template: "Template", values: Mapping[str, object], offset: int) -> tuple[str, int]:
    """Render again and return the name and line of what wrote the character at an offset.

    Jinja's compiled template is a generator of pieces; after each piece its frames, one for every
    include, stand at the line that wrote it.
    """
    stream = template.root_render_func(template.new_context(dict(values)))
    written, place = 0, (template.name or "", 0)
    if not isinstance(stream, GeneratorType):
        return place
    for piece in stream:
        place = _place(stream, template, piece, offset - written)
        written += len(piece)
        if written > offset:
            break
    stream.close()
    return place


def _place(
    stream: "GeneratorType[Any, Any, Any]", template: "Template", piece: str, within: int
) -> tuple[str, int]:
    frame: FrameType | None = stream.gi_frame
    inner: Any = stream
    while (inner := _next(inner)) is not None and inner.gi_frame is not None:
        frame = inner.gi_frame
    if frame is None:
        return (template.name or "", 0)
    name = str(frame.f_globals.get("name") or template.name or "")
    loaded = template.environment.get_template(name) if name != template.name else template
    line = loaded.get_corresponding_lineno(frame.f_lineno)
    return name, _exact(loaded, piece, line) + piece[: max(within, 0)].count("\n")


def _exact(template: "Template", piece: str, line: int) -> int:
    """Return the line a piece begins at; Jinja only knows the last expression or tag before it."""
    loader = template.environment.loader
    if loader is None or template.name is None:
        return line
    source = loader.get_source(template.environment, template.name)[0]
    start = len("".join(source.splitlines(keepends=True)[: line - 1]))
    found = source.find(piece, start)
    return source.count("\n", 0, found) + 1 if found >= 0 else line


def _next(stream: "GeneratorType[Any, Any, Any]") -> "GeneratorType[Any, Any, Any] | None":
    """Return the generator that this one is handing through: a block's or an include's."""
    if isinstance(stream.gi_yieldfrom, GeneratorType):
        return stream.gi_yieldfrom
    if stream.gi_frame is None:
        return None
    found = stream.gi_frame.f_locals.get("gen")
    return found if isinstance(found, GeneratorType) and found.gi_frame is not None else None
