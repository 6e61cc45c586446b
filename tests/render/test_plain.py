from publisher.render import mark, wrap
from publisher.render.plain import columns, directed, directed_lines, isolated


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


JAPANESE = (
    "市長たちは9月19日から21日までニューヨーク（アメリカ合衆国）のグレイシー・マンションに集まり、"
    "「憎悪と過激主義の予防」について話し合いました。ショートメッセージでもちゃんと折り返されます。"
) * 3
CHINESE = (
    "3. 市长们于2023年9月19日至21日在纽约（美国）举行会议，讨论如何“预防仇恨与极端主义”。"
    "会议由 Strong Cities Network 主办，共有来自五十个国家的一百二十位市长参加。"
)


def test_text_without_spaces_is_wrapped_by_columns_and_loses_nothing():
    lines = wrap(JAPANESE).splitlines()
    assert "".join(lines) == JAPANESE
    assert all(66 <= columns(line) <= 72 for line in lines[:-1])


def test_no_line_begins_with_what_closes_or_ends_with_what_opens():
    for width in range(20, 79):
        for line in wrap(JAPANESE, width).splitlines():
            assert columns(line) <= width
            assert line[0] not in "、。）」・ーャュョッァィ"
            assert line[-1] not in "（「"


def test_chinese_is_wrapped_at_its_signs_and_latin_words_in_it_at_their_spaces():
    lines = wrap(CHINESE).splitlines()
    assert len(lines) == 3
    assert all(columns(line) <= 72 for line in lines)
    assert all(line.startswith("   ") for line in lines[1:])
    assert "Strong Cities Network" in " ".join(line.strip() for line in lines)


def test_korean_is_wrapped_at_its_spaces():
    lines = wrap("시장들이 뉴욕에 모였습니다. " * 12).splitlines()
    assert {word for line in lines for word in line.split()} == {
        "시장들이",
        "뉴욕에",
        "모였습니다.",
    }


def test_a_link_of_chinese_signs_stays_whole():
    link = "https://example.org/zh/" + "市长会议" * 20
    assert link in wrap(f"请阅读 {link} 谢谢").splitlines()


def test_a_no_break_space_keeps_its_words_together():
    assert wrap("word " * 14 + "9:00\u00a0am").splitlines()[1] == "9:00\u00a0am"


def test_no_line_is_longer_than_a_mail_allows():
    for text in ("あ" * 5000, "e\u0301" * 5000, "x" * 5000, "กรุงเทพ" * 800, "\U0001f600" * 900):
        wrapped = wrap(text)
        assert wrapped.replace("\n", "") == text
        assert max(len(line.encode()) for line in wrapped.splitlines()) <= 998


def test_lines_that_begin_the_other_way_are_marked_and_links_are_not():
    text = "COP دعوة\nhttps://example.org/\n\nمرحبا"
    assert directed_lines(text, "ar") == "\u200fCOP دعوة\nhttps://example.org/\n\nمرحبا"
    assert directed_lines("مرحبا\nHello", "en") == "\u200eمرحبا\nHello"
    assert directed_lines(mark("confirm_url"), "ar") == mark("confirm_url")


def test_what_reads_the_other_way_is_set_apart_in_a_line():
    assert isolated("Example Cities!", "ar") == "\u2068Example Cities!\u2069"
    assert isolated("مدن!", "en") == "\u2068مدن!\u2069"
    assert isolated("publisher check", "en") == "publisher check"
    assert isolated("2026", "ar") == "2026"
