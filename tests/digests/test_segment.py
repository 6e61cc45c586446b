"""Equal lists are one segment."""

from itertools import permutations, product

from publisher.digests.segment import Part, Segment, Segmenter, words_language
from publisher.digests.select import Preferences, Rule, Story, Version, Window

RULE = Rule(wait=0, fallback="en", kinds=("news",), max_age=10**9)
SITE = ("en", "ar", "fr")


def story(key: str, languages: tuple[str, ...], *categories: str) -> Story:
    versions = {tag: Version(tag, 5, 5, "news", categories) for tag in languages}
    return Story(key, dict.fromkeys(languages, 5), versions)


def segmenter(*stories: Story) -> Segmenter:
    return Segmenter(stories, RULE, Window(None, 10), SITE)


def test_signatures_with_equal_lists_share_one_segment():
    wishes = [(), ("news",)], [(), ("health",), ("health", "sport")]
    readers = {
        number: Preferences(("en",), kinds, categories)
        for number, (kinds, categories) in enumerate(product(*wishes))
    }
    found = segmenter(story("a", ("en",), "health")).segments(readers)
    assert len(found) == 6
    assert len({id(segment) for segment in found.values()}) == 1


def test_a_reader_of_nothing_new_has_no_segment():
    reader = Preferences(("en",), (), ("sport",))
    assert segmenter(story("a", ("en",), "health")).segments({7: reader}) == {}


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
    assert segment.to_json() == [["a", "en", True], ["b/c", "ar"]]
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
    found = segmenter(*stories).segments(dict(enumerate(readers)))
    assert len(found) == len(readers)
    assert len(set(found.values())) < len(readers)
