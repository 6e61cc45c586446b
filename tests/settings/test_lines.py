import pytest

from publisher.settings.lines import key_lines

TEXT = '''\
# a comment with [brackets] and = signs
[site]
name = { en = "a = b", "zh-Hant" = "x" } # { not = this }
languages = [
  "en",  # one
  "ar",
]
[delivery.smtp]
"host" = 'a # b'
text = """
port = 25
"""
port = 25
a.b.c = 1
[[list]]
x = [[1, { y = 2 }], "]"]
last = 2026-01-01T00:00:00Z
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("site", 2),
        ("site.name", 3),
        ("site.name.en", 3),
        ("site.name.zh-Hant", 3),
        ("site.languages", 4),
        ("site.languages.0", 5),
        ("site.languages.1", 6),
        ("delivery", 8),
        ("delivery.smtp.host", 9),
        ("delivery.smtp.text", 10),
        ("delivery.smtp.port", 13),
        ("delivery.smtp.a.b.c", 14),
        ("list", 15),
        ("list.x", 16),
        ("list.x.0.1.y", 16),
        ("list.last", 17),
    ],
)
def test_each_key_has_the_line_it_stands_on(key, line):
    assert key_lines(TEXT)[tuple(key.split("."))] == line


def test_an_empty_text_has_no_keys():
    assert key_lines("\n# nothing\n") == {}
