from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.content.item import Author, Download, Event, EventState, Image, Kind, Translation
from publisher.feeds.entry import Alternate, make_entry

from .shelf import ARABIC, configure, make_body, make_item


@pytest.fixture
def entry_of(site, now):
    def make(item, body=None, translations=(), related=(), calendar=""):
        body = body or make_body()
        return make_entry(item, body, translations, site.settings, now, related, calendar)

    return make


def test_the_id_is_the_items_own(entry_of):
    assert entry_of(make_item(id="0123")).id == "0123"


def test_an_entry_is_the_same_each_time(entry_of):
    item = make_item("a", "ar", translation=Translation("en", True))
    assert entry_of(item, translations=(make_item("a"),)) == entry_of(
        item, translations=(make_item("a"),)
    )


def test_a_change_in_the_future_is_not_yet_a_change(entry_of, now):
    item = make_item(updated=now + timedelta(days=1))
    assert entry_of(item).updated == item.date


def test_a_change_in_the_past_is_told(entry_of, now):
    item = make_item(updated=now - timedelta(hours=1))
    entry = entry_of(item)
    assert (entry.published, entry.updated) == (item.date, item.updated)


def test_an_events_date_is_not_the_entrys_date(entry_of):
    start = datetime(2027, 5, 1, tzinfo=UTC)
    item = make_item(event=Event(start, None, True))
    assert entry_of(item).published == item.date


def test_an_event_tells_its_dates_and_place_in_the_text(entry_of):
    event = Event(
        datetime(2026, 9, 18, 23, tzinfo=UTC),
        datetime(2026, 9, 20, 23, tzinfo=UTC),
        is_whole_day=True,
        place="Hall 4",
        city="New York",
        url="https://example.org/register",
        state=EventState.MOVED,
    )
    html = entry_of(make_item(event=event)).html
    assert "19–21 September 2026" in html
    assert "Hall 4, New York" in html
    assert 'href="https://example.org/register"' in html
    assert "moved" in html


def test_an_arabic_text_stands_in_a_block_that_says_so(entry_of):
    html = entry_of(make_item(language="ar"), make_body('<p dir="rtl">نص</p>')).html
    assert html == '<div dir="rtl" lang="ar"><p dir="rtl">نص</p></div>'


def test_a_machine_translation_says_so_in_its_language_and_links_the_original(entry_of):
    item = make_item(language="ar", translation=Translation("en", True))
    html = entry_of(item, translations=(make_item(language="fr"), make_item())).html
    notice = html.partition("</p>")[0]
    assert 'href="https://example.org/en/summit/"' in notice
    assert "آلي" in notice


def test_a_human_translation_carries_no_notice(entry_of):
    item = make_item(language="ar", translation=Translation("en", False))
    assert entry_of(item, translations=(make_item(),)).html.count("href") == 0


def test_downloads_are_enclosures_and_listed_in_the_text(entry_of):
    report = Download("https://example.org/f/تقرير.pdf", "Report", "application/pdf", 1_234_567)
    entry = entry_of(make_item(downloads=(report,)))
    url = "https://example.org/f/%D8%AA%D9%82%D8%B1%D9%8A%D8%B1.pdf"
    assert [(e.url, e.type, e.size) for e in entry.enclosures] == [
        (url, "application/pdf", 1_234_567)
    ]
    assert f'<a href="{url}">Report</a>' in entry.html
    assert "PDF, 1.2" in entry.html


def test_translations_come_with_their_languages(entry_of):
    entry = entry_of(make_item(), translations=(make_item(language="ar"),))
    assert entry.translations == (Alternate("ar", "https://example.org/ar/summit/", ARABIC),)


def test_a_picture_stands_in_the_text_once(entry_of):
    image = Image("https://example.org/a.png", 'A "fine" view', 640, 480)
    item = make_item(image=image)
    assert entry_of(item).html.count("<img") == 1
    shown = make_body('<p><img src="https://example.org/a.png" alt=""></p>')
    assert entry_of(item, shown).html.count("<img") == 1


def test_a_video_becomes_a_link(entry_of):
    html = entry_of(make_item(video="https://video.example/w?v=1&t=2")).html
    assert '<a href="https://video.example/w?v=1&amp;t=2">' in html


def test_authors_without_a_name_are_left_out(entry_of):
    entry = entry_of(make_item(authors=(Author(" "), Author("Ann", "not an address"))))
    assert entry.authors == (Author("Ann"),)


def test_categories_have_names_in_the_entrys_language(entry_of):
    entry = entry_of(make_item(language="ar", categories=("prevention", "unnamed")))
    assert entry.categories == (("prevention", "الوقاية"), ("unnamed", "unnamed"))


def test_a_site_may_offer_summaries_only(site, now):
    configure(site, content="summary")
    body = make_body("<p>The long text.</p>", summary="A <short> one.")
    entry = make_entry(make_item(), body, (), site.settings, now)
    assert entry.html == '<div dir="ltr" lang="en"><p dir="ltr">A &lt;short&gt; one.</p></div>'


@pytest.mark.parametrize("facts", [{"title": "\x00 "}, {"id": ""}, {"link": "/en/summit"}])
def test_an_item_that_no_feed_can_hold_is_refused(entry_of, facts):
    with pytest.raises(ValueError, match="no title, no id or no address"):
        entry_of(make_item(**facts))


EVENT = Event(datetime(2026, 9, 18, 9, tzinfo=UTC), None, False)
CALENDAR = "https://news.example.org/feeds/en/events/summit.ics"


def test_a_correction_stands_before_all_else(entry_of):
    item = make_item(correction="It is <8> & not 9.", translation=Translation("ar", True))
    html = entry_of(item).html
    first = '<div dir="ltr" lang="en"><p dir="ltr"><strong>Correction:</strong> It is &lt;8&gt; &amp; not 9.</p>'
    assert html.startswith(first)


def test_a_correction_is_in_the_items_language_and_direction(entry_of):
    html = entry_of(make_item(language="ar", correction="تبدأ الساعة التاسعة.")).html
    head = html[: html.index("</p>")]
    assert head.startswith('<div dir="rtl" lang="ar"><p dir="rtl"><strong>')
    assert head.endswith(":</strong> تبدأ الساعة التاسعة.")


def test_an_item_without_correction_says_nothing_of_one(entry_of):
    assert "Correction" not in entry_of(make_item()).html


def test_an_event_links_its_calendar(entry_of):
    html = entry_of(make_item(kind=Kind.EVENT, event=EVENT), calendar=CALENDAR).html
    assert f'<a href="{CALENDAR}">Add to calendar</a>' in html
    assert "calendar" not in entry_of(make_item(kind=Kind.EVENT, event=EVENT)).html


def test_nobody_is_asked_to_add_a_cancelled_event(entry_of):
    event = replace(EVENT, state=EventState.CANCELLED)
    html = entry_of(make_item(kind=Kind.EVENT, event=event), calendar=CALENDAR).html
    assert "This event is cancelled." in html
    assert CALENDAR not in html


@pytest.mark.parametrize(
    ("kind", "label"), [(Kind.EVENT, "Read the report"), (Kind.EVENT_REPORT, "The announcement")]
)
def test_an_event_and_its_report_end_with_a_link_to_each_other(entry_of, kind, label):
    html = entry_of(make_item(kind=kind, event=EVENT), related=(make_item("other"),)).html
    assert html.endswith(
        f'<p dir="ltr"><a href="https://example.org/en/other/">{label}</a></p></div>'
    )


def test_several_reports_are_told_apart_by_their_titles(entry_of):
    reports = (make_item("one", title="One & two"), make_item("three", title="Three"))
    html = entry_of(make_item(kind=Kind.EVENT, event=EVENT), related=reports).html
    assert 'Read the report:<br><a href="https://example.org/en/one/">One &amp; two</a><br>' in html
    assert '<a href="https://example.org/en/three/">Three</a>' in html
