"""Pages: their frame, their language, their headers, and the answers to what cannot be answered."""

import re

import pytest
from starlette.responses import PlainTextResponse

from publisher.app import building
from publisher.errors import LimitReached, TokenForged
from publisher.render.phrases import COMPLETE
from publisher.web.guard import MOST_BODY, content_policy
from publisher.web.visit import Page, Visit
from tests.conftest import SETTINGS
from tests.web.conftest import opened


def show_form(visit: Visit) -> PlainTextResponse:
    return PlainTextResponse(repr(visit.form.fields))


def show_language(visit: Visit) -> PlainTextResponse:
    return PlainTextResponse(visit.language)


FORM = Page("/form", get=show_form, post=show_form)


@pytest.fixture(scope="module")
def still_web(still_site):
    """The small site with some pages more: one web for all tests that only look."""
    pages = (
        FORM,
        Page("/only", get=show_form),
        Page("/open", get=show_language, is_public=True),
        Page("/x", get=show_language),
        Page("/open/{language}/x", get=show_language),
    )
    with opened(still_site, *pages) as browser:
        yield browser


def test_what_is_not_there_is_a_page_that_leads_on(still_web):
    answer = still_web.get("/nothing")
    assert answer.status == 404
    assert "There is no such page" in answer.text
    assert 'href="https://example.org/"' in answer.text


@pytest.mark.parametrize("language", [*COMPLETE, "pt-PT"])
def test_an_error_speaks_the_reader_s_language(still_web, language):
    answer = still_web.get("/nothing", Accept_Language=f"{language}, en;q=0.5")
    direction = "rtl" if language in ("ar", "fa", "he") else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    if language != "en":
        assert "There is no such page" not in answer.text


@pytest.mark.parametrize(
    ("path", "accept", "expected"),
    [
        ("/x", "", "en"),
        ("/x", "ar", "ar"),
        ("/x", "sw, fr;q=0.4, ar;q=0.9", "ar"),
        ("/x", "fr-CA", "fr"),
        ("/x", "zh-TW", "zh-Hant"),
        ("/x", "zh-CN", "zh"),
        ("/x", "fr;q=0, *;q=0.1", "en"),
        ("/x", "fr;q=nonsense, ar;q=0.1", "ar"),
        ("/x", ";;;===,,,", "en"),
        ("/x?lang=fr", "ar", "fr"),
        ("/x?lang=%00<script>", "ar", "ar"),
        ("/x?lang=en%0d%0aSet-Cookie:%20x=1", "ar", "ar"),
        ("/open/ar/x", "fr", "ar"),
    ],
)
def test_the_address_decides_the_language_then_the_browser(still_web, path, accept, expected):
    answer = still_web.get(path, Accept_Language=accept)
    assert answer.text == expected
    assert "set-cookie" not in answer.headers


def test_no_header_changes_a_public_page(still_web):
    assert still_web.get("/open", Accept_Language="ar").text == "en"
    assert still_web.get("/open?lang=ar").text == "ar"


def test_a_path_in_a_language_the_site_lacks_does_not_exist(still_web):
    assert still_web.get("/open/de/x").status == 404
    assert still_web.get("/open/AR/x").status == 404


@pytest.mark.parametrize("path", ["/nothing", "/look/0.css", "/form"])
def test_every_answer_carries_the_security_headers(still_web, path):
    headers = still_web.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_a_page_is_framed_by_nobody_and_runs_no_script_of_others(still_web):
    answer = still_web.get("/nothing")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text
    assert " style=" not in answer.text


def test_an_edition_may_bring_styles_but_no_scripts(site):
    policy = content_policy(site.settings, images=["https:"], is_styled=True)
    assert "style-src 'self'; style-src-attr 'unsafe-inline';" in policy
    assert "script-src" not in policy  # and default-src allows nothing


def test_the_browser_s_tab_shows_an_icon_in_the_site_s_colours(site, open_web):
    site.configure(f'{SETTINGS}\n[look]\naccent = "#702070"\n')
    browser = open_web()
    (path,) = re.findall(r'rel="icon" [^>]*href="([^"]+)"', browser.get("/nothing").text)
    answer = browser.get(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "#702070" in answer.text


def test_the_stylesheet_keeps_its_address_as_long_as_it_is_the_same(still_web):
    (path,) = re.findall(r'rel="stylesheet" href="([^"]+)"', still_web.get("/nothing").text)
    answer = still_web.get(path)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert "--accent: #0b5fa5" in answer.text
    old = still_web.get("/look/0123456789abcdef.css")
    assert (old.status, old.headers["cache-control"], old.body) == (200, "no-cache", answer.body)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "FOO", "get"])
def test_another_method_is_refused_and_told_which_ones_there_are(still_web, method):
    answer = still_web.ask(method, "/only")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_options_tells_the_methods_and_head_has_no_body(still_web):
    assert still_web.ask("OPTIONS", "/form").headers["allow"] == "GET, HEAD, POST, OPTIONS"
    answer = still_web.ask("HEAD", "/form")
    assert (answer.status, answer.body) == (200, b"")


def test_a_form_is_read_as_it_was_sent(still_web):
    fields = [("name", "مدن & cities"), ("digest", "a"), ("digest", "b"), ("empty", "")]
    assert still_web.post("/form", fields).text == repr(tuple(fields))
    parts = "".join(
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    )
    kind = {"Content-Type": "multipart/form-data; boundary=X"}
    answer = still_web.ask("POST", "/form", f"{parts}--X--\r\n".encode(), kind)
    assert answer.text == repr(tuple(fields))


def test_a_form_s_letters_need_not_be_written_in_percent_signs(open_web):
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = open_web(FORM).ask("POST", "/form", "name=مدن+%D9%88".encode(), kind)
    assert answer.text == repr((("name", "مدن و"),))


UNREADABLE = [
    ("application/x-www-form-urlencoded", b"a=%ff%fe", 400),
    ("application/x-www-form-urlencoded", b"a=\xff", 400),
    ("application/x-www-form-urlencoded", b"a=1&" * 300, 400),
    ("application/x-www-form-urlencoded", b"a=" + b"x" * MOST_BODY, 413),
    ("application/json", b"{}", 415),
    ("multipart/form-data", b"--X", 400),
    ("multipart/form-data; boundary=X", b"nothing of the kind", 400),
    (
        "multipart/form-data; boundary=X",
        b'--X\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\nb\r\n--X--\r\n',
        400,
    ),
    (
        "multipart/form-data; boundary=X",
        b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--X--\r\n',
        400,
    ),
    (
        "multipart/form-data; boundary=X",
        b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 300 + b"--X--\r\n",
        400,
    ),
]


@pytest.mark.parametrize(("kind", "body", "status"), UNREADABLE)
def test_a_form_that_cannot_be_read_is_refused_with_a_page(still_web, kind, body, status):
    answer = still_web.ask("POST", "/form", body, {"Content-Type": kind})
    assert answer.status == status
    assert "<h1>" in answer.text


def test_what_a_library_says_of_a_form_it_cannot_read_is_not_logged(open_web, caplog):
    browser = open_web(FORM)
    for kind, body, _ in UNREADABLE:
        browser.ask("POST", "/form", body, {"Content-Type": kind})
    assert [record.name for record in caplog.records if "multipart" in record.name] == []


def test_each_error_has_its_status_and_a_mistake_of_ours_tells_nothing(open_web, capfd):
    def forged(visit: Visit):
        raise TokenForged("not ours")

    def broken(visit: Visit):
        raise ValueError("reader@example.org typed this")

    browser = open_web(Page("/forged/{token}", get=forged), Page("/broken", get=broken))
    assert browser.get("/forged/x").body == browser.get("/forged/yyyyyy").body
    assert browser.get("/forged/x").status == 404
    answer = browser.get("/broken")
    assert answer.status == 500
    assert "Something went wrong here" in answer.text
    assert "typed this" not in answer.text + capfd.readouterr().err


def test_who_asks_too_often_learns_when_to_try_again(open_web):
    from datetime import timedelta

    def limited(visit: Visit):
        raise LimitReached("signups", timedelta(seconds=200))

    browser = open_web(Page("/limited", get=limited))
    answer = browser.get("/limited")
    assert (answer.status, answer.headers["retry-after"]) == (429, "200")
    assert "Please try again in 4 minutes." in answer.text
    assert "حاول" in browser.get("/limited?lang=ar").text


def test_in_a_sub_path_every_link_has_it_whether_a_proxy_cuts_it_off_or_not(site, open_web):
    site.configure(SETTINGS.replace("https://news.example.org", "https://example.org/news"))
    browser = open_web(Page("/where", get=lambda v: PlainTextResponse(v.to("/a") + v.url("/b"))))
    for path in ("/news/where", "/where"):
        assert browser.get(path).text == "/news/ahttps://example.org/news/b"
    for path in ("/nothing", "/news/nothing"):
        assert 'href="/news/look/' in browser.get(path).text
    for path in ("/news", "/news/", "/"):
        assert browser.get(path).headers["location"] == "/news/archive"


def test_the_root_leads_to_what_there_is_to_read_in_the_same_language(web):
    answer = web.get("/?lang=ar")
    assert (answer.status, answer.headers["location"]) == (308, "/archive?lang=ar")


@pytest.mark.parametrize("host", ["evil.example", "[", "x:y:z", "a b", "%00"])
def test_the_host_header_decides_nothing(still_web, host):
    answer = still_web.get("/nothing?lang=en", Host=host)
    assert (answer.status, answer.body) == (404, still_web.get("/nothing?lang=en").body)


def test_a_broken_template_of_the_site_is_told_in_plain_words(site, open_web, capfd):
    site.write("templates/web/error.html.j2", "{{ nonsense }}")
    answer = open_web().get("/nothing")
    assert (answer.status, answer.text) == (500, "Something went wrong here.\n")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "web/error.html.j2:1" in capfd.readouterr().err


def test_a_changed_stylesheet_of_the_site_is_taken_up(site, open_web):
    path = site.write("templates/web/style.css", "/* one */")
    browser = open_web()
    (first,) = re.findall(r'rel="stylesheet" href="([^"]+)"', browser.get("/nothing").text)
    assert "/* one */" in browser.get(first).text
    path.write_text("/* another */")
    (second,) = re.findall(r'rel="stylesheet" href="([^"]+)"', browser.get("/nothing").text)
    assert second != first
    assert "/* another */" in browser.get(second).text


def test_a_page_offers_itself_in_the_site_s_languages(open_web):
    def show(visit: Visit) -> PlainTextResponse:
        return PlainTextResponse(visit.in_language("ar"))

    browser = open_web(Page("/a/{token}", get=show), Page("/b/{language}/{name}", get=show))
    assert browser.get("/a/token").text == "?lang=ar"
    assert browser.get("/b/en/x%20y").text == "/b/ar/x%20y"
    assert 'lang="fr" dir="ltr" hreflang="fr">Français' in browser.get("/nothing").text


def test_pages_tell_reader_apps_of_the_feed_in_their_language(site, open_web):
    site.item("a.en.md", "A")
    site.item("a.ar.md", "أ")
    browser = open_web()
    building.build(browser.app)
    text = browser.get("/nothing?lang=ar").text
    assert (
        '<link rel="alternate" type="application/atom+xml" title="مدن المثال" hreflang="ar"'
        ' href="https://news.example.org/feeds/ar/all.atom">' in text
    )
