from pathlib import Path

import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import create_engine, text

from publisher.app import keeping, open_app
from publisher.errors import MigrationNeeded, StoreError
from publisher.ops import Clock
from publisher.store import open_engine, read, write
from publisher.store.job_tables import check_job_tables, upgrade_job_tables
from publisher.store.postgres import plain_address

STEPS = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
FUNCTIONS = text("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'procrastinate%'")
COLUMNS = text(
    "SELECT table_name, column_name, data_type FROM information_schema.columns "
    "WHERE table_name LIKE 'procrastinate%'"
)


@pytest.fixture
def bare(postgres_template):
    """A database without any table."""
    admin = create_engine(postgres_template.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text("CREATE DATABASE bare"))
    url = admin.url.set(database="bare").render_as_string(hide_password=False)
    engine = open_engine(url, Path())
    yield engine
    engine.dispose()
    with admin.connect() as conn:
        conn.execute(text("DROP DATABASE bare WITH (FORCE)"))
    admin.dispose()


def take(engine, steps) -> None:
    """Bring a database to where an older Procrastinate left it."""
    for step in steps:
        with write(engine) as conn:
            conn.connection.driver_connection.execute(step.read_text(encoding="utf-8"))
    mark(engine, steps[-1].stem)


def mark(engine, step: str) -> None:
    with write(engine) as conn:
        said = f"COMMENT ON TABLE procrastinate_jobs IS 'made by publisher; last step: {step}'"
        conn.exec_driver_sql(said)


def shape(engine) -> tuple[set, set]:
    with read(engine) as conn:
        columns = {tuple(row) for row in conn.execute(COLUMNS)}
        # Comments of functions differ between a fresh schema and one that grew.
        return columns, {row.proname for row in conn.execute(FUNCTIONS)}


def test_they_are_made_when_first_needed_and_then_left_alone(bare):
    check_job_tables(bare)
    assert upgrade_job_tables(bare) is False
    check_job_tables(bare)


def test_publisher_upgrade_makes_them(bare, site, monkeypatch):
    monkeypatch.setenv("PUBLISHER_DATABASE_URL", plain_address(bare))
    app = open_app(site.root, Clock())
    assert keeping.upgrade(app)
    assert not keeping.upgrade(app)
    assert not upgrade_job_tables(bare)


def test_those_of_an_older_procrastinate_want_an_upgrade_and_grow_to_the_same_shape(
    bare, shared_url
):
    take(bare, STEPS[: next(n for n, s in enumerate(STEPS) if s.stem.startswith("03.02.00_50"))])
    with pytest.raises(MigrationNeeded, match=r"03\.02\.00_01.* wants") as caught:
        check_job_tables(bare)
    assert "publisher upgrade" in caught.value.hint
    assert upgrade_job_tables(bare) is True
    check_job_tables(bare)
    fresh = open_engine(shared_url, Path())
    assert shape(bare)[0] == shape(fresh)[0]
    assert shape(bare)[1] >= shape(fresh)[1]
    fresh.dispose()


def test_those_of_a_newer_procrastinate_are_refused(bare):
    check_job_tables(bare)
    mark(bare, "99.00.00_01_pre_something_new")
    for look in (check_job_tables, upgrade_job_tables):
        with pytest.raises(MigrationNeeded) as caught:
            look(bare)
        assert "newer Procrastinate" in caught.value.hint


def test_those_of_another_program_are_left_alone(bare):
    check_job_tables(bare)
    with write(bare) as conn:
        conn.exec_driver_sql("COMMENT ON TABLE procrastinate_jobs IS NULL")
    with pytest.raises(StoreError, match="publisher did not make"):
        upgrade_job_tables(bare)
