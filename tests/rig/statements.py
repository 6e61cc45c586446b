"""Compile each statement once for all databases of a kind that tests open.

An engine compiles a statement when it first meets it and remembers the words. Programs open one
engine; nearly every test here opens one of its own, and would compile the same statements anew,
which takes a quarter of the time of a test on SQLite.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

_MOST = 4000  # statements; the program has some hundreds


class _Compiled(LRUCache[Any, Any]):
    """What SQLAlchemy remembers, for all engines of a kind of database instead of for one.

    The first part of its keys is the engine's dialect: two of one name write the same words.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_a_kind(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_of_a_kind(key), value)


def _of_a_kind(key: Any) -> tuple[Any, ...]:
    dialect, *rest = key
    return (dialect.name, *rest)


def share() -> None:
    """Let all engines of this process that connect from now on share what they compile."""
    compiled = _Compiled(_MOST)

    @event.listens_for(Engine, "engine_connect")
    def take_part(conn: Connection) -> None:
        conn.execution_options(compiled_cache=compiled)
