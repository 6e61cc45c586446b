"""Three weeks of a real site's life, and what each of forty readers got of it.

The whole year runs by `make replay`; its figures stand in docs/explanation/a-replayed-year.md.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.replay import Outcome, replay
from bench.replay_site import plan_year

# Translations before and after the original, a change of clocks, an archive that is moved in.
BEGAN = datetime(2025, 10, 8, tzinfo=UTC)
SPAN = timedelta(days=20)
REAL = os.environ.get("PUBLISHER_REAL", "")

pytestmark = pytest.mark.skipif(not REAL, reason="PUBLISHER_REAL names no folder of real sites")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> Outcome:
    source = Path(REAL) / "opentelemetry/content"
    plan = plan_year(source, BEGAN, BEGAN + SPAN, readers=40)
    return replay(tmp_path_factory.mktemp("replay") / "site", plan)


def test_nothing_comes_twice(outcome):
    assert outcome.twice == []


def test_nothing_is_lost(outcome):
    assert outcome.lost == []


def test_nothing_comes_that_nobody_owed(outcome):
    assert outcome.unasked == []


def test_the_span_holds_what_makes_it_hard(outcome):
    assert outcome.readers == 40
    assert outcome.changes > 10
    assert outcome.touches > 5
    assert min(outcome.letters[name] for name in ("weekly", "daily", "each")) > 50
    assert min(outcome.tally.waited, outcome.tally.next_language, outcome.tally.fallback) > 20
