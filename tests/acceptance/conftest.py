"""An edition of three kinds of reader, sent through a real Postfix and by the Maildir beside it."""

import email
import email.policy
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from publisher.app import open_app, sending
from publisher.app.editions import open_due_editions, start_digests
from publisher.delivery import DkimKey, read_keys
from publisher.ops import Clock
from publisher.settings.model import Dkim
from publisher.store import write
from publisher.subscribers import Person, add
from publisher.tokens import Keys, open_keys
from tests.delivery.signing import make_keys

from . import notmuch, postfix

READERS = {"english": ("en",), "arabic": ("ar",), "mixed": ("ar", "en")}
TITLE = "رؤساء بلديات عشرين مدينة يتفقون في القمة على خطة مشتركة لحماية الشباب من الكراهية والعنف !"
HARBOUR = "Harbour opens: 50 % = half 🎉"
# A token of 200 characters: 150 bytes, 39 of them the signature, the key's name and the reader's.
DIGEST = "weekly-" + "-".join(["digest"] * 15)

_BEFORE = datetime.fromisoformat("2026-03-02T12:00:00Z")
_AT_SLOT = datetime.fromisoformat("2026-03-03T07:00:30Z")
_SETTINGS = f"""\
[site]
url = "https://example.org"
name = {{ en = "Example Cities", ar = "مدن المثال" }}
languages = ["en", "ar"]
time_zone = "Europe/London"
[feeds]
id_authority = "example.org,2026"
[digests.{DIGEST}]
title = {{ en = "Weekly digest", ar = "النشرة الأسبوعية" }}
subject = "{{first}}"
at = "Tue 07:00"
fallback = false
wait_for_translation = "0h"
[sender]
address = "digest@our-town.org"
name = {{ en = "Example Cities", ar = "مدن المثال" }}
postal_address = {{ en = "1 Example Street", ar = "شارع المثال ١" }}
[delivery.dkim]
domain = "our-town.org"
selector = "news"
key_file = "var/rsa.pem"
ed25519_selector = "news-ed"
ed25519_key_file = "var/ed25519.pem"
[web]
url = "https://news.our-town.org"
"""
_CONTENT = {
    "summit.ar.md": (TITLE, "2026-03-02T10:00:00Z", "نصّ الخبر، وفيه اسم Example Cities ورقم 2026."),
    "summit.en.md": ("Mayors agree at the summit", "2026-03-02T10:00:00Z", "Text of the news."),
    "harbour.en.md": (
        HARBOUR,
        "2026-03-02T09:00:00Z",
        f"From here on.\n\n.A dot first, and {'a very long line ' * 20}\n\n..Two dots, =3D, naïve.",
    ),
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one edition."""

    composed: dict[str, bytes]  # by the kind of reader, as the Maildir transport wrote it
    arrived: dict[str, bytes]  # as it lies in Postfix's Maildir
    seen: dict[str, notmuch.Seen]
    keys: Keys
    dkim: tuple[DkimKey, ...]

    def read(self, kind: str) -> EmailMessage:
        """Return an arrived message as Python's standard library reads it."""
        return email.message_from_bytes(self.arrived[kind], policy=email.policy.default)


@pytest.fixture(scope="session")
def post_office() -> Iterator[postfix.Postfix]:
    """A real Postfix, and notmuch to read what it delivers."""
    if reason := postfix.why_not() or notmuch.why_not():
        pytest.skip(reason)
    with postfix.running() as server:
        yield server


@pytest.fixture(scope="session")
def delivered(post_office: postfix.Postfix, tmp_path_factory) -> Delivered:
    scratch = tmp_path_factory.mktemp("acceptance")
    site, twin = scratch / "site", scratch / "twin"
    _open_edition(site)
    shutil.copytree(site, twin)
    smtp = f'[delivery]\ntransport = "smtp"\n[delivery.smtp]\nport = {post_office.port}\n'
    (site / "publisher.toml").write_text(_SETTINGS + smtp, encoding="utf-8")
    _send(site)
    _write_out(twin)
    arrived = post_office.delivered(len(READERS))
    seen = notmuch.read_folder(post_office.inbox, scratch)
    composed = [path.read_bytes() for path in (twin / "outbox/new").iterdir()]
    return Delivered(
        {_kind(data): data for data in composed},
        {_kind(data): data for data in arrived},
        {address.partition("@")[0]: message for address, message in seen.items()},
        open_keys(site / "var/secret", may_make=False),
        read_keys(Dkim(**tomllib.loads(_SETTINGS)["delivery"]["dkim"]), site),
    )


def _open_edition(site: Path) -> None:
    """Make a site with one reader of each kind, and open its edition: nothing is sent yet."""
    (site / "content").mkdir(parents=True)
    (site / "publisher.toml").write_text(_SETTINGS, encoding="utf-8")
    for name, (title, date, text) in _CONTENT.items():
        head = f'---\ntitle: "{title}"\ndate: {date}\n---\n'
        (site / "content" / name).write_text(f"{head}{text}\n", encoding="utf-8")
    make_keys(site)
    app = open_app(site, Clock(_BEFORE))
    start_digests(app)
    with write(app.engine) as conn:
        for kind, languages in READERS.items():
            person = Person(f"{kind}@{postfix.DOMAIN}", languages=languages, digests=(DIGEST,))
            add(conn, app.settings, app.keys, person, _BEFORE, "Keep me up to date.")
    app.clock = Clock(_AT_SLOT)
    (opened,) = open_due_editions(app)
    assert opened.recipients == len(READERS)
    app.close()


def _send(site: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "publisher", "--site", site, "send"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PUBLISHER_TESTING": "1", "PUBLISHER_NOW": _AT_SLOT.isoformat()},
    )
    assert "3 sent, 0 failed, 0 waiting" in done.stdout, done.stdout + done.stderr


def _write_out(twin: Path) -> None:
    """Send the same edition by the Maildir transport, here."""
    app = open_app(twin, Clock(_AT_SLOT))
    assert sending.send(app).report.sent == len(READERS)
    app.close()


def _kind(data: bytes) -> str:
    found = email.message_from_bytes(data)["To"]
    return str(found).partition("@")[0]
