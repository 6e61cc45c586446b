import pytest


@pytest.fixture
def ann(publisher, site):
    """Run `subscribers add ann@example.net …`; she is there already."""

    def add(*words: str):
        return publisher("subscribers", "add", "ann@example.net", *words)

    assert add("--consent", "asked", "--lang", "en").code == 0
    return add


def listed(publisher) -> dict[str, object]:
    (person,) = publisher("subscribers", "list", "--json").json["subscribers"]
    return person


def test_who_is_there_keeps_what_they_chose_and_the_editor_is_told_how_to_change_it(ann, publisher):
    ran = ann("--lang", "ar")
    assert ran.code == 0
    assert "already there" in ran.out
    assert "--change" in ran.err
    assert listed(publisher)["languages"] == ["en"]


def test_change_says_what_became_what_and_leaves_the_rest(ann, publisher):
    ran = ann("--change", "--lang", "ar", "--lang", "en", "--time-zone", "Asia/Amman")
    assert ran.code == 0
    assert "ann@example.net: changed" in ran.out
    assert "languages: en -> ar en" in ran.out
    assert "time zone: none chosen -> Asia/Amman" in ran.out
    assert "gets weekly in ar, en" in ran.out
    assert ann("--change", "--kind", "news", "--originals").code == 0
    found = listed(publisher)
    assert found["languages"] == ["ar", "en"]
    assert found["time_zone"] == "Asia/Amman"
    assert (found["kinds"], found["originals"]) == (["news"], True)
    assert "already there" in ann("--change", "--originals").out
    assert "originals: yes -> no" in ann("--change", "--no-originals").out


def test_change_adds_nobody_and_brings_nobody_back(ann, publisher):
    ran = publisher("subscribers", "add", "new@example.net", "--change", "--lang", "ar")
    assert ran.code == 1
    assert "nobody here has this address" in ran.err
    assert publisher("subscribers", "list", "--json").json["counts"]["state"] == {"active": 1}


def test_consent_and_change_make_a_pending_person_active_with_new_choices(publisher, site):
    publisher("subscribers", "add", "ann@example.net", "--lang", "en")
    ran = publisher(
        *("subscribers", "add", "ann@example.net", "--consent", "by phone"),
        "--change",
        "--lang",
        "ar",
    )
    assert ran.code == 0
    found = listed(publisher)
    assert (found["state"], found["languages"]) == ("active", ["ar"])


def test_the_list_shows_originals_and_kinds(ann, publisher):
    ann("--change", "--originals", "--kind", "event")
    head, row = publisher("subscribers", "list").out.splitlines()[:2]
    assert head.split()[-2:] == ["kinds", "originals"]
    assert row.split()[-2:] == ["event", "yes"]


def test_a_choice_that_is_not_on_offer_is_refused_whole(ann, publisher):
    ran = ann("--change", "--lang", "ar", "--kind", "podcast")
    assert ran.code == 1
    assert "article, event, event-report, news" in ran.err
    assert listed(publisher)["languages"] == ["en"]
