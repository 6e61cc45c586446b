import pytest

from publisher.findable import LONGEST, find_words, fold, words


@pytest.mark.parametrize(
    ("written", "also"),
    [
        ("أحمد إبراهيم آمال ٱسم", "احمد ابراهيم امال اسم"),  # hamza and madda on alef
        ("مسؤول رئيس", "مسوول رييس"),  # hamza on waw and ya
        ("بناء", "بنا"),  # a hamza of its own
        ("مدينة", "مدينه"),  # ta marbuta
        ("مُدُنٌ قَوِيَّة", "مدن قوية"),  # vowel signs
        ("مـــدن", "مدن"),  # tatweel
        ("مستشفى", "مستشفي"),  # alef maqsura
        ("١٤٤٥ ۱۴۰۳", "1445 1403"),  # Arabic and Persian digits
        ("المدينة والمدينة بالمدينة للمدينة", "مدينة مدينة مدينة مدينة"),  # the article
        ("کتاب شهری", "كتاب شهري"),  # Persian kaf and ya
        ("می‌خواهم", "میخواهم"),  # a zero-width non-joiner
        ("ﻣﺪﻳﻨﺔ", "مدينة"),  # presentation forms
        ("שָׁלוֹם צה״ל", "שלום צהל"),
        ("Été ŒUVRE Straße İzmir ılık", "ete oeuvre strasse izmir ilik"),
        ("ёлка", "елка"),
        ("Ｆｕｌｌ １２", "full 12"),
        ("snake_case e-mail", "snake case e mail"),
    ],
)
def test_words_written_in_two_ways_are_one(written, also):
    assert words(written) == words(also)


@pytest.mark.parametrize(
    ("one", "other"), [("مدن", "مدين"), ("الله", "له"), ("Straße", "Strase"), ("が", "か")]
)
def test_different_words_stay_different(one, other):
    assert fold(one) != fold(other)


def test_signs_without_spaces_come_in_pairs_and_the_last_alone():
    assert words("会議は2023年") == ["会議", "議は", "は", "2023", "年"]


def test_vowel_signs_of_other_scripts_belong_to_their_words():
    assert words("हिन्दी में, ไทย ข่าว") == ["हिन्दी", "में", "ไทย", "ข่าว"]


def test_words_stand_where_the_text_has_them():
    text = "إلى المدينة، وداعًا"
    assert [text[found.start : found.end] for found in find_words(text)] == [
        "إلى",
        "المدينة",
        "وداعًا",
    ]


@pytest.mark.parametrize("text", ["", "\x00", "ـــ", "\ud800", "…!?", "\u200c\u200d", "ء"])
def test_text_without_a_word_has_none(text):
    assert words(text) == []


def test_word_of_any_length_is_cut():
    assert [len(word) for word in words("x" * 10_000)] == [LONGEST]


def test_folded_words_are_letters_and_digits_alone():
    every = "".join(chr(number) for number in range(0x11000) if not 0xD800 <= number < 0xE000)
    assert not [word for word in words(every) if not word or set(word) & set(" '\"_*%:&|!()\\\0")]
