import subprocess
import sys
from datetime import UTC, datetime

import pytest

from publisher.content.item import Event, Kind
from publisher.feeds import calendar_url
from publisher.feeds.calendar_address import calendar_path, event_of

from .shelf import configure, make_item

EVENT = Event(datetime(2026, 5, 1, 9, tzinfo=UTC), None, False)


def test_an_event_has_a_calendar_file_of_its_own(site):
    item = make_item(kind=Kind.EVENT, event=EVENT)
    assert (
        calendar_url(site.settings, item) == "https://news.example.org/feeds/en/events/summit.ics"
    )


@pytest.mark.parametrize(
    "facts", [{}, {"kind": Kind.EVENT_REPORT, "event": EVENT}, {"kind": Kind.EVENT}]
)
def test_what_is_no_event_has_none(site, facts):
    item = make_item(**facts)
    assert event_of(item) is None
    assert calendar_url(site.settings, item) == ""


def test_the_address_is_where_the_feeds_are_and_in_ascii(site):
    configure(site, url="https://feeds.example.org/f")
    item = make_item(slug="قمة", language="ar", kind=Kind.EVENT, event=EVENT)
    url = calendar_url(site.settings, item)
    assert url == "https://feeds.example.org/f/ar/events/%D9%82%D9%85%D8%A9.ics"


@pytest.mark.parametrize("slug", ["..", ".hidden", "a/b", "a\\b", "a\nb", "م" * 120, ""])
def test_a_slug_that_is_no_name_of_a_file_is_replaced(slug):
    item = make_item(slug=slug, kind=Kind.EVENT, event=EVENT)
    path = calendar_path(item)
    name = path.removeprefix("en/events/")
    assert len(name) == len("0123456789abcdef.ics")
    assert path == calendar_path(item)
    assert path != calendar_path(make_item("other", slug=slug, kind=Kind.EVENT, event=EVENT))


def test_asking_for_the_address_needs_nothing_heavy():
    code = (
        "import sys; from publisher.feeds import calendar_url\n"
        "heavy = {'feedgen', 'lxml', 'jinja2', 'babel', 'pydantic', 'publisher.feeds.entry'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
