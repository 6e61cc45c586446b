"""A site with one item and any number of readers, whose first edition falls due on a Tuesday."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from publisher.address import address_hash, parse
from publisher.app import open_app
from publisher.app.editions import open_due_editions, start_digests
from publisher.ops import Clock
from publisher.store import insert_many, open_engine, write
from publisher.store.tables import signatures, subscribers, subscriptions

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
DUE = datetime(2026, 3, 3, 7, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SQLITE = "sqlite:///var/publisher.sqlite3"
SETTINGS = """\
[site]
url = "https://our-town.org"
name = "Cities"
languages = ["en", "ar"]
[feeds]
id_authority = "our-town.org,2026"
[digests.weekly]
title = { en = "Weekly digest", ar = "النشرة الأسبوعية" }
every = "week"
at = "Tue 07:00"
[sender]
address = "digest@our-town.org"
name = "Cities"
postal_address = "1 Test Street"
"""
_DELIVERY = """\
[delivery]
transport = "{transport}"
[delivery.smtp]
host = "127.0.0.1"
port = {port}
connections = {connections}
security = "{security}"
username = "{username}"
[database]
url = "{database}"
"""
_LANGUAGES = ("en", "ar en")


def address(number: int) -> str:
    return f"r{number}@readers.test"


def configure(
    root: Path,
    *,
    port: int = 25,
    transport: str = "smtp",
    connections: int = 8,
    database: str = SQLITE,
    security: str = "none",
    username: str = "",
) -> None:
    """Write the settings of a site."""
    delivery = _DELIVERY.format(
        transport=transport,
        port=port,
        connections=connections,
        database=database,
        security=security,
        username=username,
    )
    (root / "publisher.toml").write_text(SETTINGS + delivery, encoding="utf-8")


def make_site(root: Path, readers: int) -> None:
    """Fill a folder whose settings are written: the item, the database, the readers."""
    content = root / "content"
    content.mkdir()
    date = "2026-03-01T10:00:00Z"
    text = "The mayors met and agreed.\n.\n.a line that begins with a dot\n" * 4
    (content / "summit.en.md").write_text(
        f'---\ntitle: "Mayors meet"\ndate: {date}\n---\n{text}', encoding="utf-8"
    )
    (content / "summit.ar.md").write_text(
        "---\ntitle: اجتماع رؤساء البلديات\n---\nاجتمع رؤساء البلديات واتفقوا.\n", encoding="utf-8"
    )
    app = open_app(root, Clock(START))
    start_digests(app)
    add_readers(app.engine, readers, app.keys.lasting)
    app.close()


def open_edition(root: Path) -> None:
    """Open the edition that is due, and send nothing yet."""
    app = open_app(root, Clock(DUE))
    open_due_editions(app)
    app.close()


def database_of(root: Path) -> Engine:
    """Return an engine for the database that a site's settings name."""
    from publisher.settings import load

    return open_engine(load(root).database.url, root)


def add_readers(engine: Engine, count: int, secret: bytes) -> None:
    """Write readers of the weekly digest straight into the database, every third one of Arabic."""
    at = int(START.timestamp()) - 1_000_000
    numbers = range(1, count + 1)
    people = []
    for n in numbers:
        key = parse(address(n)).key
        hashed, tags = address_hash(key, secret), _LANGUAGES[n % 3 == 0]
        people.append((n, f"p{n}", address(n), key, hashed, tags, "active", at, at, at))
    columns = (
        "id", "public_id", "address", "address_key", "address_hash", "languages", "state",
        "created_at", "confirmed_at", "changed_at",
    )  # fmt: skip
    chosen = [(n, "weekly", "", "", 1 + (n % 3 == 0), at) for n in numbers]
    with write(engine) as conn:
        insert_many(conn, subscribers, columns, people)
        insert_many(
            conn,
            signatures,
            ("id", "languages", "kinds", "categories", "originals"),
            [(number, tags, "", "", 0) for number, tags in enumerate(_LANGUAGES, start=1)],
        )
        insert_many(
            conn,
            subscriptions,
            ("subscriber_id", "digest", "kinds", "categories", "signature_id", "changed_at"),
            chosen,
        )
