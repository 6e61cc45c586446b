from datetime import timedelta

import pytest

from publisher.content import open_library


def write_event(
    site, path, kind, when="2026-05-01T10:00:00Z", date="2026-02-01T10:00:00Z", **facts
):
    inside = ", ".join(f'{name}: "{value}"' for name, value in {"start": when, **facts}.items())
    site.item(path, path, date=date, kind=kind, event=f"{{{inside}}}")


def related(site, now, key, language="en"):
    library = open_library(site.settings, now=now)
    return [one.key for one in library.related(library.find(key, language), now)]


@pytest.mark.parametrize(
    "shared",
    [
        {"url": "https://example.org/summit"},
        {"place": "City Hall"},
        {"city": "Amman"},
    ],
)
def test_event_and_its_report_find_each_other_by_day_and_page_place_or_city(site, now, shared):
    write_event(site, "plan.en.md", "event", **shared)
    write_event(site, "told.en.md", "event-report", when="2026-05-01", **shared)
    assert related(site, now, "plan") == ["told"]
    assert related(site, now, "told") == ["plan"]


def test_place_and_city_are_compared_without_case_and_spaces(site, now):
    write_event(site, "plan.en.md", "event", city="AMMAN")
    write_event(site, "told.en.md", "event-report", city=" amman ")
    assert related(site, now, "plan") == ["told"]


@pytest.mark.parametrize(
    "other",
    [
        {"city": "Amman", "when": "2026-05-02T10:00:00Z"},
        {"city": "Oslo"},
        {"city": ""},
    ],
)
def test_another_day_or_town_is_another_event(site, now, other):
    write_event(site, "plan.en.md", "event", city="Amman")
    write_event(site, "told.en.md", "event-report", **other)
    assert related(site, now, "plan") == []


def test_only_items_of_the_same_language_are_related(site, now):
    write_event(site, "plan.en.md", "event", city="Amman")
    write_event(site, "plan.ar.md", "event", city="عمّان")
    write_event(site, "told.en.md", "event-report", city="Amman")
    assert related(site, now, "plan", "ar") == []


def test_two_events_of_one_day_in_one_town_keep_their_own_reports(site, now):
    write_event(site, "one.en.md", "event", city="London", url="https://example.org/1")
    write_event(site, "two.en.md", "event", city="London", url="https://example.org/2/")
    write_event(site, "of-two.en.md", "event-report", city="London", url="https://example.org/2")
    assert related(site, now, "two") == ["of-two"]
    assert related(site, now, "one") == []
    assert related(site, now, "of-two") == ["two"]


def test_day_is_the_one_at_the_place_of_the_event(site, now):
    write_event(site, "plan.en.md", "event", when="2026-05-02T01:00:00+09:00", city="Seoul")
    write_event(site, "told.en.md", "event-report", when="2026-05-02", city="Seoul")
    assert related(site, now, "plan") == ["told"]


def test_reports_come_newest_first_and_five_at_most(site, now):
    write_event(site, "plan.en.md", "event", city="Oslo")
    for number in range(7):
        date = f"2026-02-1{number}T10:00:00Z"
        write_event(site, f"told-{number}.en.md", "event-report", date=date, city="Oslo")
    assert related(site, now, "plan") == [f"told-{number}" for number in (6, 5, 4, 3, 2)]


def test_report_is_related_from_its_own_date_on_and_only_when_ready(site, now):
    write_event(site, "plan.en.md", "event", city="Oslo")
    write_event(site, "told.en.md", "event-report", date="2026-03-02T13:00:00Z", city="Oslo")
    site.item(
        "draft.en.md",
        "D",
        kind="event-report",
        status="draft",
        event="{start: 2026-05-01, city: Oslo}",
    )
    assert related(site, now, "plan") == []
    assert related(site, now + timedelta(hours=1), "plan") == ["told"]


def test_an_item_without_event_has_no_relations(site, now):
    site.item("news.en.md", "N")
    write_event(site, "told.en.md", "event-report", city="Oslo")
    assert related(site, now, "news") == []
