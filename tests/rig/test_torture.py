"""Each figure of the delivery promise at a size that a test suite can bear; see `make torture`."""

from collections.abc import Callable, Iterator

import pytest

from .ground import POSTGRES
from .postgres import Postgres
from .report import as_text
from .torture import SCENARIOS, one_server, play

CASES = [(name, kind) for name, (_, kinds) in SCENARIOS.items() for kind in kinds]
ONCE = [case for case in CASES if case[1] != POSTGRES or len(SCENARIOS[case[0]][1]) == 1]
TWICE = [("D1", POSTGRES), ("D15", POSTGRES)]  # where the database decides


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[], Postgres]]:
    with one_server() as start:
        yield start


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), [*ONCE, *TWICE])
def test_the_promise_holds(name, kind, server):
    result = play(name, kind, server, is_full=False)
    assert result.is_good, "\n" + as_text([result])
