"""Databases to move between, and a small site with a mailing under way."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from publisher.store import open_engine


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """The address of a database of its own, for tests that drop what is in it."""
    address = postgres_server.replace("postgresql://", "postgresql+psycopg://")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            conn.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        conn.execute(text("SELECT pg_reload_conf()"))
        conn.execute(text("CREATE DATABASE publisher_moves"))
    admin.dispose()
    url = admin.url.set(drivername="postgresql", database="publisher_moves")
    return url.render_as_string(hide_password=False)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Engine]:
    """A PostgreSQL database without a single table."""
    engine = open_engine(postgres_url, Path())
    with engine.begin() as conn:
        conn.execute(text("DROP SCHEMA public CASCADE"))
        conn.execute(text("CREATE SCHEMA public"))
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """A SQLite database that does not exist yet."""
    engine = open_engine("sqlite:///new.sqlite3", tmp_path / "new")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest) -> Engine:
    """A database without a table, of both kinds."""
    return request.getfixturevalue("sqlite" if request.param == "sqlite" else "postgres")


@pytest.fixture
def source(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """A SQLite database with the present schema, to take backups of."""
    (tmp_path / "old").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "old" / "old.sqlite3")
    engine = open_engine("sqlite:///old.sqlite3", tmp_path / "old")
    yield engine
    engine.dispose()
