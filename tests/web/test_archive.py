"""The archive in the browser: what anybody may read, and nothing of anybody who does."""

import re
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes, policy
from urllib.parse import quote

import pytest
from sqlalchemy import update

from publisher.app import keeping, open_app
from publisher.app.editions import open_due_editions, start_digests
from publisher.app.sending import send_queued
from publisher.ops import Clock
from publisher.store import tables, write
from publisher.subscribers import Person, add
from tests.conftest import SETTINGS

BEFORE, SLOT = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
EDITION = "/archive/weekly/2026-03-03T07:00"


@pytest.fixture(params=["sqlite", "postgresql"])
def archive(request, site, open_web):
    """A function that sends what the site has as the edition of 3 March, and serves its web."""
    toml = SETTINGS
    if request.param == "postgresql":
        toml = f'{SETTINGS}\n[database]\nurl = "{request.getfixturevalue("shared_url")}"\n'
    site.configure(toml)
    run(site, BEFORE, upgrade=True)

    def served(*, change=lambda: None):
        run(site, SLOT)
        change()
        run(site, SLOT)
        return open_web(clock=Clock(SLOT))

    return served


def run(site, now, *, upgrade: bool = False) -> None:
    """Do what a run at a moment does, but for sending."""
    with closing(open_app(site.root, Clock(now))) as app:
        if upgrade:
            keeping.upgrade(app)
            with write(app.engine) as conn:
                person = Person("reader@example.org", languages=("en",))
                add(conn, app.settings, app.keys, person, now, "agreed")
            start_digests(app)
        open_due_editions(app)


def links(text: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', text)


def headings(text: str) -> list[str]:
    return re.findall(r"<h2[^>]*>(?:<a[^>]*>)?([^<]*)", text)


def test_archive_leads_from_its_digests_to_each_edition(site, archive):
    site.item("a.en.md", "Mayors meet")
    web = archive()
    assert "/archive/weekly" in links(web.get("/archive").text)
    assert f"{EDITION}/en" in links(web.get("/archive/weekly").text)
    assert "Mayors meet" in web.get("/archive/weekly").text
    assert headings(web.get(f"{EDITION}/en").text) == ["Mayors meet"]


def test_view_in_browser_of_a_mail_leads_to_its_edition(site, archive):
    site.item("a.en.md", "Mayors meet")
    web = archive()
    assert send_queued(web.app).sent == 1
    (mail,) = (site.root / "outbox" / "new").iterdir()
    message = message_from_bytes(mail.read_bytes(), policy=policy.default)
    shown = message.get_body(("html",)).get_content()
    (link,) = {one for one in links(shown) if one.startswith("https://news.example.org/archive/")}
    assert web.get(link.removeprefix("https://news.example.org")).status == 200
    listed = message["List-Archive"].strip("<>").removeprefix("https://news.example.org")
    assert web.get(listed).status == 200


def test_no_page_holds_anything_of_a_reader(site, archive):
    site.item("a.en.md", "Mayors meet")
    web = archive()
    for path in ("/archive", "/archive/weekly", f"{EDITION}/en", "/archive/search?q=mayors"):
        text = web.get(path).text
        assert "reader" not in text
        assert "/u/" not in text
        assert "/preferences" not in text
        assert not re.search(r"zz[a-z]+q7d1f9", text)


def test_edition_turns_with_its_language_and_names_the_others(site, archive):
    site.item("a.en.md", "Mayors meet")
    site.item("a.ar.md", "اجتماع رؤساء البلديات")
    text = archive().get(f"{EDITION}/ar").text
    assert '<html lang="ar" dir="rtl">' in text
    assert "3 مارس 2026" in text
    address = f"https://news.example.org{EDITION}"
    found = re.findall(r'<link rel="alternate" hreflang="(\w+)" href="([^"]+)">', text)
    assert dict(found) == {"ar": f"{address}/ar", "en": f"{address}/en"}


def test_withdrawn_item_leaves_one_line(site, archive):
    gone = site.item("a.en.md", "A mistake", body="Nobody should read this.")
    site.item("b.en.md", "Mayors meet")
    web = archive(change=gone.unlink)
    text = web.get(f"{EDITION}/en").text
    assert text.count("This item has been withdrawn.") == 1
    assert headings(text) == ["Mayors meet"]
    every = text + web.get("/archive/weekly").text + web.get("/archive/search?q=mistake").text
    assert "A mistake" not in every
    assert "Nobody should read this." not in every


def test_correction_stands_beside_its_item(site, archive):
    site.item("a.en.md", "Mayors meet")
    corrected = {"correction": "Ten <b>came</b>, not nine."}
    web = archive(change=lambda: site.item("a.en.md", "Mayors meet", **corrected))
    text = web.get(f"{EDITION}/en").text
    assert "Correction" in text
    assert "not nine." in text
    assert "<b>came</b>" not in text


def test_search_shows_where_it_found_what(site, archive):
    site.item("a.en.md", "A fair", body="Ten mayors & more came to Amman.")
    site.item("b.ar.md", "المدينة القويّة")
    web = archive()
    text = web.get("/archive/search?q=mayors+amm").text
    assert "<mark>mayors</mark> &amp; more" in text
    assert "<mark>Amman</mark>" in text
    text = web.get(f"/archive/search?q={quote('مدينه')}&lang=ar").text
    assert "المدينة القويّة" in text
    assert "Nothing was found" in web.get("/archive/search?q=zzz").text


def test_what_is_looked_for_stays_in_another_language(web):
    keeping.upgrade(web.app)
    text = web.get("/archive/search?q=mayors+%26+%22risks%22&lang=ar&page=1").text
    assert "?lang=fr&amp;q=mayors+%26+%22risks%22" in links(text)


def test_search_is_turned_page_by_page(site, archive):
    for number in range(25):
        site.item(f"m{number}.en.md", f"Mayors {number}")
    web = archive()
    first = web.get("/archive/search?q=%22mayors%22").text
    (link,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = web.get(link.replace("&amp;", "&")).text
    assert first.count("<li>\n<p class=") == 20
    assert second.count("<li>\n<p class=") == 6  # the edition as well
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", '"', "AND OR NOT", "NEAR(", "words:*", "*", "%", "\\", "-", "a & !b"),
        *("' OR 1=1 --", "\x00", "a\x00b", "x" * 10_000, '"' * 5_000, "<script>alert(1)</script>"),
        *("{{7*7}}", "\u202e", "🗞️", "\r\nSet-Cookie: x=1"),
    ],
)
def test_nothing_anybody_types_breaks_the_search(still_web, typed):
    answer = still_web.get(f"/archive/search?q={quote(typed)}")
    assert answer.status == 200
    assert "<script>" not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_what_is_not_there_is_not_found(site, archive):
    site.item("a.en.md", "Mayors meet")
    web = archive()
    asked = [
        "/archive/1/recipient/2",  # nobody's copy has an address
        *("/archive/weekly/2026-03-03T07:00/en/2", "/archive/1", "/archive/nothing"),
        *("/archive/weekly/2026-03-03/en", "/archive/weekly/2026-03-10T07:00/en"),
        *("/archive/weekly/2026-03-03T07:00/ja", "/archive/weekly/2026-03-03T07:00/EN"),
        *("/archive/weekly/2026-03-03T07:00/..%2fen", "/archive/weekly/%00/en"),
        *("/archive/weekly?page=2", "/archive/weekly?page=0", "/archive/weekly?page=-1"),
        *("/archive/search?q=a&page=99999999999999999999", "/archive/search?page=%D9%A1"),
        "/archive/search?q=mayors&page=2",
        *("/archive/%2e%2e/%2e%2e/etc/passwd", "/archive/weekly/'%20OR%201=1/en"),
    ]
    assert {path: web.get(path).status for path in asked} == dict.fromkeys(asked, 404)


def test_edition_that_is_not_sent_is_not_found(site, archive):
    site.item("a.en.md", "Mayors meet")
    web = archive()
    lists = ("/archive/weekly", "/archive/search?q=digest")

    def found() -> tuple[int, list[str]]:
        listed = [path for path in lists if EDITION in web.get(path).text]
        return web.get(f"{EDITION}/en").status, listed

    assert found() == (200, [*lists])
    for state in ("draft", "held", "cancelled", "missed"):
        with write(web.app.engine) as conn:
            conn.execute(update(tables.editions).values(state=state))
        assert (state, *found()) == (state, 404, [])


def test_caches_may_keep_a_page_and_ask_whether_it_is_the_same(site, archive):
    site.item("a.en.md", "Mayors meet")
    web = archive()
    for path in ("/archive", "/archive/weekly", f"{EDITION}/en", "/archive/search?q=mayors"):
        first = web.get(path, Accept_Language="ar")
        assert first.headers["Cache-Control"].startswith("public")
        assert first.headers["Content-Language"] == "en"
        again = web.get(path, If_None_Match=f'"other", W/{first.headers["ETag"]}')
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert web.get(path, If_None_Match='"other"').status == 200


def test_an_edition_s_own_styles_are_let_in_and_no_script(site, archive):
    site.write("content/dot.png", b"\x89PNG")
    site.item("a.en.md", "Mayors meet", image="{src: https://pictures.example.com/a.png, alt: A}")
    web = archive()
    policy = web.get(f"{EDITION}/en").headers["Content-Security-Policy"]
    assert "style-src 'self'; style-src-attr 'unsafe-inline'" in policy
    assert "default-src 'none'" in policy
    assert "https://pictures.example.com" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in web.get("/archive/weekly").headers["Content-Security-Policy"]


def test_every_page_has_one_address(site, archive):
    site.item("a.en.md", "Mayors meet")
    web = archive()
    for path in ("/archive", "/archive/weekly", f"{EDITION}/en"):
        answer = web.get(f"{path}/", Host="evil.example")
        assert (answer.status, answer.headers["Location"]) == (308, path)
    assert web.get(f"{EDITION}?lang=ar").headers["Location"] == f"{EDITION}/ar"
    answer = web.get("/archive/search/?q=%26&lang=ar")
    assert answer.headers["Location"] == "/archive/search?q=%26&lang=ar"


def test_links_keep_the_sub_path_and_the_language(site, archive):
    toml = (site.root / "publisher.toml").read_text()
    site.configure(toml.replace("https://news.example.org", "https://example.org/news"))
    site.item("a.en.md", "Mayors meet")
    site.item("a.fr.md", "Les maires")
    web = archive()
    assert "/news/archive/weekly?lang=fr" in links(web.get("/archive?lang=fr").text)
    assert f"/news{EDITION}/en" in links(web.get("/archive/weekly").text)
    found = web.get(f"{EDITION}/en").text
    address = f"https://example.org/news{EDITION}"
    assert f'<link rel="canonical" href="{address}/en">' in found
    assert f'<link rel="alternate" hreflang="fr" href="{address}/fr">' in found
    assert f"/news{EDITION}/fr" in links(found)


def test_archive_of_a_site_that_has_sent_nothing_says_what_to_do(still_web):
    text = still_web.get("/archive").text
    assert "Subscribe, and you get the first edition." in text
    assert "/subscribe?lang=en" in links(text)
    assert still_web.get("/archive/weekly").status == 200
