"""Which story reaches which reader in which edition, and in which language.

The tables below are the specification. Days are numbers: editions freeze on some of them, versions
of one story appear on some of them. The site's languages are en (the original), ar and fr; a
reader's first language is waited for three days.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.digests.rule import Chosen, How, Preferences, Refusal, Rule, Story, Version, Window
from publisher.digests.select import choose, offer, refusal, spoken

DAY = 86_400
LANGUAGES = ("en", "ar", "fr")
RULE = Rule(
    wait=3 * DAY,
    fallback="en",
    kinds=("news", "article", "event-report", "event"),
    max_age=30 * DAY,
)
NO_FALLBACK = replace(RULE, fallback="")
NO_WAIT = replace(RULE, wait=0)
FIRST, NEXT, FALLBACK = How.FIRST, How.NEXT, How.FALLBACK


def story(seen: dict[str, float], key: str = "a", date: float = 0, **facts: object) -> Story:
    """A story whose versions appeared on these days."""
    facts = {"kind": "news", **facts}
    dated = {"date": int(date * DAY), "date_end": int(date * DAY)}
    return Story(
        key,
        {language: int(day * DAY) for language, day in seen.items()},
        {language: Version(language, **dated, **facts) for language in seen},
    )


def editions(*days: float) -> list[Window]:
    moments = [int(day * DAY) for day in days]
    return [Window(after, until) for after, until in zip([None, *moments], moments, strict=False)]


def received(what: Story, languages: str, rule: Rule, *days: float) -> list[tuple[float, str, How]]:
    """The editions in which a reader of these languages gets a story: day, language, why."""
    reader = Preferences(tuple(languages.split()))
    return [
        (window.until / DAY, chosen.version.language, chosen.how)
        for window in editions(*days)
        for chosen in choose([what], reader, rule, window)
    ]


@pytest.mark.parametrize(
    ("appears", "reader", "rule", "freezes", "expected"),
    [
        # In the reader's first language: the first edition after it appeared, once.
        ({"en": 1}, "en", RULE, [2, 3], [(2, "en", FIRST)]),
        ({"en": 2}, "en", RULE, [2, 3], [(2, "en", FIRST)]),
        ({"en": 2.1}, "en", RULE, [2, 3], [(3, "en", FIRST)]),
        ({"en": 1, "ar": 2}, "ar", RULE, [1, 2, 3], [(2, "ar", FIRST)]),
        ({"ar": 1, "en": 9}, "ar en", RULE, [1, 2, 10], [(1, "ar", FIRST)]),
        # The first language is waited for; then the next that exists.
        ({"en": 1}, "ar en", RULE, [1, 2, 3, 4, 5], [(4, "en", NEXT)]),
        ({"en": 1, "ar": 4}, "ar en", RULE, [3, 4, 5], [(4, "ar", FIRST)]),
        ({"en": 1, "ar": 4.1}, "ar en", RULE, [4, 5], [(4, "en", NEXT)]),
        ({"en": 1, "fr": 2}, "ar fr en", RULE, [3, 4, 5], [(4, "fr", NEXT)]),
        ({"en": 1, "fr": 6}, "ar fr", NO_FALLBACK, [4, 5, 6], [(6, "fr", NEXT)]),
        # Only one wait: what came too late for it still is the better one to send.
        ({"en": 1, "ar": 5}, "ar en", RULE, [3, 6, 9], [(6, "ar", FIRST)]),
        # The site's first language serves readers of none of the story's.
        ({"en": 1}, "ar", RULE, [1, 2, 4], [(4, "en", FALLBACK)]),
        ({"en": 1}, "ar fr", RULE, [1, 2, 4, 9], [(4, "en", FALLBACK)]),
        ({"en": 1}, "", RULE, [1, 4], [(4, "en", FALLBACK)]),
        ({"en": 1}, "ar", NO_FALLBACK, [1, 4, 9], []),
        ({"fr": 1}, "ar", RULE, [1, 4, 9], []),
        ({"fr": 1, "en": 6}, "ar", RULE, [4, 5, 6, 7], [(6, "en", FALLBACK)]),
        # A late translation is no news to those who had the story, and news to those who had not.
        ({"en": 1, "ar": 8}, "ar en", RULE, [4, 8, 9], [(4, "en", NEXT)]),
        ({"en": 1, "ar": 8}, "ar", RULE, [4, 8, 9], [(4, "en", FALLBACK)]),
        ({"en": 1, "ar": 8}, "ar", NO_FALLBACK, [4, 8, 9], [(8, "ar", FIRST)]),
        # Without a wait, as for every = "item".
        ({"en": 1}, "ar", NO_WAIT, [1, 2], [(1, "en", FALLBACK)]),
        ({"en": 1, "ar": 1.1}, "ar", NO_WAIT, [1.2, 2], [(1.2, "ar", FIRST)]),
        ({"en": 1, "ar": 1.5}, "ar", NO_WAIT, [1.2, 2], [(1.2, "en", FALLBACK)]),
    ],
)
def test_a_story_reaches_a_reader_once_in_the_best_language_there_is(
    appears, reader, rule, freezes, expected
):
    assert received(story(appears), reader, rule, *freezes) == expected


STARTED = replace(RULE, floor=10 * DAY)  # what is dated before day 10 counts as sent
AFTER_FIRST = replace(STARTED, first_freeze=17 * DAY)


@pytest.mark.parametrize(
    ("what", "rule", "expected"),
    [
        (story({"en": 20}, date=20), RULE, None),
        # Where the digest starts.
        (story({"en": 12}, date=9.9), STARTED, Refusal.BEFORE_START),
        (story({"en": 12}, date=10), STARTED, None),
        (story({"en": 12}, date=9.9, digest="pin"), STARTED, Refusal.BEFORE_START),
        (story({"en": 12}, date=9.9), AFTER_FIRST, Refusal.BEFORE_START),
        (story({"en": 18}, date=9.9), AFTER_FIRST, None),  # backdated, but new
        (story({"en": 18}, date=9.9), replace(AFTER_FIRST, since=11 * DAY), Refusal.BEFORE_START),
        (story({"en": 12, "ar": 18}, date=9.9), AFTER_FIRST, Refusal.BEFORE_START),
        # Too old when first seen.
        (story({"en": 40}, date=9.9), RULE, Refusal.TOO_OLD),
        (story({"en": 40}, date=10), RULE, None),
        (story({"en": 40}, date=9.9, digest="pin"), RULE, None),
        # The editor's word, kinds, events.
        (story({"en": 20}, date=20, digest="skip"), RULE, Refusal.SKIPPED),
        (story({"en": 20}, date=20, kind="event"), replace(RULE, kinds=("news",)), Refusal.KIND),
        (story({"en": 20}, date=20, kind="event", ended_at=60 * DAY), RULE, Refusal.ENDED),
        (story({"en": 20}, date=20, kind="event", ended_at=60 * DAY + 1), RULE, None),
    ],
)
def test_what_is_not_sent_has_its_reason(what, rule, expected):
    window = Window(None, 60 * DAY)
    chosen = offer(what, ("en",), rule, window.until)
    assert refusal(chosen, rule, window) == expected


def test_waiting_for_a_translation_makes_nothing_too_old():
    what = story({"en": 29}, date=0)
    assert received(what, "ar", RULE, 29, 32) == [(32, "en", FALLBACK)]


def test_a_translation_of_an_old_story_is_not_new():
    what = story({"en": 0, "ar": 40}, date=0)
    assert received(what, "ar", NO_FALLBACK, 39, 41) == []


def test_a_date_without_a_time_lasts_through_its_day():
    version = Version("en", date=9 * DAY, date_end=10 * DAY - 1, kind="news")
    rule = replace(RULE, floor=9 * DAY + 7 * 3600)
    what = Story("a", {"en": 11 * DAY}, {"en": version})
    assert choose([what], Preferences(("en",)), rule, Window(None, 12 * DAY))


def test_a_version_taken_back_is_not_sent_and_changes_no_moment():
    had = story({"en": 1, "ar": 5})
    left = Story(had.key, had.seen, {"ar": had.versions["ar"]})
    assert received(had, "fr ar", RULE, 4.5, 9) == [(4.5, "en", FALLBACK)]
    assert [
        c.key for c in choose([left], Preferences(("fr", "ar")), RULE, editions(4.5, 9)[1])
    ] == []


@pytest.mark.parametrize(
    ("kinds", "categories", "expected"),
    [
        ((), (), "abc"),
        (("news",), (), "ab"),
        ((), ("health",), "bc"),
        (("news",), ("health",), "b"),
        ((), ("sport",), ""),
        ((), ("health", "peace"), "bc"),
    ],
)
def test_a_reader_gets_the_kinds_and_categories_asked_for(kinds, categories, expected):
    stories = [
        story({"en": 1}, "a", categories=()),
        story({"en": 1}, "b", categories=("health",)),
        story({"en": 1}, "c", categories=("peace", "health"), kind="article"),
    ]
    reader = Preferences(("en",), kinds, categories)
    assert "".join(c.key for c in choose(stories, reader, RULE, Window(None, 2 * DAY))) == expected


def test_pinned_stories_come_first_then_the_newest_then_by_key():
    stories = [
        story({"en": 5}, "old", date=1),
        story({"en": 5}, "b", date=4),
        story({"en": 5}, "a", date=4),
        story({"en": 5}, "pinned", date=2, digest="pin"),
    ]
    chosen = choose(reversed(stories), Preferences(("en",)), RULE, Window(None, 5 * DAY))
    assert [c.key for c in chosen] == ["pinned", "a", "b", "old"]


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (("ar", "en"), ("ar", "en")),
        (("ar-JO", "en-GB"), ("ar", "en")),
        (("ar-JO", "ar"), ("ar",)),
        (("pt", "de"), ("pt-BR",)),
        (("pt-PT",), ("pt-BR",)),
        (("de",), ()),
    ],
)
def test_a_readers_languages_are_served_by_the_sites(reader, expected):
    assert spoken(reader, ("en", "ar", "pt-BR")) == expected


NEVER_OLD = replace(RULE, max_age=1000 * DAY)
DAYS = st.integers(0, 40)
STORIES = st.lists(
    st.dictionaries(st.sampled_from(LANGUAGES), DAYS, min_size=1), min_size=1, max_size=6
).map(lambda many: [story(seen, f"s{n}", date=min(seen.values())) for n, seen in enumerate(many)])
READERS = st.lists(st.sampled_from(LANGUAGES), unique=True)
FREEZES = st.lists(DAYS, unique=True, min_size=1).map(sorted)
RULES = st.builds(
    lambda wait, fallback: replace(NEVER_OLD, wait=wait * DAY, fallback=fallback),
    st.integers(0, 10),
    st.sampled_from(["en", ""]),
)


def until(stories: list[Story], day: int) -> list[Story]:
    """The stories as they were on a day: later versions had not appeared yet."""
    found = []
    for whole in stories:
        seen = {language: at for language, at in whole.seen.items() if at <= day * DAY}
        if seen:
            found.append(Story(whole.key, seen, {tag: whole.versions[tag] for tag in seen}))
    return found


def history(
    stories: list[Story], reader: list[str], rule: Rule, freezes: list[int]
) -> list[tuple[int, Chosen]]:
    """What a reader got, each edition knowing only what had appeared by then."""
    return [
        (window.until, chosen)
        for window, day in zip(editions(*freezes), freezes, strict=True)
        for chosen in choose(until(stories, day), Preferences(tuple(reader)), rule, window)
    ]


@settings(deadline=None)
@given(STORIES, READERS, RULES, FREEZES)
def test_every_eligible_story_reaches_a_reader_exactly_once(stories, reader, rule, freezes):
    got = [chosen.key for _, chosen in history(stories, reader, rule, freezes)]
    wishes = {*reader, rule.fallback}
    last = freezes[-1] * DAY
    owed = []
    for whole in stories:
        usable = [at for language, at in whole.seen.items() if language in wishes]
        moment = max([min(whole.seen.values()) + rule.wait, *([min(usable)] if usable else [])])
        if usable and moment <= last:
            owed.append(whole.key)
    assert len(got) == len(set(got))
    assert set(owed) <= set(got)


@settings(deadline=None)
@given(STORIES, READERS, RULES, FREEZES)
def test_nobody_waits_longer_than_the_rule_allows(stories, reader, rule, freezes):
    wishes = {*reader, rule.fallback}
    for frozen_at, chosen in history(stories, reader, rule, freezes):
        whole = next(s for s in stories if s.key == chosen.key)
        usable = min(at for language, at in whole.seen.items() if language in wishes)
        latest = max(min(whole.seen.values()) + rule.wait, usable)
        assert not any(latest <= day * DAY < frozen_at for day in freezes)


@settings(deadline=None)
@given(STORIES, READERS, FREEZES, st.integers(41, 60), st.integers(1, 20))
def test_adding_a_language_to_every_story_mails_nobody_anything_again(
    stories, reader, freezes, added, later
):
    """Readers with a fallback had each story; the rest never had one in their language."""
    everything = [
        Story(
            whole.key,
            {**whole.seen, "fr": whole.seen.get("fr", added * DAY)},
            {**whole.versions, "fr": replace(next(iter(whole.versions.values())), language="fr")},
        )
        for whole in stories
    ]
    days = [*freezes, 55, 56 + added, 57 + added + later]
    got = [
        chosen.key
        for _, chosen in history(everything, ["fr", *reader], NEVER_OLD, sorted(set(days)))
    ]
    assert len(got) == len(set(got))


@settings(deadline=None)
@given(READERS, st.integers(0, 400), st.lists(st.integers(31, 5000), min_size=1, max_size=20))
def test_importing_old_items_mails_nobody_anything(reader, day, ages):
    old = [
        story(dict.fromkeys(LANGUAGES, day), f"s{n}", date=day - age) for n, age in enumerate(ages)
    ]
    assert history(old, reader, RULE, [day, day + 3, day + 30]) == []
