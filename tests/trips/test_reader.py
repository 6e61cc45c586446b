"""A reader's whole way, from the form to the goodbye, and an editor's, in a real browser.

Each in English and in Arabic, with scripts and without. Every page that is met on the way is looked
at by axe on a phone and on a desk, by day and by night.
"""

from datetime import timedelta

import pytest

from tests.trips.reader_world import (
    ANN,
    EDITOR,
    EVERYTHING,
    ITEMS,
    MINUTE,
    MONDAY,
    SLOT,
    WEEK,
    Visitor,
    World,
    text_of,
)

SEARCHED = {"en": "manáging EMERGENCIES", "ar": "ادارة الازمات"}  # not as the title is written
ways = pytest.mark.parametrize(
    ("language", "has_script"),
    [("en", True), ("en", False), ("ar", True), ("ar", False)],
    ids=["en", "en, no script", "ar", "ar, no script"],
)


def titles(language: str) -> dict[str, str]:
    """The title of each item in a language."""
    return {key: arabic if language == "ar" else title for key, _, title, _, arabic, _ in ITEMS}


@ways
def test_from_the_form_to_the_goodbye(world, arrive, language, has_script):
    world.at(MONDAY)
    world.begin()
    ann = arrive(language, has_script=has_script)
    sign_up(world, ann)
    choose(world, ann)

    world.publish()
    world.at(SLOT).send()
    edition = world.mails(ANN)[-1]
    text, title = text_of(edition), titles(language)
    assert title["floods"] in text
    assert title["risks"] in text
    assert title["music"] not in text
    assert len(world.mails(ANN)) == 3  # to confirm, the welcome, and one of two digests
    assert len(world.mails(EVERYTHING)) == 2

    read_on(world, ann, edition)
    assert world.one_click(edition).status == 200
    world.site.item("later.en.md", "Later", "2026-03-04T10:00:00Z", categories="[prevention]")
    world.at(SLOT + WEEK).send()
    assert "Later" in text_of(world.mails(EVERYTHING)[-1])
    assert len(world.mails(ANN)) == 3
    ann.go(world.links(edition, "u")[0])
    assert ann.sees("You are unsubscribed")


def sign_up(world: World, ann: Visitor) -> None:
    """Fill the form in as a person does, and press the button that the letter leads to."""
    ann.go("/subscribe")
    ann.page.get_by_label(ann.word("Your e-mail address")).fill(ANN)
    world.at(MONDAY + MINUTE)
    ann.press("Subscribe")
    assert ann.sees("Look into your mailbox")
    assert world.send() == 1
    (letter,) = world.mails(ANN)
    assert letter["Content-Language"] == ann.language
    ann.go(world.links(letter, "confirm")[0])
    assert world.send() == 0
    ann.press("Confirm")
    assert ann.sees("You are subscribed")
    assert world.send() == 1


def choose(world: World, ann: Visitor) -> None:
    """Choose one digest, one topic and a second language on the page behind the button."""
    ann.follow("Change what you get")
    site, form = world.app.settings, ann.page
    name = site.categories["prevention"].name[ann.language]
    form.get_by_label(name, exact=True).check()
    form.get_by_label(site.digests["daily"].title[ann.language], exact=True).uncheck()
    form.locator("#language-2").select_option("fr")
    ann.press("Save")
    assert ann.sees("Saved.")
    assert form.get_by_label(name, exact=True).is_checked()
    assert not form.locator("#digest-daily").is_checked()
    assert form.locator("#language-2").input_value() == "fr"


def read_on(world: World, ann: Visitor, edition) -> None:
    """From the mail to its page, to the editions before it, and to what the search finds."""
    (link,) = world.links(edition, "archive")
    ann.go(link)
    shown = ann.page.locator("main").inner_text()
    for title in titles(ann.language).values():
        assert title in shown  # the page is everybody's
    ann.page.locator("main a").first.click()
    ann.page.wait_for_url("**/archive/weekly**")
    ann.follow("Past editions")
    ann.page.locator("#q").fill(SEARCHED[ann.language])
    ann.press("Search")
    assert ann.page.locator("main ol a").first.inner_text() == titles(ann.language)["risks"]


@ways
def test_an_editor_holds_an_edition_and_lets_it_go(world, arrive, language, has_script):
    world.at(MONDAY)
    world.begin()
    world.publish()
    assert world.at(SLOT - timedelta(hours=1)).tell_editors() == 2
    proof = next(mail for mail in world.mails(EDITOR) if "Weekly digest" in mail["Subject"])
    assert "Cities learn to live with water" in text_of(proof)
    approving, holding = world.links(proof, "proof")
    ed = arrive(language, has_script=has_script)
    ed.go(holding)
    ed.press("Hold")
    assert ed.sees("Somebody holds it: nothing leaves before it is approved.")

    world.at(SLOT).send()
    assert subjects(world, EVERYTHING) == ["Every day: Cities learn to live with water"]
    ed.go(holding)
    ed.go(approving)
    ed.press("Approve")
    assert world.send() == 1
    assert subjects(world, EVERYTHING)[-1].startswith("Weekly digest: ")
    assert world.tell_editors() == 2
    reports = {subject for subject in subjects(world, EDITOR) if subject.startswith("Sent: ")}
    assert reports == {"Sent: Every day", "Sent: Weekly digest"}
    ed.go(approving, 410)
    assert ed.sees("It has gone out.")


def subjects(world: World, address: str) -> list[str]:
    return [str(mail["Subject"]) for mail in world.mails(address)]
