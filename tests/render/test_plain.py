from publisher.render import wrap
from publisher.render.plain import columns, directed


def test_long_lines_are_wrapped_between_words():
    text = wrap("word " * 40)
    assert all(len(line) <= 72 for line in text.splitlines())
    assert text.split() == ["word"] * 40


def test_numbered_items_are_indented_as_far_as_their_first_line():
    lines = wrap("12. " + "word " * 30).splitlines()
    assert lines[0].startswith("12. word")
    assert all(line.startswith("    word") for line in lines[1:])


def test_arabic_numbers_make_a_list_too():
    lines = wrap("٣. " + "كلمة " * 30).splitlines()
    assert all(line.startswith("   كلمة") for line in lines[1:])


def test_links_stay_whole():
    link = "https://example.org/" + "x" * 200
    assert wrap(f"Read:\n{link}\n") == f"Read:\n{link}\n"


def test_a_word_longer_than_a_line_is_kept_whole():
    assert wrap("a " + "x" * 100 + " b").splitlines() == ["a", "x" * 100, "b"]


def test_blank_lines_stay_but_never_more_than_two():
    assert wrap("\n\na\n\nb\n\n\n\n\n\nc\n") == "a\n\nb\n\n\nc\n"


def test_width_is_counted_in_columns():
    assert columns("abc") == 3
    assert columns("漢字") == 4
    assert columns("عَمَّان") == 4
    assert columns("\u2068x\u2069") == 1


def test_a_line_that_would_turn_the_wrong_way_begins_with_a_mark():
    assert directed("PDF للتنزيل", True) == "\u200fPDF للتنزيل"
    assert directed("للتنزيل PDF", True) == "للتنزيل PDF"
    assert directed("2023", True) == "\u200f2023"
    assert directed("العربية and more", False) == "\u200eالعربية and more"
    assert directed("plain", False) == "plain"
