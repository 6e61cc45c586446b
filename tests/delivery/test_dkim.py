"""Signatures, judged by dkimpy and by OpenDKIM. Sources: RFC 6376, RFC 8463."""

import re
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery import (
    Signer,
    open_signers,
    read_keys,
    relaxed_body,
    sign_message,
)
from tests.delivery.signing import (
    AT,
    BOTH,
    OPENDKIM,
    a_message,
    dkimpy_takes,
    make_keys,
    opendkim_takes,
)

HEADERS = (
    ("From", '"مدن المثال" <digest@cities.test>'),
    ("Reply-To", "desk@cities.test"),
    ("List-Id", "Weekly digest <weekly.news.cities.test>"),
    ("List-Unsubscribe", "<https://news.cities.test/u/" + "x" * 200 + ">, <mailto:u@cities.test>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("Feedback-ID", "1:weekly:edition:cities.test"),
    ("Precedence", "bulk"),
)
TWICE = (
    b"From: a@cities.test\r\nTo: b@readers.test\r\nTo: c@readers.test\r\nSubject:  first \r\n"
    b"Date: Tue, 03 Mar 2026 07:00:00 +0000\r\nsubject:\tsecond\r\n\tfolded  here\r\n"
    b"List-Id: <a.b>\r\nLIST-ID:  <c.d>\r\nMIME-Version: 1.0\r\n\r\ntext\r\n"
)
MESSAGES = {
    "plain": a_message(),
    "an Arabic subject of 90 characters": a_message(subject="خبر " * 22 + "جد", headers=HEADERS),
    "a token of 200 characters": a_message(token="x" * 200),
    "no Reply-To, no List-Unsubscribe": a_message(headers=(("From", "digest@cities.test"),)),
    "fields that occur twice": TWICE,
    "no body": TWICE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n",
    "a body of empty lines": TWICE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n\r\n\r\n",
    "a ragged body": TWICE[:-6] + b"a \t b\t\r\n\r\n \r\nc  d\r\n\r\n\r\n",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("signing")
    make_keys(root)
    return root


@pytest.fixture(scope="module")
def keys(root):
    return read_keys(BOTH, root)


@pytest.fixture(scope="module")
def signers(root):
    return open_signers(BOTH, root)


@pytest.mark.parametrize("what", MESSAGES)
def test_dkimpy_finds_the_signature_right(what, keys, signers):
    assert dkimpy_takes(sign_message(MESSAGES[what], signers, AT), keys)


@pytest.mark.skipif(OPENDKIM is None, reason="opendkim is not installed")
@pytest.mark.parametrize("what", MESSAGES)
def test_opendkim_finds_both_signatures_right(what, keys, signers, tmp_path):
    signed = sign_message(MESSAGES[what], signers, AT)
    assert opendkim_takes(signed, keys, tmp_path) == {"news": "pass", "news-ed": "pass"}


@pytest.mark.skipif(OPENDKIM is None, reason="opendkim is not installed")
def test_opendkim_finds_a_changed_body_wrong(keys, signers, tmp_path):
    signed = sign_message(a_message(), signers, AT).replace(b"News", b"Newt")
    assert opendkim_takes(signed, keys, tmp_path) == {"news": "fail", "news-ed": "fail"}


OVERSIGNED = {
    "From": "Somebody <else@cities.test>",
    "To": "else@readers.test",
    "Subject": "Another",
    "Date": "Tue, 03 Mar 2026 08:00:00 +0000",
    "Reply-To": "else@cities.test",
    "List-Unsubscribe": "<https://else.test/u/1>",
    "List-Unsubscribe-Post": "List-Unsubscribe=Else",
    "Content-Type": "text/plain",
}


def added(data: bytes, line: bytes, *, at_the_end: bool) -> bytes:
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [head, line] if at_the_end else [line, head]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.mark.parametrize("at_the_end", [False, True])
@pytest.mark.parametrize("name", OVERSIGNED)
def test_another_field_of_an_oversigned_name_breaks_it(name, at_the_end, keys, signers):
    signed = sign_message(a_message(), signers[:1], AT)  # without any Reply-To
    line = f"{name}: {OVERSIGNED[name]}".encode()
    assert dkimpy_takes(added(signed, b"X-Seen: yes", at_the_end=at_the_end), keys)
    assert not dkimpy_takes(added(signed, line, at_the_end=at_the_end), keys)


@pytest.mark.skipif(OPENDKIM is None, reason="opendkim is not installed")
@pytest.mark.parametrize("name", OVERSIGNED)
def test_opendkim_sees_the_added_field_too(name, keys, signers, tmp_path):
    signed = sign_message(a_message(), signers, AT)
    line = f"{name}: {OVERSIGNED[name]}".encode()
    found = opendkim_takes(added(signed, line, at_the_end=False), keys, tmp_path)
    assert "pass" not in found.values()


@pytest.mark.parametrize("name", [*OVERSIGNED, "Message-ID", "List-Id", "Feedback-ID"])
def test_a_changed_or_missing_field_breaks_it(name, keys, signers):
    signed = sign_message(a_message(headers=HEADERS), signers[:1], AT)
    field = re.compile(rb"(?m)^" + name.encode() + rb": (?:.*\r\n)(?:[ \t].*\r\n)*")
    assert dkimpy_takes(signed, keys)
    assert not dkimpy_takes(field.sub(name.encode() + b": x@cities.test\r\n", signed, 1), keys)
    assert not dkimpy_takes(field.sub(b"", signed, 1), keys)


def listed(signed: bytes) -> list[str]:
    found = re.search(rb"\sh=([^;]*);", signed)
    return found[1].decode().replace("\r\n ", "").split(":")


def test_oversigned_names_are_listed_once_more_than_they_occur(signers):
    names = listed(sign_message(TWICE, signers[:1], AT))
    assert {name: names.count(name) for name in map(str.lower, OVERSIGNED)} == {
        "from": 2,
        "to": 3,
        "subject": 3,
        "date": 2,
        "reply-to": 1,
        "list-unsubscribe": 1,
        "list-unsubscribe-post": 1,
        "content-type": 1,
    }
    assert names.count("list-id") == 2
    assert names.count("mime-version") == 1
    assert "message-id" not in names


def test_the_same_message_gets_the_same_bytes(signers):
    assert sign_message(a_message(), signers, AT) == sign_message(a_message(), signers, AT)
    assert sign_message(a_message(), signers, AT) != sign_message(a_message(), signers, AT + 1)


def test_threads_sign_as_one_does_alone(signers):
    messages = [a_message(token=f"{n:043d}") for n in range(60)]
    alone = [sign_message(each, signers, AT) for each in messages]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda each: sign_message(each, signers, AT), messages)) == alone


def test_lines_are_short(signers):
    for data in MESSAGES.values():
        field = sign_message(data, signers, AT).removesuffix(data)
        assert max(map(len, field.split(b"\r\n"))) <= 78


def test_the_signature_says_this_and_no_more(signers):
    field = sign_message(a_message(), signers[:1], AT).removesuffix(a_message()).decode()
    tags = dict(tag.strip().split("=", 1) for tag in field.partition(":")[2].split(";"))
    assert list(tags) == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]  # no l= above all
    assert tags["c"] == "relaxed/relaxed"
    assert tags["t"] == str(AT)


def test_a_long_domain_and_selector_stand_on_lines_of_their_own(keys, signers):
    signer = Signer(".".join(["d" * 60] * 4), "s" * 60, "rsa-sha256", lambda data: b"x" * 256)
    lines = signer.sign([b"From: a@cities.test\r\n"], bytes(32), AT).split(b"\r\n")
    assert max(map(len, lines)) <= 1 + len("d=") + 243 + len(";")
    assert b" s=" + b"s" * 60 + b";" in lines


def test_a_line_that_is_no_field_is_refused(signers):
    with pytest.raises(ValueError, match="needs a colon"):
        signers[0].sign([b"From: a@cities.test\r\n", b"nothing\r\n"], bytes(32), AT)


def test_what_is_signed_shows_no_key(signers):
    assert "seal" not in repr(signers[0])


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"\r\n\r\n\r\n", b""),
        (b" \t \r\n", b""),
        (b" ", b""),
        (b"a", b"a\r\n"),
        (b"a\r\n", b"a\r\n"),
        (b"a \t", b"a\r\n"),
        (b"a\r\n\r\n\r\n", b"a\r\n"),
        (b"a\r\n \r\n\t\r\n", b"a\r\n"),
        (b"\r\n\r\na", b"\r\n\r\na\r\n"),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),  # RFC 6376 section 3.4.5
        (b"\ta\tb  c\t\r\n", b" a b c\r\n"),
    ],
)
def test_the_relaxed_body(body, canonical):
    assert relaxed_body(body) == canonical


PIECES = st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"\xd8\xa7", b"."]), max_size=30)


@given(PIECES)
def test_the_relaxed_body_is_what_dkimpy_makes_of_it(pieces):
    body = b"".join(pieces)
    # It adds no CRLF to a last line without one, as RFC 6376 section 3.4.4 wants.
    whole = body + (b"\r\n" if body and not body.endswith(b"\r\n") else b"")
    assert relaxed_body(body) == Relaxed.canonicalize_body(whole)


@given(PIECES)
def test_any_field_is_signed_as_dkimpy_reads_it(pieces):
    value = b"".join(pieces).replace(b"\r\n", b"\r\n ").rstrip()
    said = []
    signer = Signer("cities.test", "news", "rsa-sha256", lambda data: said.append(data) or b"")
    signer.sign([b"Subject:" + value + b"\r\n"], bytes(32), AT)
    ((name, expected),) = Relaxed.canonicalize_headers([(b"Subject", value + b"\r\n")])
    assert said[0].startswith(name + b":" + expected)


def test_an_empty_body_has_the_hash_that_the_standard_names(signers):
    # RFC 6376 section 3.4.4
    signed = sign_message(TWICE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", signers[:1], AT)
    assert b" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n" in signed
    assert sha256(relaxed_body(b"")).hexdigest().startswith("e3b0c442")


def test_bodies_with_long_runs_of_space_and_empty_lines_take_no_longer(signers):
    hostile = (b" " * 200_000 + b"x\r\n") * 2 + b"\r\n" * 200_000 + b" "
    assert relaxed_body(hostile) == b" x\r\n x\r\n"
