import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.address import address_hash, parse
from publisher.errors import AddressError


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("reader@example.test", "reader@example.test"),
        ("  reader@example.test ", "reader@example.test"),
        ("\u200freader@example.test\u200f ", "reader@example.test"),
        ("\u2067reader@example.test\u2069", "reader@example.test"),
        ("\ufeffreader@example.test\u200b", "reader@example.test"),
        ("User@Example.TEST", "User@example.test"),
        ("v%example.org@example.test", "v%example.org@example.test"),
        ("a'or'1'='1@example.test", "a'or'1'='1@example.test"),
        ("first.last+tag@sub.example.org", "first.last+tag@sub.example.org"),
        ("l" * 64 + "@example.test", "l" * 64 + "@example.test"),
        ("القارئ@مثال.test", "القارئ@xn--mgbh0fb.test"),
        ("a@xn--mgbh0fb.test", "a@xn--mgbh0fb.test"),
        ("a@XN--MGBH0FB.test", "a@xn--mgbh0fb.test"),
        ("a@straße.example.org", "a@xn--strae-oqa.example.org"),
    ],
)
def test_addresses_are_kept_with_a_lower_case_a_label(text, kept):
    assert parse(text).text == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "nobody",
        "@example.test",
        "a@",
        "a@example.test\r\nBcc: v@example.org",
        "a@example.test\n",
        "a@example.test\0@example.org",
        "a\x85b@example.test",
        "a\u2028b@example.test",
        "a@example.test, v@example.org",
        "a@example.test;v@example.org",
        "a@b@example.test",
        "Name <a@example.test>",
        '"a b>"@example.test',
        "a b@example.test",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@example..test.",
        "a@example.test.",
        "a@localhost",
        "a@example",
        ".a@example.test",
        "a..b@example.test",
        "a@-example.test",
        "a@exa_mple.test",
        "a@printer.local",
        "a\u200b@example.test",
        "a\u200f@example.test",
        "a@exa\u200fmple.test",
        "l" * 65 + "@example.test",
        "é" * 33 + "@example.test",
        "a@" + "d" * 64 + ".test",
        "a@" + ".".join(["d" * 60] * 5) + ".test",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(AddressError, match="is not an e-mail address: ") as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_the_reason_names_the_whole_text():
    with pytest.raises(AddressError, match=r"'a@localhost' is not .*: .*period"):
        parse("a@localhost")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A@Example.test", "a@example.TEST"),
        ("القارئ@مثال.test", "القارئ@xn--mgbh0fb.test"),
        ("jose\u0301@example.test", "JOSÉ@example.test"),
    ],
)
def test_case_and_spelling_of_the_domain_make_no_second_address(one, other):
    assert parse(one).key == parse(other).key


def test_a_look_alike_domain_is_another_address():
    assert parse("a@\u0430pple.test").key != parse("a@apple.test").key
    assert parse("a@\u0430pple.test").domain == "xn--pple-43d.test"


def test_only_the_local_part_decides_whether_smtputf8_is_needed():
    assert parse("a@مثال.test").is_ascii
    assert not parse("القارئ@example.test").is_ascii


def test_hash_depends_on_the_secret_and_not_on_case():
    one = address_hash(parse("A@example.test").key, b"s" * 32)
    assert one == address_hash(parse("a@EXAMPLE.test").key, b"s" * 32)
    assert one != address_hash(parse("a@example.test").key, b"t" * 32)
    assert len(one) == 32


@given(st.emails(domains=st.sampled_from(["example.org", "b.example.test"])))
def test_parsing_what_was_parsed_changes_nothing(text):
    try:
        once = parse(text)
    except AddressError:
        return
    assert parse(once.text) == once
    assert parse(once.text.upper()).key == once.key


@pytest.mark.skipif("PUBLISHER_CORPUS" not in os.environ, reason="PUBLISHER_CORPUS is not set")
def test_hostile_signups_of_the_corpus():
    refused = {"03-crlf-email", "07-two-addresses", "11-quoted-local", "15-ip-literal"}
    refused |= {"17-no-tld-dots", "25-nul"}
    seen = 0
    for file in sorted(Path(os.environ["PUBLISHER_CORPUS"], "signup").glob("*.json")):
        text = file.read_text(encoding="utf-8")
        if not text.startswith("{"):
            continue
        email = json.loads(text)["form"]["email"]
        seen += 1
        if file.stem in refused:
            with pytest.raises(AddressError):
                parse(email)
        else:
            assert parse(email).text
    assert seen > 15
