"""Every page that a whole way does not meet, looked at by axe; and the sign-up on a site's own page."""

import re
from pathlib import Path

import pytest

from tests.trips.reader_world import ANN, MINUTE, MONDAY, SLOT, Visitor, World

HOW_TO = Path(__file__).parents[2] / "docs/how-to/put-a-signup-on-your-site.md"
NEW = "ann@example.net"
EDITION = "/archive/weekly/2026-03-03T07:00"
languages = pytest.mark.parametrize("language", ["en", "ar"])


@languages
def test_pages_of_a_site_that_has_sent_nothing_or_has_no_such_page(world, arrive, language):
    world.at(MONDAY)
    ann = arrive(language)
    ann.go(f"/archive?lang={language}")
    ann.go("/nothing", 404)
    assert ann.sees("There is no such page")
    ann.send_from_elsewhere(f'<form method="post" action="{world.origin}/archive?lang={language}">')
    ann.arrives_by_button("Send", 405)
    ann.go("/subscribe")
    sign_up_with_no_address(ann)
    for number in range(10):
        world.web.post("/subscribe", {"email": f"a{number}@example.org"})
    ann.page.locator("#email").fill(ANN)
    world.at(MONDAY + MINUTE)
    ann.press("Subscribe", 429)
    assert ann.page.locator("#email").input_value() == ANN


def sign_up_with_no_address(ann: Visitor) -> None:
    """Send what the browser would stop: that of a reader may be an older one."""
    ann.page.locator("#email").evaluate("one => one.form.noValidate = true")
    ann.page.locator("#email").fill("no address")
    ann.press("Subscribe", 422)
    assert ann.page.get_by_label(ann.word("Your e-mail address")).input_value() == "no address"


@languages
def test_pages_of_who_moves_and_erases_everything(world, arrive, language):
    world.at(MONDAY).begin(ANN, language)
    world.publish()
    world.at(SLOT).send()
    ann = arrive(language)
    edition = world.mails(ANN)[-1]
    (own,) = world.links(edition, "preferences")
    ann.go(own)
    for name in ("weekly", "daily"):
        ann.page.locator(f"#digest-{name}").uncheck()
    ann.press("Save", 422)
    ann.go("/preferences")
    ann.page.locator("#email").fill(ANN)
    ann.press("Mail me the link")
    world.send()
    (fresh,) = world.links(world.mails(ANN)[-1], "preferences")
    ann.go(fresh)
    ann.page.locator("#email").fill(NEW)
    ann.press("Mail a link to the new address")
    world.send()
    (move,) = world.links(world.mails(NEW)[-1], "confirm")
    world.at(SLOT + MINUTE)
    ann.go(move)
    ann.press("Confirm")
    assert ann.sees("That is your address now")
    ann.go(fresh, 410)
    assert ann.sees("This link has ended")
    ann.go(own)
    ann.press("Mail me the link")
    world.send()
    (fresh,) = world.links(world.mails(NEW)[-1], "preferences")
    ann.go(fresh)
    ann.press("Erase everything", 422)
    ann.page.locator("#sure").check()
    ann.press("Erase everything")
    assert ann.sees("Everything about you is erased")


@languages
def test_pages_of_who_leaves_one_digest_and_then_all(world, arrive, language):
    world.at(MONDAY).begin(ANN, language)
    world.publish()
    world.at(SLOT).send()
    weekly, daily = sorted(world.mails(ANN), key=lambda mail: "weekly" not in mail["List-Id"])
    ann = arrive(language)
    ann.go(world.links(daily, "u")[0])
    title = world.app.settings.digests["daily"].title[language]
    ann.press("Unsubscribe from %(title)s", title=title)
    assert ann.sees("You still get:")
    ann.go(world.links(weekly, "u")[0])
    ann.press("Unsubscribe from everything")
    assert ann.sees("You get no mail from us.")
    ann.go(world.links(weekly, "preferences")[0])


@languages
def test_pages_of_the_archive_and_the_feeds(world, arrive, language):
    world.at(MONDAY).begin()
    world.publish()
    picture = (Path(__file__).parents[2] / "content/2023/files/skyline.png").read_bytes()
    world.site.write("content/skyline.png", picture)
    world.site.item(
        "fair.en.md",
        "Fair of city gardens",
        kind="event",
        event="{start: 2026-03-20T10:00:00+02:00, place: Town Hall, city: Amman}",
        image="{src: skyline.png, alt: A skyline}",
        downloads="[skyline.png]",
    )
    world.site.write(
        "content/fair.ar.md", "---\ntitle: معرض الحدائق\nmachine_translated: true\n---\nنص.\n"
    )
    world.at(SLOT).send()
    for name in ("music.en.md", "music.ar.md"):
        (world.site.root / "content" / name).unlink()
    corrected = world.site.root / f"content/risks.{language}.md"
    text = corrected.read_text("utf-8").replace("---\n", "---\ncorrection: Four, not three.\n", 1)
    corrected.write_text(text, "utf-8")
    world.at(SLOT + 30 * MINUTE).send()
    world.build()
    ann = arrive(language)
    ann.go(f"/archive?lang={language}")
    ann.go(f"{EDITION}/{language}")
    for words in ("Correction", "This item has been withdrawn.", "Downloads", "Add to calendar"):
        assert ann.sees(words) or (words, language) == ("Downloads", "ar")
    ann.go(f"/archive/search?lang={language}&q=zzzz")
    ann.follow("Feeds", "footer")
    assert ann.page.url == f"{world.origin}/feeds/{language}/index.html"
    if language == "en":
        ann.go("/feeds/")


@languages
def test_the_form_of_the_how_to_works_on_a_page_of_another_site(world, arrive, language):
    (form,) = re.findall(r"```html\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    assert "https://news.example.org/subscribe?lang=en" in form
    form = form.replace("https://news.example.org", world.origin)
    form = form.replace("lang=en", f"lang={language}").replace('value="en"', f'value="{language}"')
    ann = arrive(language)
    ann.send_from_elsewhere(form)
    assert wording(world) in ann.page.locator("body").inner_text()
    ann.page.get_by_label("Your e-mail address").fill(ANN)
    ann.arrives_by_button("Subscribe")
    assert ann.sees("Look into your mailbox")
    world.send()
    (letter,) = world.mails(ANN)
    assert letter["Content-Language"] == language
    ann.go(world.links(letter, "confirm")[0])
    ann.press("Confirm")
    assert ann.sees("You are subscribed")


def wording(world: World) -> str:
    """Return the sentence that people agree to on our own page."""
    (found,) = re.findall(r'<p class="muted">(.*)</p>', world.web.get("/subscribe?lang=en").text)
    return str(found)
