"""What readers get when settings change between two editions: nothing twice, nothing lost.

Stories as in `test_eligibility`, parted where publisher.toml changes.
"""

import pytest

from tests.digests.conftest import House
from tests.digests.tale import Tale

WAIT = 'wait_for_translation = "{}"'
LANGUAGES = '["en", "ar", "fr"]'
DAILY, SINGLE = 'every = "day"\nat = "07:00"\n', 'every = "item"\n'


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "expected"),
    [
        pytest.param(
            WAIT.format("3d"),
            WAIT.format("9d"),
            "1 a.en appears | 5 edition",
            "6 a.ar appears | 7 edition | 12 edition",
            {"ar": "5 a/en*", "ar en": "5 a/en", "en": "5 a/en"},
            id="a longer wait brings nothing again in another language",
        ),
        pytest.param(
            WAIT.format("3d"),
            WAIT.format("1s"),
            "1 a.en appears | 2 edition",
            "3 edition | 4 edition | 5 edition",
            {"ar": "3 a/en*", "ar en": "3 a/en", "en": "2 a/en"},
            id="a shorter wait loses nothing that still waited",
        ),
        pytest.param(
            WAIT.format("3d"),
            WAIT.format("1s"),
            "1 a.en appears | 2 edition | 3 cancel 3",
            "3 edition | 4 edition | 5 edition",
            {"ar": "4 a/en*", "en": "2 a/en"},
            id="nor when the first edition after it is cancelled",
        ),
        pytest.param(
            WAIT.format("3d"),
            WAIT.format("1s"),
            "1 a.en appears | 3 edition | 8 b.en appears | 9 edition",
            "10 edition | 11 c.en appears | 12 edition",
            {"ar": "9 a/en* | 10 b/en* | 12 c/en*", "en": "3 a/en | 9 b/en | 12 c/en"},
            id="and what had waited long enough comes no second time",
        ),
        pytest.param(
            SINGLE,
            DAILY,
            "1 a.en appears | 1 edition",
            "2 a.ar appears | 3 edition | 5 edition",
            {"ar": "1 a/en*", "ar en": "1 a/en"},
            id="single items that become daily are waited for from then on, not again",
        ),
        pytest.param(
            DAILY,
            SINGLE,
            "1 a.en appears | 2 edition",
            "3 b.en appears | 3 edition",
            {"ar": "3 b/en* a/en*", "en": "2 a/en | 3 b/en"},
            id="what waited for a daily edition comes with the first single item",
        ),
        pytest.param(
            "fallback = true",
            "fallback = false",
            "1 a.en appears | 5 edition",
            "6 a.ar appears | 7 edition",
            {"ar": "5 a/en*", "ar en": "5 a/en", "fr": "5 a/en*"},
            id="who fell back once does not get the translation as well",
        ),
        pytest.param(
            "fallback = false",
            "fallback = true",
            "1 a.en appears | 5 edition",
            "5 b.en appears | 6 edition | 9 edition",
            {"fr": "9 b/en*", "en": "5 a/en | 6 b/en"},
            id="a fallback that comes later does not bring the past along",
        ),
        pytest.param(
            LANGUAGES,
            '["fr", "ar", "en"]',
            "1 a.en appears | 5 edition",
            "6 a.fr appears | 7 edition",
            {"ar": "5 a/en*", "fr": "5 a/en*", "en fr": "5 a/en"},
            id="another first language of the site brings nothing again",
        ),
    ],
)
def test_each_story_comes_once_though_settings_change(
    house: House, old, new, before, after, expected
):
    tale = Tale(
        house,
        digest=old if "=" in old and "every" not in old else "",
        readers=list(expected),
    )
    if old == SINGLE:
        house.set(DAILY, SINGLE)
    tale.tell(before.replace(" | ", "\n"))
    house.set(old, new)
    tale.tell(after.replace(" | ", "\n"))
    assert {name: tale.had(name) for name in expected} == expected


def test_an_extra_edition_brings_nothing_again_after_settings_changed(house: House):
    tale = Tale(house, digest=WAIT.format("3d"), readers=["ar en"])
    tale.tell("1 a.en appears\n5 edition")
    house.set(WAIT.format("3d"), WAIT.format("9d"))
    tale.tell("6 a.ar appears\n6 extra a\n7 edition")
    assert tale.had("ar en") == "5 a/en"


def test_what_an_extra_edition_brought_as_a_fallback_does_not_come_again_without_one(house: House):
    tale = Tale(house, digest="fallback = true", readers=["ar"])
    tale.tell("1 a.en appears\n1 extra a\n2 edition")
    house.set("fallback = true", "fallback = false")
    tale.tell("3 a.ar appears\n4 edition")
    assert tale.had("ar") == "1 a/en*"


@pytest.mark.parametrize(
    ("digest", "story", "expected"),
    [
        pytest.param(
            "fallback = false",
            "1 a.en appears | 1 extra a | 2 ar reads en | 3 edition | 4 edition",
            {"ar": "3 a/en"},
            id="whom an extra edition could not reach in the old languages",
        ),
        pytest.param(
            "",
            "0 en wants prevention | 1 a.en appears categories=sport | 1 extra a"
            " | 1 en wants sport | 2 edition | 3 edition",
            {"en": "2 a/en"},
            id="or who did not want such items then",
        ),
        pytest.param(
            "",
            "1 a.en appears | 1 extra a | 1 en reads ar en | 2 a.ar appears | 3 edition | 9 edition",
            {"en": "1 a/en"},
            id="but whom it reached gets nothing twice",
        ),
        pytest.param(
            "fallback = false",
            "1 a.en appears | 2 edition | 8 ar reads en | 9 extra a | 10 edition",
            {"ar": "9 a/en", "en": "2 a/en"},
            id="nor is an extra edition kept from who never had the item",
        ),
    ],
)
def test_who_chose_otherwise_is_served_by_what_they_had(house: House, digest, story, expected):
    tale = Tale(house, digest=digest, readers=list(expected))
    tale.tell(story.replace(" | ", "\n"))
    assert {name: tale.had(name) for name in expected} == expected
