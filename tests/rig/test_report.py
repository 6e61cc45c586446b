import pytest

from .accounting import Count
from .report import Result, as_markdown, as_text
from .torture import SCENARIOS, chosen


def test_a_miss_is_shown_in_both_forms_and_a_good_result_is_not_one():
    good = Result("D1", "killed", count=Count(recipients=5000), kills=200, notes=["quick"])
    missed = Result("D3", "stopped")
    missed.want(1 + 1 == 3, "the sum is wrong")
    missed.want(1 + 1 == 2, "the sum is right")
    assert (good.is_good, missed.is_good) == (True, False)
    text, markdown = as_text([good, missed]), as_markdown([good, missed])
    assert "MISSED: the sum is wrong" in text
    assert "the sum is right" not in text
    assert "| D1 | killed | SQLite | 5,000 | 200 | 0 |" in markdown
    assert "- D1, SQLite: quick" in markdown
    assert "- D3, SQLite: **missed**: the sum is wrong" in markdown


def test_scenarios_are_chosen_by_name_and_database():
    assert chosen(["d20"]) == [("D20", "SQLite")]
    assert chosen(["D1@postgresql", "D4"]) == [("D1", "PostgreSQL"), ("D4", "SQLite")]
    assert len(chosen([])) == sum(len(kinds) for _, kinds in SCENARIOS.values())


@pytest.mark.parametrize("word", ["D16", "D4@postgresql", "all"])
def test_a_word_that_names_no_scenario_is_refused(word):
    with pytest.raises(ValueError, match=word):
        chosen([word])
