"""What requests for files ask, in all the odd forms that feed readers write it."""

import pytest

from publisher.web.conditions import (
    best_coding,
    is_same,
    is_unchanged_since,
    matched_tag,
    wanted_range,
)

TAGS = {b"abc": 1, b"abc-gzip": 2, b"abc-br": 3}
MONDAY = 1772452800  # Mon, 02 Mar 2026 12:00:00 GMT


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (b"", "identity"),
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"GZIP, deflate", "gzip"),
        (b"gzip, deflate, br, zstd", "br"),
        (b"br;q=0.5, gzip", "gzip"),
        (b"br;q=0.5,gzip;q=0.5", "br"),
        (b"gzip;q=0", "identity"),
        (b"gzip;q=0.001", "gzip"),
        (b"*", "br"),
        (b"*;q=0", "identity"),
        (b"identity;q=0, *;q=0", "identity"),
        (b"gzip;q=9, *;q=0", "gzip"),
        (b"identity, gzip;q=0.5", "identity"),
        (b"br;q=0, *", "gzip"),
        (b"gzip;q=nonsense", "identity"),
        (b"gzip;q=-1", "identity"),
        (b",;=,\xff\xfe;q=q", "identity"),
    ],
)
def test_the_coding_with_the_highest_weight_is_chosen(accept, expected):
    assert best_coding(accept) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b'"abc"', b"abc"),
        (b'W/"abc"', b"abc"),
        (b"abc", b"abc"),
        (b"W/abc", b"abc"),
        (b'"x", "y" ,"abc-gzip"', b"abc-gzip"),
        (b'"abc-br-gzip"', b"abc-br"),
        (b'"abc;br"', b"abc"),
        (b"*", b"abc"),
        (b'"*"', None),
        (b'"abcd"', None),
        (b'"ab', None),
        (b'""', None),
        (b"", None),
        (b",,,", None),
        (b'"' + b"x" * 100_000, None),
        (b'W/"\xff\x00"', None),
    ],
)
def test_a_tag_is_found_in_whatever_form_it_comes(header, expected):
    assert matched_tag(header, TAGS) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Mon, 02 Mar 2026 12:00:00 GMT", True),
        (b"Monday, 02-Mar-26 12:00:00 GMT", True),
        (b"Mon, 02 Mar 2026 12:00:00", True),
        (b"Mon, 02 Mar 2026 11:59:59 GMT", False),
        (b"Tue, 03 Mar 2026 00:00:00 GMT", True),
        (b"yesterday", False),
        (b"", False),
        (b"Mon, 99 Mar 99999999 12:00:00 GMT", False),
        (b"\xff" * 50, False),
    ],
)
def test_a_date_that_cannot_be_read_is_none(header, expected):
    assert is_unchanged_since(header, MONDAY) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"bytes=0-9", (0, 10)),
        (b"Bytes = 10 - 19", (10, 20)),
        (b"bytes=90-", (90, 100)),
        (b"bytes=-10", (90, 100)),
        (b"bytes=-1000", (0, 100)),
        (b"bytes=90-1000", (90, 100)),
        (b"bytes=100-", (0, 0)),
        (b"bytes=-0", (0, 0)),
        (b"bytes=9-0", None),
        (b"bytes=-", None),
        (b"bytes=0-0,1-1", None),
        (b"lines=0-9", None),
        (b"bytes=0-9x", None),
        (b"bytes=" + b"9" * 100 + b"-", None),
    ],
)
def test_one_range_is_a_part_and_all_else_the_whole(header, expected):
    assert wanted_range(header, 100) == expected


def test_a_part_is_sent_only_of_the_very_file_that_was_begun():
    assert is_same(b'"abc"', b"abc", MONDAY)
    assert is_same(b"Mon, 02 Mar 2026 12:00:00 GMT", b"abc", MONDAY)
    assert not is_same(b'W/"abc"', b"abc", MONDAY)
    assert not is_same(b"Mon, 02 Mar 2026 12:00:01 GMT", b"abc", MONDAY)
    assert not is_same(b"nonsense", b"abc", MONDAY)
