import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.content.frontmatter import (
    FrontMatterError,
    decode,
    read_front,
    read_plain,
    split,
)
from publisher.content.yaml_reader import read_yaml

WORDS = st.text(st.sampled_from("ab1 é م.,:#-'\"[]{}&*!|>%@`?\\\t\u2028\ufeff~=/"), max_size=12)
LINES = st.one_of(
    st.builds("{}: {}".format, st.sampled_from(["a", "b", "c-d", "title", "0"]), WORDS),
    st.builds("{}:".format, st.sampled_from(["list", "e"])),
    st.builds("{}- {}".format, st.sampled_from(["", "  ", "    "]), WORDS),
    st.builds("k: [{}]".format, st.lists(WORDS, max_size=3).map(", ".join)),
    st.builds(
        "{}{}: {}".format, st.sampled_from(["  ", "    "]), st.sampled_from(["a", "b"]), WORDS
    ),
    st.builds("  {}:".format, st.sampled_from(["a", "e"])),
    st.builds("# {}".format, WORDS),
    WORDS,
    st.just(""),
)


@given(st.lists(LINES, max_size=6).map("\n".join))
@example("a: b\n  c")
@example("a:\n- b\n\n- c")
@example("a:\n- b\n# c\n- d")
@example("k: []\n  a:")
@example("k: [a, 'b c', \"d\"]")
@example('a: "b" # c')
@example("a: b\n---\nc: d")
def test_plain_reader_reads_like_yaml_or_gives_up(front):
    plain = read_plain(front + "\n")
    if plain is not None:
        assert plain == read_yaml(front + "\n")


def fields(front: str):
    return read_front(split(f"---\n{front}\n---\nText.\n"))


@pytest.mark.parametrize(
    ("front", "line", "words"),
    [
        ("title: a\ntitle: b", 3, "twice"),
        ("title: !!str a", 2, "tag"),
        ("a: &a [x]\nb: *a", 3, "alias"),
        ("a: [b", 3, "cannot be read"),
        ("- a\n- b", 2, "list of keys"),
        ("a: {[b]: c}", 2, "not a word"),
        ("a: b\n--- \nc: d", 2, ""),
        ("a: " + "[" * 50 + "]" * 50, 2, "deep"),
    ],
)
def test_refused_front_matter_names_its_line(front, line, words):
    if not words:
        assert fields(front)["a"].value == "b"  # a second fence ends the front matter
        return
    with pytest.raises(FrontMatterError) as caught:
        fields(front)
    assert words in caught.value.message
    assert caught.value.line == line


def test_scalar_alias_is_repeated_up_to_a_limit():
    assert fields("a: &a text\nb: *a")["b"].value == "text"
    long = "a: &a " + "x" * 60_000 + "\n" + "\n".join(f"b{n}: *a" for n in range(3))
    with pytest.raises(FrontMatterError, match="aliases"):
        fields(long)


@pytest.mark.parametrize("word", ["no", "yes", "0123", "1.10", "null", "2026-03-02", "0x1F", "1e3"])
def test_every_scalar_stays_text(word):
    assert read_yaml(f"a: {word}\n")["a"].value == word
    assert fields(f"a: {word}")["a"].value == word


def test_toml_gives_texts_and_lines():
    found = read_front(
        split(
            '+++\ntitle = "x"\ndraft = true\ndate = 2026-03-02\nn = 1.10\n[extra]\nrelease = 3\n+++\n'
        )
    )
    assert found["draft"].value == "true"
    assert found["date"].value == "2026-03-02"
    assert found["n"].value == "1.10"
    assert (found["extra"].line, found["extra"].value["release"].line) == (6, 7)


@pytest.mark.parametrize(
    ("front", "line"),
    [("title = ", 2), ("a = 1\nb = [", 3), ("a = " + "[" * 5000, 1)],
)
def test_broken_toml_names_its_line(front, line):
    with pytest.raises(FrontMatterError) as caught:
        read_front(split(f"+++\n{front}\n+++\n"))
    assert abs(caught.value.line - line) <= 1


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems_and_a_mark_are_read(ends):
    data = b"\xef\xbb\xbf" + ends.join(["---", "title: a", "---", "one", "two"]).encode()
    parts = split(decode(data))
    assert (parts.front, parts.body, parts.body_line) == ("title: a\n", "one\ntwo", 4)


def test_bad_utf8_names_line_and_offset():
    with pytest.raises(FrontMatterError) as caught:
        decode(b"a\r\nb\xff")
    assert (caught.value.line, "offset 4" in caught.value.message) == (2, True)


@pytest.mark.parametrize("text", ["", "Text.", "--- x\ntitle: a\n---\n", "---\ntitle: a\n"])
def test_file_without_whole_front_matter_is_refused(text):
    with pytest.raises(FrontMatterError):
        split(text)


def test_fence_inside_a_text_is_not_the_end():
    parts = split("---\na: b ---\n----\n---\nbody")
    assert parts.front == "a: b ---\n----\n"
