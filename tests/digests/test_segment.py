"""Equal lists are one segment."""

from itertools import permutations, product

import pytest

from publisher.digests.rule import Preferences, Rule, Story, Version, Window
from publisher.digests.segment import Part, Segment, Segmenter, words_language
from publisher.digests.select import choose

RULE = Rule(wait=0, fallback="en", kinds=("news",), max_age=10**9)
SITE = ("en", "ar", "fr")


def story(key: str, languages: tuple[str, ...], *categories: str) -> Story:
    versions = {tag: Version(tag, 5, 5, "news", categories) for tag in languages}
    return Story(key, dict.fromkeys(languages, 5), versions)


def segmenter(*stories: Story) -> Segmenter:
    return Segmenter(stories, RULE, Window(None, 10), SITE)


def test_signatures_with_equal_lists_share_one_segment():
    wishes = [(), ("news",)], [(), ("health",), ("health", "sport")]
    maker = segmenter(story("a", ("en",), "health"))
    found = [maker.segment(Preferences(("en",), *wish)) for wish in product(*wishes)]
    assert len(found) == 6
    assert len({id(segment) for segment in found}) == 1


def test_the_same_list_in_other_orders_of_languages_is_one_object():
    maker = segmenter(story("a", ("en",)))
    one, other = (maker.segment(Preferences(("en", *rest))) for rest in (("ar",), ("fr", "ar")))
    assert one is other is maker.same(Segment("en", (Part("a", "en"),)))


@pytest.mark.parametrize("kinds", [(), ("news",), ("news", "event"), ("article",)])
@pytest.mark.parametrize("categories", [(), ("c1",), ("c2", "c1"), ("c2", "nothing"), ("c9",)])
def test_a_segment_holds_what_its_readers_want(kinds, categories):
    stories = [story(f"s{n}", SITE, f"c{n % 3}", f"c{n % 4}") for n in range(7)]
    reader, maker = Preferences(("ar",), kinds, categories), segmenter(*stories)
    wanted = tuple(Part.of(one) for one in choose(stories, reader, RULE, Window(None, 10)))
    made = maker.segment(reader)
    assert (made.parts if made else ()) == wanted


def test_a_reader_of_nothing_new_has_no_segment():
    reader = Preferences(("en",), (), ("sport",))
    assert segmenter(story("a", ("en",), "health")).segment(reader) is None


def test_the_same_items_in_another_interface_language_are_another_segment():
    found = segmenter(story("a", ("en",)))
    in_arabic, in_french = (found.segment(Preferences((tag, "en"))) for tag in ("ar", "fr"))
    assert in_arabic.parts == in_french.parts == (Part("a", "en"),)
    assert (in_arabic.language, in_french.language) == ("ar", "fr")


def test_a_fallback_says_so_and_is_another_segment_than_a_choice():
    found = segmenter(story("a", ("en",)))
    chosen, fallen = found.segment(Preferences(("ar", "en"))), found.segment(Preferences(("ar",)))
    assert (chosen.parts, fallen.parts) == ((Part("a", "en"),), (Part("a", "en", True),))


def test_lists_survive_the_database():
    segment = Segment("ar", (Part("a", "en", True), Part("b/c", "ar")))
    assert segment.to_json() == [["a", "en", "fallback"], ["b/c", "ar"]]
    assert Segment.from_json("ar", segment.to_json()) == segment


def test_the_words_are_in_the_readers_first_language():
    assert words_language(("ar-JO", "en"), SITE) == "ar"
    assert words_language(("de", "en"), SITE) == "de"
    assert words_language((), SITE) == "en"


def test_many_signatures_end_in_few_segments():
    slugs = [f"c{n}" for n in range(6)]
    stories = [story(f"s{n}", SITE[: n % 3 + 1], slugs[n % 6]) for n in range(12)]
    readers = [
        Preferences(languages, (), tuple(s for s, on in zip(slugs, mask, strict=True) if on))
        for languages in permutations(SITE)
        for mask in product([0, 1], repeat=6)
    ]
    maker = segmenter(*stories)
    found = [maker.segment(reader) for reader in readers]
    assert None not in found
    assert len(set(found)) < len(readers)
