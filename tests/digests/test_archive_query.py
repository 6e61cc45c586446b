import pytest

from publisher.digests.archive.query import Term, excerpt, read_query


def shown(text: str, typed: str) -> str:
    """An excerpt, with brackets around what was found."""
    pieces = excerpt(text, read_query(typed))
    return "".join(f"[{one.text}]" if one.is_found else one.text for one in pieces)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("mayors meet", (Term(("mayors",)), Term(("meet",), is_beginning=True))),
        ("mayors ", (Term(("mayors",)),)),
        ('"City of Peace" am', (Term(("city", "of", "peace")), Term(("am",), is_beginning=True))),
        ("«مدن قوية»", (Term(("مدن", "قويه")),)),
        ("“peace", (Term(("peace",), is_beginning=True),)),
        ("会議", (Term(("会議",), is_beginning=True),)),
        ("東 ", (Term(("東",), is_beginning=True),)),
        ("「東京都」", (Term(("東京", "京都")),)),
        ("city city", (Term(("city",)), Term(("city",), is_beginning=True))),
    ],
)
def test_typed_words_become_terms(typed, terms):
    assert read_query(typed) == terms


@pytest.mark.parametrize("typed", ["", " ", '"', '""', "\x00", "*", "-", "()", "«»", "\ud800"])
def test_query_without_a_word_has_no_term(typed):
    assert read_query(typed) == ()


def test_query_of_any_length_is_short():
    assert len(read_query("a b c d e " * 1_000)) <= 16
    assert len(read_query("x" * 10_000)) == 1


def test_excerpt_shows_what_was_found_as_it_is_written():
    assert shown("An opening. Ten Mayors’ meetings.", "mayors meet") == (
        "An opening. Ten [Mayors]’ [meetings]."
    )
    assert shown("افتتاح الْمَدِينَةِ الجديدة", "مدينه ") == "افتتاح [الْمَدِينَةِ] الجديدة"
    assert shown("短い会議のお知らせ", "会議") == "短い[会議]のお知らせ"


def test_excerpt_is_cut_between_words_around_what_was_found():
    text = "before " * 100 + "the mayors met" + " after" * 100
    found = shown(text, "mayors ")
    assert found.startswith("…before ")
    assert "the [mayors] met" in found
    assert found.endswith(" after…")
    assert len(found) < 220


def test_excerpt_of_what_only_the_title_has_is_the_beginning():
    assert shown("Nothing of it. " * 30, "mayors").startswith("Nothing of it.")


def test_excerpt_of_nothing_is_nothing():
    assert excerpt("", read_query("mayors")) == ()
