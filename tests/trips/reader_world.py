"""A site with a web, mail and editors, and people who meet it with a browser and a mailbox."""

import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from publisher.app import App, building, open_app, sending
from publisher.app.editing import tell_editors
from publisher.app.editions import start_digests
from publisher.ops import Clock
from publisher.store import write
from publisher.subscribers import Person, add
from tests.conftest import NOW, SETTINGS, SmallSite
from tests.web.browser import Answer, Browser, browsing
from tests.web.chromium import running, violations, violations_that_differ

SLOT = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)  # of the weekly digest, and one of the daily
WEEK, MINUTE = timedelta(days=7), timedelta(minutes=1)
MONDAY = SLOT - timedelta(hours=19)
PHONE, DESK = 375, 700
EDITOR = "ed@example.org"
ANN = "ann@example.org"
EVERYTHING = "everything@example.org"  # who gets all there is, in English

_MORE = f"""
[categories.culture]
name = {{ en = "Culture", ar = "الثقافة", fr = "Culture" }}

[digests.daily]
title = {{ en = "Every day", ar = "كل يوم", fr = "Chaque jour" }}
every = "day"
at = "07:00"

[editors]
addresses = ["{EDITOR}"]
proof = "3h"
"""

# Key, category, title and text in English and in Arabic.
ITEMS = (
    (
        *("floods", "prevention", "Cities learn to live with water"),
        "Three cities show how parks drink the rain, and what it cost them.",
        "المُدُن تتعلّم العيش مع الماء",
        "ثلاث مدن تعرض كيف تشرب الحدائق المطر، وما كلّفها ذلك.",
    ),
    (
        *("risks", "prevention", "Managing emergencies together"),
        "Neighbouring towns share their crews, their maps and their sirens.",
        "إدارةُ الأزمات معًا",
        "بلدات متجاورة تتقاسم فرقها وخرائطها وصفّاراتها.",
    ),
    (
        *("music", "culture", "A summer of street music"),
        "Forty orchestras play for nothing on forty squares.",
        "صيف من موسيقى الشوارع",
        "أربعون فرقة تعزف مجانًا في أربعين ساحة.",
    ),
)


@dataclass(frozen=True)
class World:
    """The small site with two digests and two categories, its mailboxes and its web."""

    site: SmallSite
    web: Browser

    @property
    def app(self) -> App:
        return self.web.app

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.web.port}"

    def at(self, moment: datetime) -> "World":
        """Move the site's clock."""
        self.app.clock = Clock(moment)
        return self

    def publish(self, *keys: str, date: str = "2026-03-02T10:00:00Z") -> None:
        """Write items in English and in Arabic; without keys, all."""
        for key, category, title, text, arabic, arabic_text in ITEMS:
            if not keys or key in keys:
                self.site.item(f"{key}.en.md", title, date, text, categories=f"[{category}]")
                self.site.write(
                    f"content/{key}.ar.md", f"---\ntitle: {arabic}\n---\n{arabic_text}\n"
                )

    def begin(self, address: str = EVERYTHING, language: str = "en") -> None:
        """Start the digests, with one reader of everything."""
        start_digests(self.app)
        with write(self.app.engine) as conn:
            person = Person(address, languages=(language,))
            add(conn, self.app.settings, self.app.keys, person, self.app.now(), "agreed")

    def build(self) -> None:
        """Bring the feeds up to date."""
        building.build(self.app, withdraw=True)

    def send(self) -> int:
        """Send what is due, a new edition too, as a process of its own would; return how many."""
        with running(None):
            return sending.send(self.app).report.sent

    def tell_editors(self) -> int:
        """Send editors what is due to them; return how many mails."""
        with running(None):
            return tell_editors(self.app).handed.sent

    def mails(self, to: str) -> list[EmailMessage]:
        """What a mailbox holds, in the order in which it came."""
        files = list((self.site.root / "outbox" / "new").glob("*"))
        files.sort(key=lambda path: path.stat().st_mtime_ns)
        found = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in files
        ]
        return [mail for mail in found if str(mail["To"]) == to]

    def links(self, mail: EmailMessage, path: str) -> list[str]:
        """Return the addresses below a path that stand in a mail's text, in order, each once."""
        pattern = rf"{re.escape(self.origin)}/{path}/[^\s\"<>)]+"
        found = list(dict.fromkeys(re.findall(pattern, text_of(mail))))
        assert set(found) <= set(re.findall(pattern, text_of(mail, "html")))
        return found

    def one_click(self, mail: EmailMessage) -> Answer:
        """Do what a mail program's own button does: RFC 8058."""
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        address = urlsplit(mail["List-Unsubscribe"].strip("<>"))
        assert f"{address.scheme}://{address.netloc}" == self.origin
        return self.web.post(address.path, {"List-Unsubscribe": "One-Click"})


@contextmanager
def opened_world(site: SmallSite) -> Iterator[World]:
    """Serve a site for a block, with addresses that a browser on this machine can open."""
    site.configure(SETTINGS + _MORE)
    site.have_database()
    app = open_app(site.root, Clock(NOW))
    with browsing(app) as web:
        there = f"http://127.0.0.1:{web.port}"
        site.configure((SETTINGS + _MORE).replace("https://news.example.org", there))
        assert app.reload()
        yield World(site, web)


class Visitor:
    """A person before a screen, who reads one language and presses what is called in it."""

    def __init__(self, world: World, context: Any, language: str, *, has_script: bool) -> None:
        self._world, self.language, self._has_script = world, language, has_script
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.said: list[str] = []  # by the browser: a style or a form that a policy stops, a fault

    def word(self, message: str, **values: str) -> str:
        """Return an interface word as this person reads it."""
        return str(self._world.app.templates.words(self.language).t(message, **values))

    def go(self, address: str, status: int = 200) -> None:
        """Open a path of the site, or a link."""
        address = address if "://" in address else self._world.origin + address
        self._arrived(self.page.goto(address), status)

    def press(self, message: str, status: int = 200, **values: str) -> None:
        """Press the button of this name, which sends its form."""
        self.arrives_by_button(self.word(message, **values), status)

    def arrives_by_button(self, name: str, status: int = 200) -> None:
        """Press a button that is called so in every language."""
        with self.page.expect_navigation() as navigation:
            self.page.get_by_role("button", name=name, exact=True).click()
        self._arrived(navigation.value, status)

    def send_from_elsewhere(self, form: str) -> None:
        """See a page of another site that holds a form; one without a button gets its own."""
        button = "" if "<button" in form else "<button>Send</button>"
        self.page.goto("about:blank")
        self.page.set_content(form + button)

    def follow(self, message: str, part: str = "main") -> None:
        """Follow the link of this name in a part of the page."""
        link = self.page.locator(part).get_by_role("link", name=self.word(message), exact=True)
        with self.page.expect_navigation() as navigation:
            link.click()
        self._arrived(navigation.value, 200)

    def sees(self, message: str, **values: str) -> bool:
        """Return whether an interface word stands in the page."""
        shown = self.page.locator("body").inner_text()
        return plain(self.word(message, **values)) in plain(shown)

    def _arrived(self, response: Any, status: int) -> None:
        self.page.wait_for_load_state()
        assert response.status == status, self.page.url
        assert self.page.locator("html").get_attribute("lang") == self.language
        assert self.page.locator("h1").count() == 1
        if self._has_script:  # axe is one
            self.look()

    def look(self) -> None:
        """Look at the page on a phone and on a desk, by day and by night: nothing is amiss."""
        where = urlsplit(self.page.url).path
        self.page.set_viewport_size({"width": PHONE, "height": 900})
        assert violations(self.page) == [], where
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE, where
        self.page.set_viewport_size({"width": DESK, "height": 900})
        self.page.emulate_media(color_scheme="dark")
        assert violations_that_differ(self.page) == [], where
        self.page.emulate_media(color_scheme="light")

    def _hear(self, message: Any) -> None:
        # A status other than 200 is told there too; which one is asserted where it is met.
        if "Failed to load resource" not in message.text:
            self.said.append(message.text)


def text_of(mail: EmailMessage, subtype: str = "plain") -> str:
    """Return one form of a mail, its lines as they were before transport."""
    part = mail.get_body((subtype,))
    assert part is not None
    return str(part.get_content())


def plain(text: str) -> str:
    """Return text without the marks that isolate names of another script."""
    return re.sub("[\u2066-\u2069]", "", text)
