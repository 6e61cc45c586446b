"""Items, read from the files editors write.

`scan` and `tree` walk `content/` without reading anything; `open_library` gives every item, checked, with
what translations share filled in, and every problem of every file. Texts become HTML only when
somebody asks for a `body`. Knows files and settings; no database, no clock.
"""

from typing import TYPE_CHECKING, Any

from publisher.content.library import Library, open_library
from publisher.content.walk import Scan, scan, tree

if TYPE_CHECKING:
    from publisher.content.draft import draft_item
    from publisher.content.schema import schema

__all__ = ["Library", "Scan", "draft_item", "open_library", "scan", "schema", "tree"]


def __getattr__(name: str) -> Any:
    # Only editors' commands need these two; a build starts faster without them.
    if name == "schema":
        from publisher.content.schema import schema

        # The import has just given this package a module of the same name.
        globals()[name] = schema
        return schema
    if name == "draft_item":
        from publisher.content.draft import draft_item

        return draft_item
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
