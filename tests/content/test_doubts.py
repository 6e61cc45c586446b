import pytest

from publisher.content import open_library

REVERSED = "shown in reverse"
WRONG_SIDE = "sign on the wrong side"
DISORDER = "shown in disorder"
MARKS = "shows its marks"


def doubts(site, now, body, path="x.ar.md", title="عنوان", **more):
    site.item(path, title, body=body, **more)
    return [str(problem) for problem in open_library(site.settings, now=now).body_problems()]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("لغة C++ سهلة", WRONG_SIDE),
        ("# لغة C#", WRONG_SIDE),
        ("- منصة .NET هنا", WRONG_SIDE),
        ("تابعوا @strongcities على الشبكة", WRONG_SIDE),
        ("وسم #StrongCities هنا", WRONG_SIDE),
        ("اتصلوا على +962 6 123 4567 اليوم", REVERSED),
        ("The word جهاد stands here in one long English sentence.", DISORDER),
        ("\u202bنص لا ينتهي", "U+202B sets a direction and nothing ends it; write U+202C"),
        ("\u2067نص لا ينتهي", "U+2067 sets a direction and nothing ends it; write U+2069"),
        ("نص \u202eمقلوب\u202c", "U+202E turns letters around"),
        ("**نص،**كلمة", MARKS),
        ("و**«نص»** هنا", MARKS),
        ("*نص،*كلمة", MARKS),
        ("**[نص](https://example.org)،**كلمة", MARKS),
    ],
)
def test_what_reads_badly_is_told_with_its_line(site, now, body, said):
    (problem,) = doubts(site, now, f"مقدمة.\n\n{body}")
    assert said in problem
    assert problem.startswith("content/x.ar.md:7: warning: ")


@pytest.mark.parametrize(
    "body",
    [
        "UNESCO تعلن عن شيء.",
        "تعمل الأمم المتحدة (UN).",
        "تقول UNESCO.",
        "لغة C++\u200e سهلة",
        "منصة \u200e.NET هنا",
        "لغة C++ compiler سهلة",
        "لغة `C++` سهلة",
        "لغة [C++](https://example.org) سهلة",
        'لغة <bdi>C++</bdi> و<span dir="ltr">C#</span> سهلة',
        "اكتبوا إلى news@example.org اليوم",
        "انظروا https://example.org/a/ الآن",
        "[+962 6 123 4567](tel:+96261234567) اليوم",
        "\u200e+962 6 123 4567 اليوم",
        "الأعوام 2010-2015 و50% و$100",
        "OpenTelemetry Collector Contrib v0.99.0 صدر",
        "A whole paragraph in English, C++ and @names and all of it, is nobody's harm.",
        "\u2067نص\u2069 و\u202bنص\u202c",
        "**نص**، كلمة",
        "`**نص،**كلمة`",
    ],
)
def test_what_the_renderer_sets_right_is_left_alone(site, now, body):
    assert doubts(site, now, body) == []


def test_left_to_right_items_are_not_looked_over_for_mixed_scripts(site, now):
    assert doubts(site, now, "Say @strongcities and C++ كلمة", path="x.en.md", title="X") == []


def test_each_kind_is_told_once_a_file(site, now):
    assert len(doubts(site, now, "لغة C++ سهلة\n\nلغة C# سهلة\n\nلغة Google+ هنا")) == 1


def test_title_and_summary_are_looked_over_too(site, now):
    found = doubts(site, now, "نص", title="لغة C++ سهلة", description='"تابعوا @strongcities هنا"')
    assert found[0].startswith('content/x.ar.md:2: warning: in the title, "C++"')
    assert found[1].startswith('content/x.ar.md:4: warning: in the summary, "@strongcities"')


def test_a_correction_that_turns_letters_around_is_told(site, now):
    more = {"correction": '"\\u202Eevil"', "updated": "2026-03-01T11:00:00Z"}
    (problem,) = doubts(site, now, "Text.", path="x.en.md", title="X", **more)
    assert problem.startswith("content/x.en.md:4: warning: in the correction, ")


@pytest.mark.parametrize("image", ["/p.png", "{src: /p.png}"])
def test_picture_of_the_item_without_alternative_text_is_told_at_its_line(site, now, image):
    (problem,) = doubts(site, now, "Text.", path="x.en.md", title="X", image=image)
    assert problem.startswith("content/x.en.md:4: warning: the item's picture has no alternative")


def test_translation_that_shares_a_picture_has_nothing_to_mend(site, now):
    site.item("x.en.md", "X", image="{src: /p.png, alt: Hall}")
    site.item("y.en.md", "Y", image="/p.png")
    site.write("content/x.ar.md", "---\ntitle: س\n---\nنص.\n")
    site.write("content/y.ar.md", "---\ntitle: س\n---\nنص.\n")
    problems = list(open_library(site.settings, now=now).body_problems())
    assert [problem.path for problem in problems] == ["content/y.en.md"]


def test_address_between_words_from_right_to_left_keeps_its_direction(site, now):
    site.item("x.ar.md", "س", body="انظر https://example.org/a/ و[هنا](https://example.org/b).")
    library = open_library(site.settings, now=now)
    html = library.body(library.items[0]).html
    assert '<a href="https://example.org/a/" dir="ltr">' in html
    assert '<a href="https://example.org/b">هنا</a>' in html


def test_quotation_from_right_to_left_with_a_foreign_word_gets_its_direction(site, now):
    site.item("x.en.md", "X", body="He said:\n\n> قال إن UNESCO تعلن شيئا جديدا.\n\nA word: كلمة.")
    library = open_library(site.settings, now=now)
    html = library.body(library.items[0]).html
    assert '<p dir="rtl">قال' in html
    assert "<p>A word" in html
