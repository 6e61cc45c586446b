from dataclasses import replace
from datetime import UTC, datetime

import pytest

from publisher.delivery import Recipient, compose_message
from publisher.language import first_strong, is_rtl
from publisher.render import Templates, compile_parts
from publisher.render.phrases import COMPLETE
from publisher.subscribers import Kept, Letter, compose_letter, recipient_values
from tests.subscribers.town import KEYS, NOW

FACTS = {
    "titles": [["<b>Summit</b> & {{7*7}}", "https://example.org/a"]],
    "editions": [["weekly", int(datetime(2026, 3, 3, 7, tzinfo=UTC).timestamp())]],
    "time_zone": "Asia/Amman",
}
MARKS = {
    Letter.CONFIRM: {"address", "confirm_url"},
    Letter.ALREADY: {"address", "since", "preferences_url"},
    Letter.WELCOME: {"address", "preferences_url", "unsubscribe_url"},
    Letter.GOODBYE: {"address"},
    Letter.FRESH: {"fresh_url"},
    Letter.ADDRESS: {"address", "confirm_url"},
}


@pytest.mark.parametrize("letter", Letter)
def test_every_letter_is_whole_in_every_language(settings, letter):
    templates = Templates(settings)
    for language in COMPLETE:
        body = compose_letter(templates, Kept(letter, settings, FACTS), 1, language)
        for text in (body.html, body.plain):
            assert set(compile_parts(text).names) == MARKS[letter]
        assert language == "en" or 'lang="en"' not in body.html
        assert f'dir="{"rtl" if is_rtl(language) else "ltr"}"' in body.html
        values = _values(settings, letter, language)
        message = compose_message(body, _reader(language), values, "<a@example.org>", NOW)
        assert b"Auto-Submitted: auto-generated" in message


def test_titles_of_authors_are_text_and_nothing_else(settings):
    body = compose_letter(Templates(settings), Kept(Letter.WELCOME, settings, FACTS), 1, "en")
    assert "&lt;b&gt;Summit&lt;/b&gt; &amp; {{7*7}}" in body.html
    assert "<b>Summit</b> & {{7*7}}" in body.plain


def test_names_and_addresses_keep_their_order_in_lines_from_right_to_left(site, settings):
    text = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(
        text.replace('ar = "مدن المثال"', 'ar = "Cities (UK)"').replace(
            'ar = "النشرة الأسبوعية"', 'ar = "Weekly"'
        )
    )
    kept = Kept(Letter.WELCOME, site.settings, FACTS)
    body = compose_letter(Templates(site.settings), kept, 1, "ar")
    reader = replace(_reader("ar"), address="123@example.test")
    values = recipient_values(site.settings, KEYS, reader, "", "ar", letter=Letter.WELCOME)
    plain = compile_parts(body.plain).join(values)
    assert "\u2068Cities (UK)\u2069" in body.subject
    for part in ("Cities (UK)", "Weekly", "123@example.test", "<b>Summit</b> & {{7*7}}"):
        assert f"\u2068{part}\u2069" in plain
    lines = [line for line in plain.splitlines() if line and "://" not in line]
    assert all(line[0] == "\u200f" or first_strong(line) == "rtl" for line in lines)


def test_letters_in_one_direction_hold_no_sign_of_direction(settings):
    for letter in Letter:
        body = compose_letter(Templates(settings), Kept(letter, settings, FACTS), 1, "fr")
        assert not set(body.plain + body.subject) & set("\u200e\u200f\u2068\u2069")


def test_hour_of_the_next_edition_is_that_of_the_reader(settings):
    for language, hour in (("en", "3 March 2026, 10:00"), ("de", "3. März 2026, 10:00")):
        body = compose_letter(
            Templates(settings), Kept(Letter.WELCOME, settings, FACTS), 1, language
        )
        assert hour in body.plain


def _reader(language):
    return Recipient(1, "pid", "reader@example.test", (language,), NOW, NOW)


def _values(settings, letter, language):
    return recipient_values(settings, KEYS, _reader(language), "", language, letter=letter)
