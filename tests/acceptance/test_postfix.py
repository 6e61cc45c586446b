"""Real mail software takes what we send, and other people's programs read it as it was meant."""

import re

import pytest

from publisher import tokens
from tests.delivery.signing import OPENDKIM, dkimpy_takes, opendkim_takes

from .conftest import DIGEST, HARBOUR, READERS, TITLE

pytestmark = pytest.mark.slow
KINDS = list(READERS)
_POSTMARKS = re.compile(
    rb"(?:(?:Return-Path|X-Original-To|Delivered-To|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)+"
)
_LINK = re.compile(r"https?://[^\s<>\"']+")


def content(message, subtype: str) -> str:
    return message.get_body((subtype,)).get_content().replace("\r\n", "\n")


def ours(delivered, kind: str) -> bytes:
    """Return an arrived message without what Postfix wrote on top of it."""
    postmarks = _POSTMARKS.match(delivered.arrived[kind])
    assert postmarks is not None
    return delivered.arrived[kind][postmarks.end() :].replace(b"\n", b"\r\n")


@pytest.mark.parametrize("kind", KINDS)
def test_postfix_delivers_every_byte_that_was_composed(delivered, kind):
    assert ours(delivered, kind) == delivered.composed[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_dkimpy_finds_the_signature_of_what_arrived_right(delivered, kind):
    arrived = ours(delivered, kind)
    assert dkimpy_takes(arrived, delivered.dkim)
    assert not dkimpy_takes(arrived.replace(b"One-Click", b"Two-Click", 1), delivered.dkim)


@pytest.mark.skipif(OPENDKIM is None, reason="opendkim is not installed")
@pytest.mark.parametrize("kind", KINDS)
def test_opendkim_finds_both_signatures_of_what_arrived_right(delivered, kind, tmp_path):
    found = opendkim_takes(ours(delivered, kind), delivered.dkim, tmp_path)
    assert found == {"news": "pass", "news-ed": "pass"}


@pytest.mark.parametrize("kind", KINDS)
def test_two_readers_find_the_same_parts_and_no_defects(delivered, kind):
    message, seen = delivered.read(kind), delivered.seen[kind]
    for part in message.walk():
        assert part.defects == []
        assert [value.defects for value in part.values() if value.defects] == []
    types = tuple(part.get_content_type() for part in message.iter_parts())
    assert types == seen.types == ("text/plain", "text/html")
    assert content(message, "plain").rstrip("\n") == seen.plain.rstrip("\n")
    assert content(message, "html").rstrip("\n") == seen.html.rstrip("\n")


def test_each_reader_finds_their_languages(delivered):
    english, arabic, mixed = (delivered.seen[kind] for kind in KINDS)
    assert HARBOUR in english.html
    assert TITLE in arabic.html
    assert HARBOUR not in arabic.html
    assert TITLE in mixed.html
    assert HARBOUR in mixed.html
    languages = [str(delivered.read(kind)["Content-Language"]) for kind in KINDS]
    assert languages == ["en", "ar", "ar"]
    assert 'dir="rtl"' in mixed.html
    assert 'lang="en" dir="ltr"' in mixed.html


@pytest.mark.parametrize("kind", KINDS)
def test_links_come_whole(delivered, kind):
    seen = delivered.seen[kind]
    (link,) = _LINK.findall(seen.headers["List-Unsubscribe"])
    for text in (seen.plain, seen.html):
        found = set(_LINK.findall(text))
        assert link in found
        assert any("/preferences/" in each for each in found)
        assert any(each.startswith("https://example.org/") for each in found)


@pytest.mark.parametrize("kind", KINDS)
def test_one_click_stays_whole_with_a_token_of_200_characters(delivered, kind):
    message, seen = delivered.read(kind), delivered.seen[kind]
    value = seen.headers["List-Unsubscribe"]
    assert str(message["List-Unsubscribe"]) == value
    found = re.fullmatch(r"<https://news\.our-town\.org/u/([A-Za-z0-9_-]{200})>", value)
    assert found is not None
    assert tokens.read(delivered.keys, "unsubscribe", found[1]).digest == DIGEST
    assert found[0].encode() in delivered.arrived[kind], "a line broken inside the link"
    assert seen.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert str(message["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("kind", ["arabic", "mixed"])
def test_two_readers_decode_an_arabic_subject_of_90_characters(delivered, kind):
    assert len(TITLE) == 90
    assert str(delivered.read(kind)["Subject"]) == TITLE
    assert delivered.seen[kind].headers["Subject"] == TITLE
