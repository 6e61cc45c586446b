from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from publisher.content.values import moment, one_line, time_zone

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "moment_in_utc", "is_day"),
    [
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00", False),
        ("2026-01-05 10:00", "2026-01-05T09:00:00", False),
        ("2026-01-05 10:00:00 +0200", "2026-01-05T08:00:00", False),
        ("2026-01-05 10:00:00 UTC", "2026-01-05T10:00:00", False),
        ("2026-01-05", "2026-01-04T23:00:00", True),
        ("2026-1-5", "2026-01-04T23:00:00", True),
        ("2025/06/26", "2025-06-25T22:00:00", True),
        ("٢٠٢٣-٠٩-٢١", "2023-09-20T22:00:00", True),
        ("۲۰۲۳/۰۹/۲۱", "2023-09-20T22:00:00", True),
        # A time that the clocks skip is read by the clock before the change, 03:30+02:00 ...
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00", False),
        # ... and of one that comes twice the first is meant.
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00", False),
    ],
)
def test_dates_are_read_as_moments(text, moment_in_utc, is_day):
    seconds, found = moment(text, BERLIN)
    assert datetime.fromtimestamp(seconds, UTC).isoformat() == moment_in_utc + "+00:00"
    assert found is is_day


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "2026-02-30", "9999-12-31T23:59:59-14:00", "0001-01-01", "5/3/26"],
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError):
        moment(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\r\nBcc: b", "a Bcc: b"),
        ("a\u2028b\x85c\td", "a b c d"),
        ("\x00a\x07b\uffff\ufdd0\ufeff", "ab"),
        ("e\u0301", "é"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("z" + "\u0489" * 50, "z" + "\u0489" * 8),
        ("\ud800x", "x"),
    ],
)
def test_texts_are_cleaned(text, clean):
    assert one_line(text) == clean


@pytest.mark.parametrize("name", ["Nowhere", "../../etc/passwd", "", "Europe", "a" * 5000])
def test_unknown_zone_is_refused(name):
    with pytest.raises(ValueError):
        time_zone(name)
