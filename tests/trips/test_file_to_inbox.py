"""A file becomes a mail: once, to whom it concerns, in their language, and never when it is old.

The weekly digest of the small site leaves on Tuesdays at 07:00 London time.
"""

import pytest

MONDAY, TUESDAY, NEXT_TUESDAY = (
    "2026-03-02T12:00:00Z",
    "2026-03-03T07:00:30Z",
    "2026-03-10T07:00:30Z",
)


def plain(message):
    return message.get_body(("plain",)).get_content()


def html(message):
    return message.get_body(("html",)).get_content()


@pytest.fixture
def bilingual(journey):
    """A site begun on Monday with one English and one Arabic reader."""
    journey.at(MONDAY).publisher("send")
    journey.reader("emma@example.org", "en")
    journey.reader("layla@example.org", "ar")
    return journey


def publish_summit(journey):
    journey.site.item("summit.en.md", "Summit opens", date="2026-03-02T10:00:00Z")
    journey.site.write("content/summit.ar.md", "---\ntitle: افتتاح القمة\n---\nنص الخبر.\n")


def test_each_reader_gets_one_mail_in_their_language(bilingual):
    publish_summit(bilingual)
    assert bilingual.at(TUESDAY).publisher("send") == 0
    (english,), (arabic,) = bilingual.inbox("emma@"), bilingual.inbox("layla@")
    assert "Summit opens" in plain(english)
    assert "افتتاح القمة" in plain(arabic)
    assert arabic["Content-Language"] == "ar"
    assert 'dir="rtl"' in html(arabic)
    assert 'dir="rtl"' not in html(english).partition("<body")[0]
    assert "https://news.example.org/u/" in english["List-Unsubscribe"]
    assert english["List-Unsubscribe"] != arabic["List-Unsubscribe"]


def test_sending_again_sends_nothing(bilingual):
    publish_summit(bilingual)
    for _ in range(3):
        assert bilingual.at(TUESDAY).publisher("send") == 0
    assert len(bilingual.inbox()) == 2


def test_sending_at_once_from_four_processes_sends_nothing_twice(bilingual):
    publish_summit(bilingual)
    for number in range(40):
        bilingual.reader(f"reader{number}@example.org")
    bilingual.at(TUESDAY)
    senders = [bilingual.start("send") for _ in range(4)]
    assert [sender.wait().code for sender in senders] == [0, 0, 0, 0]
    assert bilingual.publisher("send") == 0
    everybody = [str(message["To"]) for message in bilingual.inbox()]
    assert len(everybody) == len(set(everybody)) == 42


def test_nothing_new_means_no_mail(bilingual):
    publish_summit(bilingual)
    bilingual.at(TUESDAY).publisher("send")
    bilingual.at(NEXT_TUESDAY).publisher("send")
    assert len(bilingual.inbox()) == 2


def test_importing_five_hundred_old_items_mails_nobody_anything_old(bilingual):
    for number in range(500):
        bilingual.site.item(f"old/item-{number}.en.md", f"Old {number}", date="2025-10-01")
    bilingual.site.item("new.en.md", "New", date="2026-03-02T10:00:00Z")
    bilingual.at(TUESDAY).publisher("send")
    (mail,) = bilingual.inbox("emma@")
    assert "New" in plain(mail)
    assert "Old" not in plain(mail)


def test_a_language_added_to_every_item_mails_nobody_anything_twice(bilingual):
    for number in range(5):
        bilingual.site.item(f"item-{number}.en.md", f"Item {number}", date="2026-03-02T10:00:00Z")
    bilingual.at(MONDAY).publisher("send")
    bilingual.at(TUESDAY).publisher("send")
    # Layla waits three days for Arabic, and then has each item in English.
    bilingual.at(NEXT_TUESDAY).publisher("send")
    assert len(bilingual.inbox("layla@")) == len(bilingual.inbox("emma@")) == 1
    for number in range(5):
        bilingual.site.write(
            f"content/item-{number}.ar.md", f"---\ntitle: خبر {number}\n---\nنص.\n"
        )
        bilingual.site.write(
            f"content/item-{number}.fr.md", f"---\ntitle: Nouvelle {number}\n---\nT.\n"
        )
    bilingual.at("2026-03-11T12:00:00Z").publisher("send")
    bilingual.at("2026-03-17T07:00:30Z").publisher("send")
    assert len(bilingual.inbox("layla@")) == len(bilingual.inbox("emma@")) == 1


def test_a_folder_renamed_before_a_slot_mails_nobody_anything_twice(bilingual):
    content = bilingual.site.root / "content"
    for number in range(5):
        bilingual.site.item(
            f"2026/item-{number}.en.md", f"Item {number}", "2026-03-02T10:00:00Z", f"Text {number}."
        )
    bilingual.at(MONDAY).publisher("build")
    bilingual.at(TUESDAY).publisher("send")
    (content / "2026").rename(content / "march")
    bilingual.at("2026-03-09T12:00:00Z").publisher("build")
    bilingual.at(NEXT_TUESDAY).publisher("send")
    bilingual.at("2026-03-17T07:00:30Z").publisher("send")
    assert len(bilingual.inbox("emma@")) == 1


def test_a_suppressed_reader_is_sent_nothing(bilingual):
    publish_summit(bilingual)
    assert bilingual.publisher("subscribers", "suppress", "emma@example.org") == 0
    bilingual.at(TUESDAY).publisher("send")
    assert [str(message["To"]) for message in bilingual.inbox()] == ["layla@example.org"]


def test_a_slot_missed_by_a_night_waits_for_the_next(bilingual):
    publish_summit(bilingual)
    bilingual.at("2026-03-03T20:00:00Z").publisher("send")
    assert bilingual.inbox() == []
    bilingual.at(NEXT_TUESDAY).publisher("send")
    assert len(bilingual.inbox("emma@")) == 1
