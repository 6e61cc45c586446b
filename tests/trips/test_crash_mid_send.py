"""The process is ended at one commit or rename after another; nobody is lost, nobody gets two."""

import pytest

READERS = 8


@pytest.fixture
def due(journey):
    """A site with an edition due for a dozen readers."""
    journey.at("2026-03-02T12:00:00Z").publisher("send")
    for number in range(READERS):
        journey.reader(f"reader{number}@example.org", "ar" if number % 2 else "en")
    journey.site.item("summit.en.md", "Summit opens", date="2026-03-02T10:00:00Z")
    journey.site.write("content/summit.ar.md", "---\ntitle: افتتاح القمة\n---\nنص الخبر.\n")
    return journey.at("2026-03-03T07:00:30Z")


@pytest.mark.slow
@pytest.mark.parametrize("every", [6, 9])
def test_a_send_that_is_killed_again_and_again_reaches_everybody_once(due, every):
    code, tries = 9, 0
    while code == 9 and tries < 200:
        due.at(f"2026-03-03T07:{tries // 6:02}:{tries % 6}5Z")  # clocks go on, also over a crash
        # One step further each time, so that each kind of step is cut off in turn.
        code = due.start("send", PUBLISHER_CRASH_AT=str(every + tries % 5)).wait().code
        tries += 1
    assert code == 0
    assert tries > 3
    assert due.publisher("send") == 0
    everybody = [str(message["To"]) for message in due.inbox()]
    assert sorted(everybody) == sorted({f"reader{n}@example.org" for n in range(READERS)})
    assert not any((due.site.root / "outbox" / "tmp").iterdir())


def test_a_repeat_is_the_same_bytes_whatever_was_set_meanwhile(due):
    assert due.start("send", PUBLISHER_CRASH_AT="24").wait().code == 9
    before = {message["Message-ID"]: message.as_bytes() for message in due.inbox()}
    assert before
    toml = (due.site.root / "publisher.toml").read_text(encoding="utf-8")
    moved = toml.replace("news.example.org", "moved.example.org").replace("1 Example", "2 Other")
    due.site.configure(moved)
    assert due.at("2026-03-03T07:05:00Z").publisher("send") == 0
    after = {message["Message-ID"]: message.as_bytes() for message in due.inbox()}
    assert len(after) == READERS
    assert {name: after[name] for name in before} == before
    assert not any(b"moved.example.org" in message for message in after.values())
