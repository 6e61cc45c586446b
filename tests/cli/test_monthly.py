import pytest

from tests.cli.conftest import AT_SLOT, EARLIER

IN_APRIL = "2026-04-10T12:00:00Z"


@pytest.fixture
def sent(publisher, site, once):
    """A site whose first edition went out to two of its three readers."""

    def send() -> None:
        site.item("a.en.md", "First news")
        site.item("a.ar.md", "أول خبر")
        for address, tag in (("ann", "en"), ("badr", "ar"), ("chloe", "fr")):
            publisher(
                "subscribers",
                "add",
                f"{address}@example.net",
                "--consent",
                "asked",
                "--lang",
                tag,
                at=EARLIER,
            )
        publisher("subscribers", "add", "dan@example.net", at=EARLIER)
        assert publisher("send", at=EARLIER).code == 0
        assert publisher("send", at=AT_SLOT).code == 0

    once(send)
    return site


def test_this_month_says_who_reads_and_what_was_sent(publisher, sent):
    ran = publisher("report", at=AT_SLOT)
    assert ran.code == 0
    words = " ".join(ran.out.split())
    assert "2026-03, so far" in words
    assert "3 readers now; 3 joined, 0 left" in words
    assert "not agreed yet, so without mail: 1" in words
    assert "language readers joined left ar 1 1 0 en 1 1 0 fr 1 1 0" in words
    assert "digest readers joined left weekly 3 3 0" in words
    assert "editions of sent missed weekly 1 0" in words
    assert "mails of language sent failed weekly ar 1 0 weekly en 1 0" in words
    assert "example.net" not in ran.out


def test_as_json_the_same_numbers(publisher, sent):
    found = publisher("report", "--json", "--month", "2026-03", at=IN_APRIL).json
    assert (found["month"], found["is_over"]) == ("2026-03", True)
    assert found["readers"]["total"] == {"readers": 3, "joined": 3, "left": 0}
    assert found["readers"]["by_digest_and_language"] == {"weekly": {"ar": 1, "en": 1, "fr": 1}}
    assert found["editions"] == {"weekly": {"sent": 1}}
    assert found["deliveries"] == [
        {"digest": "weekly", "language": tag, "state": "sent", "number": 1} for tag in ("ar", "en")
    ]


def test_a_month_is_that_of_the_sites_zone(publisher, site):
    found = publisher("report", "--json", at="2026-03-31T23:30:00Z").json
    assert found["month"] == "2026-04", "it is past midnight in London"
    assert found["from"] == "2026-03-31T23:00:00+00:00"


def test_another_month_has_its_own_numbers(publisher, sent):
    ran = publisher("report", at=IN_APRIL)
    assert "3 readers now; 0 joined, 0 left" in ran.out
    assert "no edition was due" in ran.out
    assert "no mail was sent" in ran.out


def test_where_nothing_ever_was_it_says_so_and_makes_no_database(publisher, site):
    ran = publisher("report")
    assert (ran.code, ran.out.splitlines()[1]) == (0, "nobody reads yet and nothing was sent")
    assert publisher("report", "--json").json["readers"]["total"]["readers"] == 0
    assert not (site.root / "var/publisher.sqlite3").exists()


@pytest.mark.parametrize("month", ["2026-13", "March", "2026-3", "2026-04", "9999-01", "٢٠٢٦-٠٣"])
def test_a_month_that_is_none_or_not_yet_is_a_usage_error(publisher, site, month):
    ran = publisher("report", "--month", month)
    assert ran.code == 2
    assert month in ran.err
