"""`publisher digest approve, hold, release, cancel, extra`, and what `queue` says of it all."""

import pytest

from tests.cli.conftest import AT_SLOT, BEFORE_SLOT, EARLIER

DRAFTS = 'at = "Tue 07:00"\napprove = "editor"'
NIGHT = "2026-03-03T20:00:00Z"  # 13 hours late


@pytest.fixture
def desk(site, publisher, once):
    """An editor's desk: a site with two items, two readers, and a digest that has started."""

    def start() -> None:
        site.item("a.en.md", "Alpha")
        site.item("أخبار.ar.md", "خبر")
        for name, tags in (("one", "en"), ("two", "ar")):
            ran = publisher(
                "subscribers",
                "add",
                f"{name}@example.org",
                "--lang",
                tags,
                "--consent",
                "agreed",
                at=EARLIER,
            )
            assert ran.code == 0, ran.err
        assert publisher("send", at=EARLIER).code == 0

    once(start)
    return publisher


def configure(site, wanted: str) -> None:
    toml = (site.root / "publisher.toml").read_text(encoding="utf-8")
    site.configure(toml.replace('at = "Tue 07:00"', wanted))


# Before the slot.


@pytest.mark.parametrize(
    ("what", "words", "queued", "sent"),
    [
        ("hold", "held: at its slot it freezes and waits", "held: it freezes at its slot", "held;"),
        ("cancel", "cancelled: nothing goes out", "cancelled: nothing goes out then", "cancelled"),
    ],
)
def test_a_slot_to_come_is_decided_on_and_taken_back(desk, what, words, queued, sent):
    ran = desk("digest", what, "weekly")
    assert ran.code == 0
    assert f"weekly, edition of 2026-03-03T07:00: {words}" in ran.out
    assert "that is Tue 2026-03-03 07:00 GMT" in ran.out
    assert queued in desk("queue").out
    state = {"hold": "held", "cancel": "cancelled"}[what]
    assert desk("queue", "--json").json["digests"][0]["decisions"] == {"2026-03-03T07:00": state}
    assert "released: it goes out at its slot" in desk("digest", "release", "weekly").out
    assert desk("queue", "--json").json["digests"][0]["decisions"] == {}
    desk("digest", what, "weekly")
    assert sent in desk("send", at=AT_SLOT).out


def test_approved_beforehand_no_draft_is_made(site, desk):
    configure(site, DRAFTS)
    ran = desk("digest", "approve", "weekly", "2026-03-03")
    assert ran.code == 0
    assert "approved: it goes out at its slot" in ran.out
    assert "is approved: it goes out at its slot" in desk("queue").out
    assert "2 sent" in desk("send", at=AT_SLOT).out


def test_a_hold_that_is_released_leaves_a_draft_where_editors_approve(site, desk):
    configure(site, DRAFTS)
    desk("digest", "hold", "weekly")
    assert "at its slot it is a draft" in desk("digest", "release", "weekly").out


# At the slot and after.


def test_a_draft_is_shown_and_approved(site, desk):
    configure(site, DRAFTS)
    ran = desk("send", at=AT_SLOT)
    assert "a draft; publisher digest approve weekly sends it" in ran.out
    assert "0 sent" in ran.out
    said = desk("queue", at=AT_SLOT).out
    assert "the edition of 2026-03-03T07:00 is draft: publisher digest approve weekly" in said
    edition = desk("queue", "--json", at=AT_SLOT).json["digests"][0]["editions"][0]
    assert (edition["state"], edition["slot"]) == ("draft", "2026-03-03T07:00")
    ran = desk("digest", "approve", "weekly", at=AT_SLOT)
    assert "weekly, edition of 2026-03-03T07:00: goes to 2 readers" in ran.out
    assert "2 sent" in desk("send", at=AT_SLOT).out
    again = desk("digest", "approve", "weekly", at=AT_SLOT)
    assert again.code == 1
    assert "weekly has no draft to approve" in again.err
    assert "name it: publisher digest approve weekly 2026-03-10T07:00" in again.err


def test_held_and_released_and_cancelled_after_the_slot(site, desk):
    configure(site, 'at = "Tue 07:00"\ndelay = "10m"')
    assert "2 waiting" in desk("send", at=AT_SLOT).out
    ran = desk("digest", "hold", "weekly", at=AT_SLOT)
    assert "weekly, edition of 2026-03-03T07:00: held" in ran.out
    assert "publisher digest release weekly 2026-03-03T07:00 lets it go on" in ran.out
    assert "an editor holds it; publisher digest release weekly" in desk("queue", at=AT_SLOT).out
    assert "0 sent" in desk("send", at="2026-03-03T08:00:00Z").out
    ran = desk("digest", "release", "weekly", at="2026-03-03T08:00:00Z")
    assert "goes to 2 readers" in ran.out
    ran = desk("digest", "cancel", "weekly", at="2026-03-03T08:01:00Z")
    assert "cancelled; nobody gets it, and its items wait for the next edition" in ran.out
    assert "2 items for 2 readers" in desk("send", at="2026-03-10T07:10:30Z").out


def test_cancelled_too_late_it_says_who_has_it(desk, site):
    configure(site, 'at = "Tue 07:00"\n')
    assert "2 sent" in desk("send", at=AT_SLOT).out
    ran = desk("digest", "cancel", "weekly", "2026-03-03", at=AT_SLOT)
    assert ran.code == 1
    assert "edition of 2026-03-03T07:00 is sent and cannot become cancelled" in ran.err
    assert "all of it has left; publisher digest extra tells readers of a correction" in ran.err


def test_a_missed_edition_is_released(desk):
    assert "missed, more than 6 hours late" in desk("send", at=NIGHT).out
    assert "is missed: its items wait for the next one" in desk("queue", at=NIGHT).out
    assert "goes to 2 readers" in desk("digest", "release", "weekly", at=NIGHT).out
    assert "2 sent" in desk("send", at=NIGHT).out


# Names that are not there.


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("hold", "dayly"), 2, "weekly"),
        (("hold", "weekly", "soon"), 1, '"soon" is not a slot'),
        (("hold", "weekly", "2026-03-04"), 1, "the next slots are: 2026-03-03T07:00"),
        (("release", "weekly"), 1, "no edition that is held or was missed"),
        (("approve", "weekly", "2026-03-03"), 1, "weekly needs no approval"),
        (("hold",), 2, "NAME"),
    ],
)
def test_what_cannot_be_meant_is_told_what_could(desk, words, code, said):
    ran = desk("digest", *words)
    assert ran.code == code
    assert said in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("slot", ["2026-03-29T07:00", "2026-03-29 07:00", "2026-03-29"])
def test_a_slot_may_be_written_in_several_ways(site, desk, slot):
    configure(site, 'at = "Sun 07:00"')
    ran = desk("digest", "hold", "weekly", slot)
    assert "edition of 2026-03-29T07:00: held" in ran.out
    assert "Sun 2026-03-29 07:00 BST" in ran.out


# Extra editions.


@pytest.mark.parametrize("word", ["a", "content/a.en.md", "أخبار", "content/أخبار.ar.md"])
def test_an_item_is_named_by_key_or_file(desk, word):
    ran = desk("digest", "extra", "weekly", word)
    assert ran.code == 0, ran.err
    assert "weekly, extra edition of 2026-03-02T12:00: 1 item for" in ran.out
    assert "extra edition of 2026-03-02T12:00 is sending" in desk("queue").out
    assert desk("queue", "--json").json["digests"][0]["editions"][0]["extra"] is True
    assert " sent, 0 failed" in desk("send").out


def test_named_twice_it_stands_once_and_goes_to_nobody_again(desk):
    assert "1 item for 2 readers" in desk("digest", "extra", "weekly", "a", "content/a.en.md").out
    ran = desk("digest", "extra", "weekly", "a")
    assert ran.code == 0
    assert "nobody gets it" in ran.out
    assert "publisher explain" in ran.err


@pytest.mark.parametrize(
    ("item", "facts", "said"),
    [
        ("b", {"status": "draft"}, "b is not published: its status is draft"),
        ("b", {"status": "hold"}, "b is not published: its status is hold"),
        ("b", {"date": "2026-03-09T10:00:00Z"}, "its date, 2026-03-09 10:00 UTC, is still to come"),
        ("alpa", {}, 'no item is called "alpa"'),
        ("content/a.fr.md", {}, 'no item is called "content/a.fr.md"'),
        ("../a.en.md", {}, "no item is called"),
    ],
)
def test_what_is_not_published_cannot_be_sent(site, desk, item, facts, said):
    site.item("b.en.md", "B", **facts)
    ran = desk("digest", "extra", "weekly", item)
    assert ran.code == 1
    assert said in ran.err
    assert desk("queue", "--json").json["digests"][0]["editions"] == []


def test_a_near_key_is_proposed(site, desk):
    site.item("2026/summit.en.md", "Summit")
    assert "did you mean 2026/summit?" in desk("digest", "extra", "weekly", "2026/sumit").err


@pytest.mark.parametrize(
    ("at", "code", "said"),
    [
        ("2026-03-04 16:00", 0, "that is Wed 2026-03-04 16:00 GMT"),
        ("2026-03-04T16:00", 0, "that is Wed 2026-03-04 16:00 GMT"),
        ("2026-03-04T16:00+02:00", 0, "that is Wed 2026-03-04 14:00 GMT"),
        ("2026-03-02 11:00", 2, "is past; leave --at out to send now"),
        ("tomorrow", 2, "is not a time; write for instance"),
    ],
)
def test_an_hour_may_be_said(desk, at, code, said):
    ran = desk("digest", "extra", "weekly", "a", "--at", at)
    assert ran.code == code
    assert said in (ran.err if code else ran.out)
    assert desk("send").out.startswith("0 sent")


def test_where_each_readers_hour_counts_it_says_so(site, desk):
    configure(site, 'at = "Tue 07:00"\nzone = "subscriber"')
    ran = desk("digest", "extra", "weekly", "a", "--at", "2026-03-04 16:00")
    assert "each reader at that hour of their own" in ran.out
    assert "each reader's own zone" in desk("queue").out


# The queue.


def test_the_queue_says_what_waits_for_which_language_and_what_returns(site, desk):
    site.item("b.en.md", "Beta", date="2026-03-02T11:00:00Z")
    start = "{start: 2026-03-12T10:00:00Z}"
    site.item("c.en.md", "Summit", date="2026-03-01T12:00:00Z", kind="event", event=start)
    assert "2 sent" in desk("send", at=AT_SLOT).out
    said = desk("queue", at="2026-03-03T12:00:00Z").out
    assert "ar (waits for ar until Thu 2026-03-05 11:00, else in en)" in said
    assert "edition of Tue 2026-03-10 07:00 (Europe/London)" in said
    assert "en (once more)" in said
    waiting = desk("queue", "--json", at="2026-03-03T12:00:00Z").json["digests"][0]["waiting"]
    by_key = {each["key"]: each["readers"] for each in waiting}
    assert [one["reader"] for one in by_key["a"]] == ["ar", "fr"]
    assert by_key["a"][0]["waits_until"].startswith("2026-03-05T11:00:")
    assert [one["returns"] for one in by_key["c"] if one["reader"] == "en"] == [True]


def test_looking_decides_nothing(desk):
    before = desk("queue", "--json").json["digests"]
    assert desk("digest", "hold", "weekly", "2026-03-04").code == 1
    assert desk("queue", "--json", at=BEFORE_SLOT).json["digests"] == before


def test_a_misspelt_key_names_each_near_one_once(site, desk):
    site.item("a.ar.md", "ألفا")
    site.item("summit.en.md", "Summit")
    site.item("summit.ar.md", "قمة")
    ran = desk("digest", "extra", "weekly", "sumit")
    assert ran.code == 1
    assert "did you mean summit?" in ran.err


def test_what_goes_on_says_how_many_messages_had_left(site, desk):
    configure(site, 'at = "Tue 07:00"\nzone = "subscriber"\ndelay = "10m"')
    added = ("--lang", "en", "--time-zone", "Asia/Tokyo", "--consent", "agreed")
    desk("subscribers", "add", "east@example.org", *added)
    desk("send", at="2026-03-02T22:00:00Z")
    assert "1 sent" in desk("send", at="2026-03-02T22:10:00Z").out
    assert "held, after 1 message had left" in desk("digest", "hold", "weekly", at=AT_SLOT).out
    said = desk("digest", "release", "weekly", at=AT_SLOT).out
    assert "goes on; 1 message had left" in said
    assert "it goes on after the time that [digests.weekly] delay sets" in said
