"""A site with two editors and readers, opened at moments of a test's choice."""

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from publisher.app import App, open_app
from publisher.app.editions import start_digests
from publisher.ops import Clock
from publisher.store import write
from publisher.subscribers import Person, add
from tests.conftest import NOW, SETTINGS, SmallSite

EDITORS = '\n[editors]\naddresses = ["ed@example.org", "Jo@example.org"]\n'
SLOT = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)


class Office:
    """The small site, its editors and what they get; the digest is weekly, on Tuesdays at 07:00."""

    def __init__(self, site: SmallSite, more: str) -> None:
        self.site, self._more = site, more
        self._apps: list[App] = []
        self.configure()
        site.have_database()

    def configure(self, old: str = "", new: str = "", editors: str = EDITORS) -> None:
        assert old in SETTINGS
        self.site.configure(SETTINGS.replace(old, new, 1) + editors + self._more)

    def at(self, moment: datetime) -> App:
        """The site as a process sees it that starts at a moment."""
        app = open_app(self.site.root, Clock(moment))
        self._apps.append(app)
        return app

    def begin(self, *readers: tuple[str, str], at: datetime = NOW) -> None:
        """Start the digest and add readers: name and languages."""
        app = self.at(at)
        start_digests(app)
        with write(app.engine) as conn:
            for name, languages in readers:
                person = Person(f"{name}@example.org", languages=tuple(languages.split()))
                add(conn, app.settings, app.keys, person, at, "agreed")

    def mails(self) -> list[EmailMessage]:
        """What editors got, by address and subject."""
        folder = self.site.root / "outbox" / "new"
        files = folder.iterdir() if folder.exists() else ()
        found = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in files
        ]
        mine = [one for one in found if one["To"] in ("ed@example.org", "Jo@example.org")]
        return sorted(mine, key=lambda one: (one["To"], one["Subject"]))

    def subjects(self, to: str = "ed@example.org") -> list[str]:
        return [str(one["Subject"]) for one in self.mails() if one["To"] == to]

    def links(self, subject: str, to: str = "ed@example.org") -> list[str]:
        """The tokens of the links in a mail, in their order: of a proof, approve and hold."""
        (mail,) = [one for one in self.mails() if one["To"] == to and subject in one["Subject"]]
        return re.findall(r"/proof/([\w-]+)", plain(mail))

    def close(self) -> None:
        for app in self._apps:
            app.close()


def html(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()


def plain(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content()


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, site: SmallSite) -> Iterator[Office]:
    more = ""
    if request.param == "postgresql":
        more = f'\n[database]\nurl = "{request.getfixturevalue("shared_url")}"\n'
    made = Office(site, more)
    yield made
    made.close()


@pytest.fixture
def small_office(site: SmallSite) -> Iterator[Office]:
    """An office on SQLite, for what does not depend on the database."""
    made = Office(site, "")
    yield made
    made.close()
