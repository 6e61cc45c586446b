import pytest

from publisher.content.reading_time import reading_minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("", 1),
        ("word " * 200, 1),
        ("word " * 201, 2),
        ("كلمة " * 401, 3),
        ("字" * 500, 1),
        ("字" * 501, 2),
        ("カ" * 250 + " word" * 100, 1),
        ("ก" * 3000, 3),
    ],
)
def test_words_and_signs_are_counted_in_every_script(text, minutes):
    assert reading_minutes(text) == minutes
