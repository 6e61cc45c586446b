"""What stands at an item: corrections, calendars, reports and announcements, and why it is there."""

import pytest
from compose_pieces import choice, edition, full, happening, item, joined, plain
from selectolax.lexbor import LexborHTMLParser

from publisher.content.item import EventState, Kind
from publisher.feeds import calendar_url

REPORT = item("told", kind=Kind.EVENT_REPORT, link="https://example.org/en/told/")
ANNOUNCEMENT = item("said", kind=Kind.EVENT, link="https://example.org/en/said/")


@pytest.fixture
def settings(site):
    return site.settings


def links(composed):
    """Return where the links of a body lead, by their words."""
    page = LexborHTMLParser(joined(composed))
    return {link.text().strip(): link.attributes["href"] for link in page.css("a")}


def coming(state=EventState.PLANNED, language="en", **more):
    return item("fair", language, kind=Kind.EVENT, event=happening(state), **more)


@pytest.mark.parametrize(
    ("flag", "language", "expected"),
    [
        ("is_return", "en", "Coming up"),
        ("is_return", "ar", "قريبا"),
        (
            "is_original",
            "en",
            "You asked for originals, so this is not the machine translation.",
        ),
        ("is_original", "ar", "طلبت قراءة النصوص الأصلية، ولذلك لا تظهر هنا الترجمة الآلية."),
        ("fallback", "en", "Not yet available in your language."),
    ],
)
def test_why_an_item_is_there_is_said_above_it_to_the_reader(settings, flag, language, expected):
    """In the reader's language, whatever the item's: it is the reader who is spoken to."""
    made = edition(settings, choice(settings, coming(), **{flag: True}), language=language)
    page = LexborHTMLParser(joined(made))
    line = page.css_first("[role=main] p.muted")
    assert line.text() == expected
    assert (line.attributes["lang"], line.attributes["dir"]) == (
        language,
        "rtl" if language == "ar" else "ltr",
    )
    assert made.html.index(expected) < made.html.index("<h2")
    shown = " ".join(plain(made).split())
    assert shown.index(expected) < shown.index("1. The mayors met")


def test_items_without_a_reason_say_nothing_above_themselves(settings):
    made = edition(settings, choice(settings, coming()))
    for words in ("Coming up", "You asked for originals", "Not yet available"):
        assert words not in made.html + made.plain


def test_a_correction_stands_before_the_summary(settings):
    made = edition(settings, choice(settings, item(correction="Three, not four.")))
    for text in (made.html, made.plain):
        assert text.index("Correction") < text.index("Three, not four.")
        assert text.index("Three, not four.") < text.index("What the mayors said.")
    assert "Correction" not in edition(settings, choice(settings, item())).html


@pytest.mark.parametrize(
    ("state", "has_link"),
    [
        (EventState.PLANNED, True),
        (EventState.MOVED, True),
        (EventState.CANCELLED, False),
    ],
)
def test_an_event_that_will_be_can_be_added_to_a_calendar(settings, state, has_link):
    event = coming(state)
    made = edition(settings, choice(settings, event))
    address = calendar_url(settings, event)
    assert address.startswith("https://news.example.org/feeds/en/")
    assert links(made).get("Add to calendar", "") == (address if has_link else "")
    assert (f"Add to calendar:\n{address}\n" in plain(made)) is has_link


def test_a_report_is_for_no_calendar(settings):
    made = edition(settings, choice(settings, full()))
    assert "Add to calendar" not in made.html + made.plain


@pytest.mark.parametrize(
    ("one", "related", "words", "leads_to"),
    [
        (coming(), (REPORT,), "Read the report", REPORT.link),
        (coming(), (ANNOUNCEMENT, REPORT), "Read the report", REPORT.link),
        (full(), (ANNOUNCEMENT,), "The announcement", ANNOUNCEMENT.link),
        (coming(), (), "Read the report", ""),
        (full(), (), "The announcement", ""),
        (full(), (REPORT,), "The announcement", ""),
        (item(), (REPORT,), "Read the report", ""),
    ],
)
def test_events_and_their_reports_lead_to_each_other(settings, one, related, words, leads_to):
    made = edition(settings, choice(settings, one, related=related))
    assert links(made).get(words, "") == leads_to
    assert (f"{words}:\n{leads_to}\n" in plain(made)) is bool(leads_to)


def test_an_event_with_a_report_is_over_and_for_no_calendar(settings):
    made = edition(settings, choice(settings, coming(), related=[REPORT]))
    assert "Add to calendar" not in made.html + made.plain


def test_addresses_that_begin_with_a_number_keep_their_order_in_arabic(settings):
    made = edition(settings, choice(settings, item(language="ar")), language="ar")
    assert "<bdi>1 Example Street, Exampleton</bdi>" in made.html


def test_labels_of_the_text_part_take_the_colon_of_their_language(settings):
    made = edition(settings, choice(settings, full("fr")), language="fr")
    labels = [line for line in plain(made).splitlines() if line.endswith(":")]
    assert len(labels) > 5
    assert all(label[-2] in "\u00a0\u202f" for label in labels)  # French keeps a space there
