"""The page on which an editor decides: looking changes nothing, the button does."""

import re
from datetime import timedelta

import pytest

from publisher.app import open_app, sending
from publisher.app.editing import tell_editors
from publisher.ops import Clock
from tests.conftest import SETTINGS
from tests.editors.conftest import EDITORS, SLOT, Office

HOUR = timedelta(hours=1)


@pytest.fixture
def links(site):
    """An edition whose proof was sent; the paths of the links that approve and hold it."""
    office = Office(site, "")
    site.item("a.en.md", "A")
    office.begin(("a", "en"))
    tell_editors(office.at(SLOT - HOUR))
    yield [f"/proof/{token}" for token in office.links("Proof")]
    office.close()


def buttons(answer) -> list[str]:
    return re.findall(r"<button>(.*?)</button>", answer.text)


def test_looking_changes_nothing_and_the_button_decides(open_web, links):
    approving, holding = links
    web = open_web(clock=Clock(SLOT - HOUR))
    for _ in range(3):
        shown = web.get(holding)
        assert (shown.status, buttons(shown)) == (200, ["Hold"])
        assert "It goes out by itself unless somebody holds it." in shown.text
        assert shown.headers["Cache-Control"] == "no-store"
        assert web.ask("HEAD", holding).status == 200
    assert buttons(web.get(approving)) == []
    held = web.post(holding)
    assert (held.status, buttons(held)) == (200, [])
    assert "Somebody holds it: nothing leaves before it is approved." in held.text
    assert web.post(holding).status == 200
    assert buttons(web.get(approving)) == ["Approve"]
    assert "Somebody approved it: it goes out at its hour." in web.post(approving).text


def test_the_page_is_in_the_editor_s_language_and_leads_to_the_other_decisions(open_web, links):
    approving, holding = links
    web = open_web(clock=Clock(SLOT - HOUR))
    shown = web.get(holding, Accept_Language="ar")
    assert 'dir="rtl"' in shown.text
    assert "النشرة الأسبوعية" in shown.text
    assert buttons(shown) == ["إيقاف"]
    others = re.findall(r'class="button second" href="([^"]+)"', shown.text)
    assert len(others) == 1
    assert buttons(web.get(others[0].removeprefix("https://news.example.org"))) == ["Call off"]
    web.post(holding)
    others = re.findall(r'class="button second" href="([^"]+)"', web.get(holding).text)
    assert f"https://news.example.org{approving}" in others


def test_after_the_edition_closed_there_is_nothing_to_press(site, open_web, links):
    late = open_app(site.root, Clock(SLOT + HOUR))
    sending.send(late)
    late.close()
    web = open_web(clock=Clock(SLOT + HOUR))
    for path in links:
        for answer in (web.get(path), web.post(path)):
            assert (answer.status, buttons(answer)) == (410, [])
            assert "It has gone out." in answer.text


def test_a_link_that_is_not_ours_is_no_page(site, open_web, links):
    site.configure(SETTINGS + EDITORS)
    web = open_web(clock=Clock(SLOT - HOUR))
    bodies = {web.get(f"/proof/{token}").body for token in ("x", links[0][7:-1], "a" * 2000)}
    assert len(bodies) == 1
    assert web.post("/proof/x").status == 404
