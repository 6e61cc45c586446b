import email
import email.policy
import re
from base64 import b64decode
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.address import parse
from publisher.delivery.message.headers import (
    HeaderError,
    encoded_words,
    split_mailbox,
    wire_address,
    write_field,
)
from publisher.errors import AddressError

ARABIC = (
    "النشرة الأسبوعية للمدن القوية: تقارير جديدة عن الوقاية من الكراهية والتطرف العنيف في المدن"
)
WORD = re.compile(r"=\?utf-8\?([bq])\?([^?]*)\?=")


def our_reading(raw: bytes) -> str:
    """Decode a field as RFC 2047 says, with nothing of the standard library's mail reader."""
    value = raw.decode("ascii").partition(":")[2].replace("\r\n", "").strip(" ")
    value = re.sub(r"(?<=\?=) +(?==\?)", "", value)

    def decode(found: re.Match[str]) -> str:
        if found[1] == "b":
            return b64decode(found[2], validate=True).decode("utf-8")
        plain = re.sub(r"=([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), found[2].replace("_", " "))
        return plain.encode("latin-1").decode("utf-8")

    return WORD.sub(decode, value)


def their_reading(raw: bytes, name: str = "Subject") -> str:
    message = email.message_from_bytes(raw + b"\r\n", policy=email.policy.compat32)
    return str(make_header(decode_header(message[name].replace("\r\n", ""))))


def test_a_long_arabic_subject_is_read_right_by_two_readers():
    assert len(ARABIC) == 90
    raw = write_field("Subject", ARABIC)
    assert our_reading(raw) == ARABIC
    assert their_reading(raw) == ARABIC


def test_encoded_words_are_short_whole_and_not_padded():
    raw = write_field(
        "Subject", ARABIC + " 😀 中文 a中中中中中中中中中中中中中中中中中中中中中中中"
    )
    for line in raw.decode().splitlines():
        assert len(line) <= 76
    for _, data in WORD.findall(raw.decode()):
        assert len(data) <= 63
        assert not data.endswith("=")


@pytest.mark.parametrize(
    "text", ["é", "م", "a中中中", "aa中中中", "é中", "中", "😀😀", "Café in Łódź"]
)
def test_what_does_not_come_out_even_is_read_right(text):
    raw = write_field("Subject", text)
    assert our_reading(raw) == their_reading(raw) == text


def test_mostly_ascii_text_stays_readable_in_the_source():
    assert b"Caf=C3=A9_of_the_city" in write_field("Subject", "Café of the city")


def test_plain_text_is_written_as_it_is():
    assert write_field("Subject", "Weekly digest: news") == b"Subject: Weekly digest: news\r\n"


def test_a_long_plain_subject_folds_only_at_spaces():
    text = "news from all the cities, " * 8
    raw = write_field("Subject", text)
    assert raw.count(b"\r\n ") >= 2
    assert raw.replace(b"\r\n ", b" ") == b"Subject: " + text.strip().encode() + b"\r\n"


@pytest.mark.parametrize(
    "bad",
    [
        "News\r\nBcc: victim@example.org\r\n\r\n<h1>own body</h1>",
        "a\nb",
        "a\rb",
        "nul\x00",
        "tab\there",
        "del\x7f",
        "nel\x85",
        "c1\x9b",
        "line\u2028separator",
        "paragraph\u2029separator",
        "lone\ud800surrogate",
    ],
)
@pytest.mark.parametrize("name", ["Subject", "From", "List-Unsubscribe", "List-Id", "X-Other"])
def test_the_gate_refuses_whatever_could_end_a_line(name, bad):
    with pytest.raises(HeaderError, match="control character"):
        write_field(name, bad)


# CVE-2024-6923: Python 3.11.7's EmailMessage makes a real Bcc line of these.
@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?q?a=0D=0ABcc:_victim@example.org?=",
        "=?utf-8?b?YQ0KQmNjOiB2QGV4YW1wbGUub3Jn?=",
        "Re: =?iso-8859-1?Q?x=0ABcc:?= more",
    ],
)
def test_what_looks_encoded_is_encoded_whole(text):
    raw = write_field("Subject", text)
    assert raw.count(b"\n") == raw.count(b"\r\n ") + 1
    assert our_reading(raw) == text
    name = write_field("From", f"{text} <digest@cities.test>")
    assert our_reading(name) == f"{text} <digest@cities.test>"
    assert b"Bcc" not in name.partition(b"<")[2]


def test_what_looks_encoded_is_refused_where_it_cannot_be_encoded():
    with pytest.raises(HeaderError, match="decode"):
        write_field("List-Unsubscribe", "<https://x.test/=?utf-8?q?a?=>")


def test_a_long_unsubscribe_address_stays_whole():
    url = "https://news.cities.test/u/" + "A" * 200
    mail = "mailto:u+" + "B" * 90 + "@news.cities.test?subject=unsubscribe"
    raw = write_field("List-Unsubscribe", f"<{url}>, <{mail}>")
    assert f"<{url}>".encode() in raw
    assert f"<{mail}>".encode() in raw
    assert b"=?" not in raw
    assert raw == f"List-Unsubscribe: <{url}>,\r\n <{mail}>\r\n".encode()


def test_nothing_is_folded_inside_angle_brackets():
    raw = write_field("X-Note", "<" + "word " * 40 + "> " + "more " * 20)
    inside = re.search(rb"<[^>]*>", raw)[0]
    assert b"\r\n" not in inside


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("digest@cities.test", b"From: digest@cities.test\r\n"),
        ("<digest@cities.test>", b"From: digest@cities.test\r\n"),
        ("Example Cities <a@cities.test>", b"From: Example Cities <a@cities.test>\r\n"),
        ("Cities, Inc. <a@cities.test>", b'From: "Cities, Inc." <a@cities.test>\r\n'),
        ('"Cities, Inc." <a@cities.test>', b'From: "Cities, Inc." <a@cities.test>\r\n'),
        ('The "big" one <a@cities.test>', b'From: "The \\"big\\" one" <a@cities.test>\r\n'),
        ("x <y> z <a@cities.test>", b'From: "x <y> z" <a@cities.test>\r\n'),
        ("Städte <a@bücher.test>", b"From: =?utf-8?q?St=C3=A4dte?= <a@xn--bcher-kva.test>\r\n"),
    ],
)
def test_names_are_quoted_or_encoded_as_needed(given, written):
    assert write_field("From", given) == written


def test_an_arabic_name_is_read_right():
    raw = write_field("From", "شبكة المدن القوية <digest@cities.test>")
    assert our_reading(raw) == "شبكة المدن القوية <digest@cities.test>"


def test_from_must_hold_an_address():
    with pytest.raises(AddressError):
        write_field("From", "Example Cities <not an address>")


def test_a_list_id_keeps_its_identifier():
    raw = write_field("List-Id", "النشرة <weekly.news.cities.test>")
    assert raw.endswith(b" <weekly.news.cities.test>\r\n")
    assert our_reading(raw) == "النشرة <weekly.news.cities.test>"


@pytest.mark.parametrize("name", ["", "Sub ject", "Subject:", "Bcc\r\nX", "Überschrift"])
def test_a_name_that_is_no_name_is_refused(name):
    with pytest.raises(HeaderError):
        write_field(name, "value")


def test_other_fields_must_be_ascii():
    with pytest.raises(HeaderError, match="ASCII"):
        write_field("Feedback-ID", "é:weekly")


def test_an_endless_line_is_refused():
    with pytest.raises(HeaderError, match="998"):
        write_field("List-Unsubscribe", f"<https://x.test/{'a' * 1000}>")


def test_a_subject_of_one_endless_word_is_folded_by_encoding():
    raw = write_field("Subject", "a" * 5000)
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert our_reading(raw) == "a" * 5000


# What the gate lets pass is read back the same, and never as more than one field.
@given(st.text())
def test_any_text_makes_one_field_or_none(text):
    try:
        raw = write_field("Subject", text)
    except HeaderError:
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text)
        return
    parsed = email.message_from_bytes(raw + b"\r\nbody", policy=email.policy.compat32)
    assert parsed.keys() == ["Subject"]
    assert parsed.get_payload() == "body"
    assert raw.endswith(b"\r\n")
    assert not re.search(rb"\r\n(?! |\Z)|(?<!\r)\n|\r(?!\n)", raw)
    assert our_reading(raw) == text.strip(" ")


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=80))
def test_any_name_stays_inside_its_field(name):
    raw = write_field("From", f"{name} <digest@cities.test>")
    assert raw.endswith((b"<digest@cities.test>\r\n", b" digest@cities.test\r\n"))
    parsed = email.message_from_bytes(raw + b"\r\nbody", policy=email.policy.compat32)
    assert parsed.keys() == ["From"]
    assert all(len(line) <= 76 or b" " not in line.strip() for line in raw.split(b"\r\n"))


@given(st.text(alphabet="aé中😀م ", min_size=1, max_size=200), st.integers(30, 75))
def test_encoded_words_join_to_the_text(text, room):
    words = encoded_words(text, room)
    assert our_reading(("S: " + " ".join(words)).encode()) == text
    assert len(words[0]) <= room
    assert all(len(word) <= 75 for word in words)


def test_a_mailbox_is_split_at_its_last_bracket():
    assert split_mailbox('"A \\"b\\" <c>" <d@e.test>') == ('A "b" <c>', "d@e.test")
    assert split_mailbox(" d@e.test ") == ("", "d@e.test")


def test_a_short_arabic_name_is_one_word_that_no_reader_can_part():
    field = write_field("From", '"شبكة مدن المثال" <digest@example.org>')
    assert field.count(b"=?utf-8?") == 1
    read = email.message_from_bytes(field + b"\r\n", policy=email.policy.default)
    assert read["From"].addresses[0].display_name == "شبكة مدن المثال"


PART = st.text(st.sampled_from("aZ09_+-.x"), min_size=1, max_size=40)


@given(PART, PART, st.sampled_from(["com", "org", "jo", "local", "xn--p1ai", "Org", "x", "1a", ""]))
def test_the_short_way_to_an_address_says_what_the_long_one_says(local, domain, end):
    text = f"{local}@{domain}.{end}"
    try:
        parsed = parse(text)
    except AddressError:
        with pytest.raises(AddressError):
            wire_address(text)
    else:
        assert wire_address(text) == f"{parsed.local}@{parsed.domain}"
