import pytest
from compose_pieces import choice, edition, item

from publisher.delivery import Body
from publisher.digests.compose.headers import headers
from publisher.digests.compose.subject import LONGEST, subject_line
from publisher.render import mark

VALUES = {"name": "Weekly digest", "first": "The mayors met", "count": "3", "date": "3 March 2026"}


def test_headers_are_those_that_list_mail_needs(site):
    made = edition(site.settings, choice(site.settings, item()))
    assert made.headers == (
        ("From", '"Example Cities" <digest@example.org>'),
        ("List-Id", "Weekly digest <weekly.news.example.org>"),
        ("List-Unsubscribe", f"<{mark('unsubscribe_url')}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Help", "<https://news.example.org/preferences>"),
        ("List-Archive", "<https://news.example.org/archive/weekly>"),
        ("List-Owner", "<mailto:digest@example.org>"),
        ("List-Post", "NO"),
        ("Feedback-ID", "17:weekly:edition:example.org"),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", "en"),
    )


def test_delivery_takes_every_header(site):
    settings = site.settings
    made = edition(settings, choice(settings, item(language="ar")), language="ar")
    body = Body(1, "weekly", "ar", made.headers, made.subject, made.html, made.plain)
    assert body.sender == "digest@example.org"


def test_answers_go_where_the_site_says(site):
    settings = site.settings
    sender = settings.sender.model_copy(update={"reply_to": "editors@example.org"})
    found = dict(headers(settings.model_copy(update={"sender": sender}), "weekly", "en", 1))
    assert found["Reply-To"] == "editors@example.org"
    assert found["List-Owner"] == "<mailto:editors@example.org>"


def test_a_quote_in_the_sender_s_name_cannot_end_it(site):
    settings = site.settings
    sender = settings.sender.model_copy(update={"name": {"": 'A "B" <x@evil.example>\r\nBcc: x'}})
    found = dict(headers(settings.model_copy(update={"sender": sender}), "weekly", "en", 1))
    assert found["From"] == '"A \\"B\\" <x@evil.example> Bcc: x" <digest@example.org>'


def test_list_id_is_plain_ascii_in_every_language(site):
    settings = site.settings
    weekly = settings.digests["weekly"].model_copy(update={"title": {"ar": "النشرة"}})
    arabic = settings.model_copy(update={"digests": {"weekly": weekly}})
    assert dict(headers(arabic, "weekly", "ar", 1))["List-Id"] == "<weekly.news.example.org>"
    assert dict(headers(settings, "weekly", "ar", 1))["List-Id"].startswith("Weekly digest <")


def test_a_preview_s_feedback_id_names_no_edition(site):
    assert dict(headers(site.settings, "weekly", "en", None))["Feedback-ID"].startswith("0:weekly:")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("{name}: {first}", "Weekly digest: The mayors met"),
        ("{count} items of {date}", "3 items of 3 March 2026"),
        ("{name.__class__} {other} {0}", "{name.__class__} {other} {0}"),
        ("no field", "no field"),
    ],
)
def test_subjects_are_filled(words, expected):
    assert subject_line(words, VALUES, "en") == expected


def test_what_reads_the_other_way_is_isolated():
    values = {**VALUES, "name": "النشرة"}
    assert subject_line("{name}: {first}", values, "ar") == "النشرة: \u2068The mayors met\u2069"


def test_a_value_that_looks_like_a_field_stays_as_it_is():
    assert subject_line("{first}", {**VALUES, "first": "{count}"}, "en") == "{count}"


def test_the_first_title_is_cut_so_that_the_subject_fits():
    line = subject_line("{name}: {first}", {**VALUES, "first": "word " * 60}, "en")
    assert len(line) <= LONGEST
    assert line.endswith("word…")


def test_nothing_in_a_subject_reads_as_encoded():
    values = {**VALUES, "first": "=?utf-8?q?=0d=0aBcc?="}
    assert "=?" not in subject_line("{first}", values, "en")


def test_no_control_reaches_a_subject():
    hostile = "a\r\nBcc: x\x00\x85\u2028\u2029b"
    assert subject_line("{first}", {**VALUES, "first": hostile}, "en") == "a Bcc: x b"


def test_the_digest_s_own_subject_is_taken_in_the_reader_s_language(site):
    settings = site.settings
    subject = {"en": "{count} new", "ar": "{count} جديدة"}
    weekly = settings.digests["weekly"].model_copy(update={"subject": subject})
    changed = settings.model_copy(update={"digests": {"weekly": weekly}})
    choices = [choice(changed, item(key)) for key in "ab"]
    assert edition(changed, *choices).subject == "2 new"
    assert edition(changed, *choices, language="ar").subject == "2 جديدة"
