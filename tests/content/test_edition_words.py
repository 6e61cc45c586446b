from datetime import timedelta

import pytest

from publisher.content import open_library, scan, tree
from publisher.content.item import Word

WEEKLY = "content/editions/weekly/"
SLOT = "2026-03-29T07:00"


@pytest.fixture
def site(site):
    site.item("x.en.md", "X")
    return site


def opened(site, now):
    return open_library(site.settings, now=now)


def told(site, now):
    return [str(problem) for problem in opened(site, now).problems]


def test_word_has_subject_preheader_and_a_clean_sentence(site, now):
    site.item("2026/summit.en.md", "Summit")
    site.write(
        f"{WEEKLY}2026-03-29T07:00.en.md",
        "---\nsubject: Spring\npreheader: Three cities\n---\n"
        "Read *this* <script>x</script>[first](../../2026/summit.md) and [this](/x.md).\n",
    )
    library = opened(site, now)
    assert not library.problems
    assert library.word("weekly", SLOT, "en") == Word(
        "Spring",
        "Three cities",
        '<p>Read <em>this</em> <a href="https://example.org/en/summit/">first</a> '
        'and <a href="https://example.org/en/x/">this</a>.</p>',
        "Read this first and this.\n\nhttps://example.org/en/summit/\nhttps://example.org/en/x/",
        f"{WEEKLY}2026-03-29T07:00.en.md",
    )


@pytest.mark.parametrize(
    "text",
    [
        "---\nsubject: S\n---\n",
        "---\npreheader: P\n---\n",
        "---\n---\nB\n",
        "B\n",
        "+++\nsubject='S'\n+++\n",
    ],
)
def test_one_of_the_three_is_enough(site, now, text):
    site.write(f"{WEEKLY}{SLOT}.en.md", text)
    library = opened(site, now)
    assert not library.problems
    word = library.word("weekly", SLOT, "en")
    assert [bool(one) for one in (word.subject, word.preheader, word.text)].count(True) == 1


@pytest.mark.parametrize(
    ("name", "slot"),
    [
        ("2026-03-29T07:00", SLOT),
        ("2026-03-29T0700", SLOT),
        ("2026-03-29T07-00", SLOT),
        ("2026-03-29", SLOT),
        ("2026-03-29", "2026-03-29"),
        ("2026-03-29T07:00", "2026-03-29"),
    ],
)
def test_spellings_of_a_slot_that_find_its_word(site, now, name, slot):
    site.write(f"{WEEKLY}{name}.en.md", "W\n")
    assert opened(site, now).word("weekly", slot, "en").text == "W"


@pytest.mark.parametrize(
    ("digest", "slot", "language"),
    [
        ("daily", SLOT, "en"),
        ("weekly", "2026-03-29T08:00", "en"),
        ("weekly", "2026-03-30", "en"),
        ("weekly", "soon", "en"),
        ("weekly", SLOT, "ar"),
    ],
)
def test_word_is_for_its_digest_slot_and_language_alone(site, now, digest, slot, language):
    site.write(f"{WEEKLY}{SLOT}.en.md", "W\n")
    assert opened(site, now).word(digest, slot, language) is None


def test_word_for_the_hour_goes_before_the_one_for_the_day(site, now):
    site.write(f"{WEEKLY}2026-03-29.en.md", "Day\n")
    site.write(f"{WEEKLY}2026-03-29T07-00.en.md", "Hour\n")
    library = opened(site, now)
    assert not library.problems
    assert library.word("weekly", SLOT, "en").text == "Hour"
    assert library.word("weekly", "2026-03-29T18:00", "en").text == "Day"
    assert library.word("weekly", "2026-03-29", "en").text == "Day"


def test_day_alone_with_words_for_two_hours_has_none(site, now):
    site.write(f"{WEEKLY}2026-03-29T07-00.en.md", "A\n")
    site.write(f"{WEEKLY}2026-03-29T18-00.en.md", "B\n")
    assert opened(site, now).word("weekly", "2026-03-29", "en") is None


def test_word_is_no_item_in_any_layout_and_has_no_id(site, now):
    site.write(f"{WEEKLY}{SLOT}.en.md", "---\ntitle: T\ndate: 2026-03-01\n---\nW\n")
    site.write("content/en/editions/post.md", "---\ntitle: Post\ndate: 2026-03-01\n---\nW\n")
    library = open_library(site.settings, now=now, remember=True)
    assert {item.key for item in library.items} == {"x", "editions/post"}
    assert "weekly" not in (site.root / "content/ids.json").read_text()


def test_word_is_no_file_that_items_may_offer(site, now):
    site.write(f"{WEEKLY}{SLOT}.en.md", "W\n")
    site.item("y.en.md", "Y", downloads=f"[/editions/weekly/{SLOT}.en.md]")
    assert "there is no file" in told(site, now)[0]


def test_stamp_and_tree_change_with_a_word(site, now):
    before = scan(site.settings).stamp
    site.write(f"{WEEKLY}{SLOT}.en.md", "W\n")
    library = opened(site, now)
    assert before != library.stamp == scan(site.settings).stamp
    assert library.tree == tree(site.root / "content")


def test_right_to_left_word_says_its_direction(site, now):
    site.write(f"{WEEKLY}2026-03-29.ar.md", "كلمة المحرر\n")
    assert opened(site, now).word("weekly", SLOT, "ar").html == '<p dir="rtl">كلمة المحرر</p>'


def test_nothing_but_words_links_emphasis_and_lists_stays(site, now):
    site.write(
        f"{WEEKLY}{SLOT}.en.md",
        "# Head\n\n![Alt](/p.png)\n\n- one\n- **two**\n\n| a |\n|---|\n| b |\n\n<iframe src='//x'></iframe>\n",
    )
    library = opened(site, now)
    html = library.word("weekly", SLOT, "en").html
    for gone in ("<h1", "<img", "<table", "<iframe"):
        assert gone not in html
    for kept in ("<p>Head</p>", "<li>one</li>", "<strong>two</strong>", "<p>b</p>"):
        assert kept in html
    assert "a picture is left out" in "\n".join(map(str, library.body_problems()))


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("weakly/2026-03-29.en.md", "W", 'no digest "weakly", so a file'),
        ("weakly/2026-03-29.en.md", "W", 'did you mean "weekly"?'),
        ("weekly/2026/2026-03-29.en.md", "W", "put it into content/editions/weekly/ itself"),
        ("2026-03-29.en.md", "W", "put it into one of: weekly"),
        ("weekly/spring.en.md", "W", '"spring" is not the time of an edition'),
        ("weekly/2026-02-30.en.md", "W", '"2026-02-30" is not the time of an edition'),
        ("weekly/2026-03-29T24:00.en.md", "W", "is not the time of an edition"),
        ("weekly/2026-03-29.de.md", "W", 'does not have the language "de"; write one of: en, ar'),
        ("weekly/2026-03-29.md", "W", "name it 2026-03-29.en.md"),
        ("weekly/2026-03-29.en.txt", "W", "warning: only Markdown files"),
        ("weekly/2026-03-29.en.md", "---\nsubjet: S\n---\nW", ':2: warning: the key "subjet"'),
        ("weekly/2026-03-29.en.md", "---\nsubjet: S\n---\nW", 'did you mean "subject"?'),
        ("weekly/2026-03-29.en.md", "---\nsubject: [a]\n---\nW", ":2: subject is not a text"),
        ("weekly/2026-03-29.en.md", "---\nsubject: {\n---\nW", "front matter cannot be read"),
        ("weekly/2026-03-29.en.md", "---\nsubject: S\n", ":1: the front matter has no end"),
        ("weekly/2026-03-29.en.md", b"W\n\xff\n", ":2: the file is not UTF-8"),
        ("weekly/2026-03-29.en.md", '---\nsubject: "a\\nb"\n---\n', "a line end or a control"),
        ("weekly/2026-03-29.en.md", f"---\nsubject: {'a' * 201}\n---\n", "is 201 characters long"),
        ("weekly/2026-03-29.en.md", "---\nsubject: '{frist}'\n---\n", "did you mean {first}?"),
        ("weekly/2026-03-29.en.md", "---\npreheader: '{x}'\n---\n", "{x} in the preheader"),
        ("weekly/2026-03-29.en.md", "---\n---\n", "the file says nothing"),
    ],
)
def test_problem_of_a_word_says_where_and_what_to_do(site, now, path, text, said):
    site.write(f"content/editions/{path}", text)
    (problem,) = told(site, now)
    assert said in problem
    assert problem.startswith("content/editions/")


def test_folder_that_belongs_to_no_digest_is_said_once(site, now):
    for day in range(10, 20):
        site.write(f"content/editions/monthly/2026-03-{day}.en.md", "W\n")
    (problem,) = told(site, now)
    assert "10 files" in problem
    assert 'exclude = ["editions/**"]' in problem


def test_what_exclude_leaves_out_is_no_problem(site, now):
    site.write("content/editions/monthly/post.md", "W\n")
    site.configure(
        (site.root / "publisher.toml").read_text() + '\n[content]\nexclude = ["editions/**"]\n'
    )
    assert told(site, now) == []


def test_readme_beside_words_is_no_word(site, now):
    site.write(f"{WEEKLY}README.md", "How we write these.\n")
    assert told(site, now) == []


def test_two_spellings_of_one_slot_name_both_and_neither_is_used(site, now):
    site.write(f"{WEEKLY}2026-03-29T0700.en.md", "A\n")
    site.write(f"{WEEKLY}2026-03-29T07-00.en.md", "B\n")
    library = opened(site, now)
    assert [problem.is_error for problem in library.problems] == [True, True]
    assert "2026-03-29T0700.en.md is for the same edition" in str(library.problems[0])
    assert "2026-03-29T07-00.en.md is for the same edition" in str(library.problems[1])
    assert library.word("weekly", SLOT, "en") is None


def test_unreadable_word_is_not_used(site, now):
    site.write(f"{WEEKLY}{SLOT}.en.md", b"---\nsubject: S\n---\n\xff\n")
    assert opened(site, now).word("weekly", SLOT, "en") is None


def test_control_characters_are_taken_out_of_a_subject(site, now):
    site.write(
        f"{WEEKLY}{SLOT}.en.md", '---\nsubject: "a\\r\\nBcc: b"\npreheader: "p\\u0007q"\n---\n'
    )
    word = opened(site, now).word("weekly", SLOT, "en")
    assert (word.subject, word.preheader) == ("a Bcc: b", "pq")


def test_long_word_warns_where_texts_are_looked_over(site, now):
    site.write(f"{WEEKLY}{SLOT}.en.md", "---\nsubject: S\n---\n" + "word " * 121)
    library = opened(site, now)
    assert not library.problems
    (problem,) = library.body_problems()
    assert str(problem).startswith(f"{WEEKLY}{SLOT}.en.md:4: warning: the word is 604 characters")


def test_word_that_comes_to_nothing_is_none(site, now):
    site.write(f"{WEEKLY}{SLOT}.en.md", "<!-- not yet -->\n")
    library = opened(site, now)
    assert library.word("weekly", SLOT, "en") is None
    assert "says nothing" in str(next(library.body_problems()))


def test_words_of_editions_long_past_are_not_read_again(site, now):
    site.write(f"{WEEKLY}{SLOT}.en.md", "---\nsubject: [a]\n---\n")
    assert told(site, now)
    assert told(site, now + timedelta(days=100)) == []
