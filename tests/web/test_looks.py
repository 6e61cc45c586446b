"""Pages as people meet them: in a real browser, on a phone and on a desk, by day and by night."""

import pytest

from tests.conftest import SETTINGS

WIDTHS = (375, 700)


@pytest.fixture
def visited(still_web, chromium):
    """Opens a page of the site as somebody with a screen and a language would."""
    contexts = []

    def visit(path, language="en", width=700, scheme="light", web=still_web):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            locale=language,
            java_script_enabled=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("console", lambda said: page.problems.append(said.text))
        page.goto(f"http://127.0.0.1:{web.port}{path}")
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_wrong_with_an_error_page(visited, language, width, scheme):
    from tests.web.chromium import violations

    page = visited("/nothing", language, width, scheme)
    assert violations(page) == []
    # A missing page is told on the console; a broken policy or style would be as well.
    assert [text for text in page.problems if "404" not in text] == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_page_fits_a_phone_and_its_targets_fit_a_thumb(visited, language):
    page = visited("/nothing", language, 320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    heights = page.eval_on_selector_all(
        "header a, nav a", "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) >= 44


def test_a_word_without_an_end_breaks_before_a_phone_does(site, web, visited):
    endless = "Donaudampfschifffahrtselektrizitaeten" * 3
    site.configure(SETTINGS.replace("Weekly digest", endless).replace("Example Cities", endless))
    web.app.reload()
    for path in ("/subscribe", "/archive/weekly", "/nothing"):
        page = visited(path, width=320, web=web)
        assert endless in page.locator("body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_keyboard_reaches_the_content_first_and_shows_where_it_is(visited):
    page = visited("/nothing")
    page.keyboard.press("Tab")
    shown = page.evaluate(
        "(() => { const one = document.activeElement, style = getComputedStyle(one);"
        " return [one.getAttribute('href'), style.outlineStyle, one.getBoundingClientRect().top] })()"
    )
    assert shown[:2] == ["#main", "solid"]
    assert shown[2] >= 0


def test_right_to_left_turns_the_page(visited):
    page = visited("/nothing", "ar")
    box = page.locator("h1").bounding_box()
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    assert box["x"] + box["width"] > 600
