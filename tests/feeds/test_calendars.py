"""Calendar files over many builds: their numbers, their addresses, what stays and what goes."""

import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html

from publisher.content import scan
from publisher.feeds import is_current

from .calendar_reader import events_of, read

START = "2026-05-01T09:00:00Z"
OWN = "en/events/summit.ics"
ALL = "en/events.ics"
YEAR = timedelta(days=366)


class Agenda:
    """A site with an event that an editor goes on changing."""

    def __init__(self, built) -> None:
        self.built = built
        self.facts = {"start": START, "place": "Hall 4"}

    def write(self, name="summit.en.md", title="Summit", more=None, **changes):
        self.facts |= changes
        said = ", ".join(f'{key}: "{value}"' for key, value in self.facts.items() if value)
        self.built.item(name, title, kind="event", event=f"{{{said}}}", **(more or {}))

    def build(self, *, now=None, **changes):
        """Write the event, build, and return it as its own calendar has it."""
        self.write(**changes)
        self.built.build(now=now or self.built.now)
        return self.own

    @property
    def own(self):
        (event,) = events_of(read(self.built.read(OWN)))
        return event

    @property
    def number(self) -> int:
        return int(self.own.raw("SEQUENCE"))

    def titles(self, path=ALL) -> list[str]:
        return [event.text("SUMMARY") for event in events_of(read(self.built.read(path)))]

    def lose(self, name: str) -> None:
        shutil.rmtree(self.built.site.root / name)


@pytest.fixture
def agenda(built):
    return Agenda(built)


def test_an_event_stands_in_its_own_calendar_and_in_that_of_its_language(agenda):
    agenda.write("vorher.ar.md", "قمة")
    assert agenda.build().text("SUMMARY") == "Summit"
    assert agenda.titles() == ["Summit"]
    assert agenda.titles("ar/events.ics") == ["قمة"]
    own = agenda.built.read(OWN)
    assert own[own.index(b"BEGIN:VEVENT") : own.rindex(b"END:VCALENDAR")] in agenda.built.read(ALL)


def test_only_events_stand_in_calendars_and_none_is_made_empty(agenda):
    agenda.built.item("a.en.md", "News")
    agenda.built.item("b.en.md", "Report", kind="event-report", event=f'{{start: "{START}"}}')
    agenda.built.item("c.en.md", "No start", kind="event")
    agenda.built.build()
    assert not list(agenda.built.feeds.rglob("*.ics"))


@pytest.mark.parametrize("facts", [{"status": "draft"}, {"status": "hold"}, {"date": "2026-04-01"}])
def test_what_is_not_published_is_in_no_calendar(agenda, facts):
    agenda.write(more=facts)
    agenda.built.build()
    assert not list(agenda.built.feeds.rglob("*.ics"))


def test_building_again_touches_no_calendar(agenda):
    agenda.build()
    before = agenda.built.everything()
    agenda.built.build(now=agenda.built.now + timedelta(hours=1))
    agenda.lose("var")
    agenda.built.build(now=agenda.built.now + timedelta(hours=2))
    assert agenda.built.everything() == before
    agenda.lose("feeds")
    agenda.built.build()
    after = agenda.built.everything()
    assert {path: data for path, (data, _) in after.items()} == {
        path: data for path, (data, _) in before.items()
    }


def test_an_event_that_did_not_change_keeps_its_time_stamp(agenda):
    agenda.write("other.en.md", "Other", place="Hall 5")
    agenda.build(place="Hall 4")
    past = time.time_ns() - 10**12
    os.utime(agenda.built.feeds / "en/events/other.ics", ns=(past, past))
    agenda.built.build()
    agenda.build(place="Hall 6")
    assert (agenda.built.feeds / "en/events/other.ics").stat().st_mtime_ns == past
    assert agenda.titles() == ["Other", "Summit"]


@pytest.mark.parametrize(
    "change",
    [
        {"start": "2026-05-02T09:00:00Z"},
        {"end": "2026-05-01T12:00:00Z"},
        {"place": "Hall 5"},
        {"city": "Amman"},
        {"country": "Jordan"},
        {"state": "moved"},
        {"state": "cancelled"},
    ],
)
def test_start_end_place_and_state_each_make_a_new_number(agenda, change):
    assert agenda.build().raw("SEQUENCE") == "0"
    assert agenda.build(**change).raw("SEQUENCE") == "1"
    agenda.built.build()
    assert agenda.number == 1


def test_words_make_no_new_number_and_reach_the_calendar(agenda):
    agenda.build()
    event = agenda.build(title="The summit", more={"summary": "What it is."})
    assert (event.text("SUMMARY"), event.raw("SEQUENCE")) == ("The summit", "0")
    assert event.text("DESCRIPTION").startswith("What it is.")


def test_numbers_grow_from_the_plan_to_the_end(agenda):
    steps = [{}, {"place": "Hall 5"}, {"state": "moved", "start": "2026-05-03T09:00:00Z"}]
    steps += [{"state": "cancelled"}, {"state": "planned"}]
    assert [int(agenda.build(**step).raw("SEQUENCE")) for step in steps] == [0, 1, 2, 3, 4]


def test_a_cancelled_event_stays_so_that_calendars_drop_it(agenda):
    agenda.build()
    event = agenda.build(state="cancelled")
    assert event.raw("STATUS") == "CANCELLED"
    (listed,) = events_of(read(agenda.built.read(ALL)))
    assert (listed.raw("STATUS"), listed.raw("SEQUENCE")) == ("CANCELLED", "1")


@pytest.mark.parametrize("lost", [["var"], ["feeds"]])
def test_a_number_outlives_the_memory_or_the_feeds(agenda, lost):
    agenda.build()
    agenda.build(place="Hall 5")
    for name in lost:
        agenda.lose(name)
    agenda.built.build()
    assert agenda.number == 1
    for name in lost:
        agenda.lose(name)
    assert agenda.build(place="Hall 6").raw("SEQUENCE") == "2"


def test_a_number_is_found_in_the_calendar_of_the_language_too(agenda):
    agenda.build()
    agenda.build(place="Hall 5")
    agenda.lose("var")
    (agenda.built.feeds / OWN).unlink()
    assert agenda.build(place="Hall 6").raw("SEQUENCE") == "2"


def test_with_both_lost_what_moved_or_was_cancelled_counts_as_changed_once(agenda):
    agenda.build()
    agenda.build(state="moved")
    agenda.lose("var")
    agenda.lose("feeds")
    agenda.built.build()
    assert agenda.number == 1


def test_an_event_that_comes_back_goes_on_counting(agenda):
    agenda.build()
    agenda.build(place="Hall 5")
    agenda.write(more={"status": "draft"})
    report = agenda.built.build()
    assert report.removed == (OWN,)
    assert not (agenda.built.feeds / "en/events").exists()
    assert agenda.build(place="Hall 6").raw("SEQUENCE") == "2"


def test_a_build_cut_short_before_it_could_remember_does_not_use_a_number_twice(agenda):
    agenda.build()
    memory = agenda.built.site.root / "var/feeds-memory.json"
    old = memory.read_bytes()
    agenda.build(place="Hall 5")
    memory.write_bytes(old)
    assert agenda.build(place="Hall 6").raw("SEQUENCE") == "2"
    memory.write_bytes(old)
    assert agenda.build(place="Hall 4").raw("SEQUENCE") == "3"


def test_a_calendar_that_lost_all_its_events_stays_and_can_be_read(agenda):
    agenda.build()
    agenda.write(more={"status": "draft"})
    agenda.built.build()
    assert agenda.titles() == []
    row = next(row for row in agenda.built.json("manifest.json")["feeds"] if row["path"] == ALL)
    assert row["entries"] == 0
    before = agenda.built.everything()
    agenda.lose("var")
    agenda.built.build(now=agenda.built.now + timedelta(days=1))
    assert agenda.built.everything() == before


def test_an_event_leaves_the_calendar_a_year_after_its_end_and_keeps_its_own(agenda):
    agenda.write("later.en.md", "Later", start="2026-06-01T09:00:00Z")
    agenda.build(start=START)
    over = datetime(2026, 5, 1, 9, tzinfo=UTC) + YEAR
    agenda.built.build(now=over - timedelta(minutes=1))
    assert agenda.titles() == ["Summit", "Later"]
    settings = agenda.built.site.settings
    stamp = scan(settings).stamp
    assert is_current(settings, stamp, over - timedelta(seconds=1))
    assert not is_current(settings, stamp, over)
    agenda.built.build(now=over)
    assert agenda.titles() == ["Later"]
    assert agenda.own.text("SUMMARY") == "Summit"
    assert is_current(settings, stamp, over)
    assert not is_current(settings, stamp, over - timedelta(minutes=1))
    agenda.built.build(now=over + YEAR)
    assert agenda.titles() == ["Later"]


def test_an_event_long_past_when_first_seen_has_no_calendar(agenda):
    agenda.write(start="2024-05-01T09:00:00Z")
    agenda.built.build()
    assert not list(agenda.built.feeds.rglob("*.ics"))
    assert ".ics" not in agenda.built.json("en/all.json")["items"][0]["content_html"]


def test_an_older_address_goes_on_working_and_says_the_same(agenda):
    agenda.build()
    agenda.write(more={"slug": "world-summit"}, place="Hall 5")
    agenda.built.build()
    new = agenda.built.read("en/events/world-summit.ics")
    assert agenda.built.read(OWN) == new
    assert agenda.number == 1
    agenda.lose("var")
    agenda.write(more={"slug": "world-summit"}, place="Hall 6")
    agenda.built.build()
    assert agenda.number == 2
    assert agenda.built.read(OWN) == agenda.built.read("en/events/world-summit.ics")
    assert agenda.titles() == ["Summit"]
    agenda.lose("feeds")
    agenda.built.build()
    assert agenda.number == 2


def test_a_withdrawn_event_takes_its_file_along_even_without_memory(agenda):
    agenda.write("other.en.md", "Other")
    agenda.build()
    (agenda.built.site.root / "content/summit.en.md").unlink()
    agenda.lose("var")
    assert agenda.built.build().removed == (OWN,)
    assert agenda.titles() == ["Other"]


def test_calendars_of_others_in_the_folder_stay(agenda):
    agenda.build()
    agenda.built.write("feeds/en/events/mine.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    agenda.built.build()
    assert (agenda.built.feeds / "en/events/mine.ics").is_file()


def test_a_calendar_that_somebody_changed_is_put_right(agenda):
    agenda.build()
    right = agenda.built.read(OWN), agenda.built.read(ALL)
    for path in (OWN, ALL):
        (agenda.built.feeds / path).write_bytes(b"graffiti")
    agenda.built.build()
    assert (agenda.built.read(OWN), agenda.built.read(ALL)) == right


def test_the_manifest_says_when_the_calendar_last_changed(agenda):
    agenda.build()
    later = agenda.built.now + timedelta(hours=2)
    agenda.built.item("news.en.md", "News")
    agenda.built.build(now=later)
    rows = {row["path"]: row for row in agenda.built.json("manifest.json")["feeds"]}
    assert rows[ALL]["changed"] == agenda.built.now.isoformat()
    assert (rows[ALL]["entries"], rows[ALL]["language"]) == (1, "en")
    agenda.build(now=later, place="Hall 5")
    rows = {row["path"]: row for row in agenda.built.json("manifest.json")["feeds"]}
    assert rows[ALL]["changed"] == later.isoformat()
    assert OWN not in rows


def test_the_pages_link_the_calendar_of_each_language_that_has_one(agenda):
    agenda.built.item("a.ar.md", "أ")
    agenda.build()
    for name, target in (("index.html", ALL), ("en/index.html", "../en/events.ics")):
        page = html.fromstring(agenda.built.read(name).decode())
        links = [node for node in page.iter("a") if node.get("type") == "text/calendar"]
        assert [node.get("href") for node in links] == [target]
        assert links[0].text == "Events for your calendar"
        assert ((agenda.built.feeds / name).parent / target).resolve().is_file()
    assert b".ics" not in agenda.built.read("ar/index.html")
    assert b".ics" not in agenda.built.read("feeds.opml")


def test_a_correction_and_changed_settings_reach_the_calendar(agenda):
    agenda.build()
    event = agenda.build(more={"correction": "It begins at nine."})
    assert "Correction: It begins at nine." in event.text("DESCRIPTION")
    toml = (agenda.built.site.root / "publisher.toml").read_text(encoding="utf-8")
    agenda.built.site.configure(toml.replace("https://example.org", "https://new.example.org"))
    agenda.built.build()
    assert agenda.own.raw("URL").startswith("https://new.example.org/")
    assert agenda.number == 0


def test_a_thousand_events_are_one_calendar_and_one_more_writes_only_its_own(built):
    for n in range(1000):
        day = datetime(2026, 4, 1, 9, tzinfo=UTC) + timedelta(hours=n)
        built.item(f"e{n}.en.md", f"Event {n}", kind="event", event=f"{{start: {day.isoformat()}}}")
    built.build()
    events = events_of(read(built.read(ALL)))
    assert len(events) == 1000
    starts = [event.when("DTSTART") for event in events]
    assert starts == sorted(starts)
    built.item("e7.en.md", "Event seven", kind="event", event='{start: "2026-04-01"}')
    changed = [path for path in built.build().changed if path.endswith(".ics")]
    assert sorted(changed) == [ALL, "en/events/e7.ics"]
    assert len(events_of(read(built.read(ALL)))) == 1000
