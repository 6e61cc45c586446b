import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from publisher.errors import MigrationNeeded
from publisher.store import check_schema, migrations, open_engine, read, tables, upgrade, write
from publisher.store.schema import difference


def is_of_search(name: str | None) -> bool:
    """Return whether a table of FTS5's, or PostgreSQL's index, has this name."""
    return (name or "").startswith("document_words")


def test_migrated_schema_is_the_one_that_tables_describe(db):
    # SQLite gives defaults back in another spelling, which would count as a difference.
    options = {
        "compare_server_default": db.dialect.name == "postgresql",
        "include_name": lambda name, kind, parents: not is_of_search(name),
    }
    with read(db) as conn:
        context = MigrationContext.configure(conn, opts=options)
        assert compare_metadata(context, tables.metadata) == []


def test_each_state_column_is_checked_by_the_database(db):
    with read(db) as conn:
        found = inspect(conn)
        for table in tables.metadata.tables.values():
            wanted = {c.name for c in table.constraints if type(c).__name__ == "CheckConstraint"}
            assert {c["name"] for c in found.get_check_constraints(table.name)} == wanted


def test_partial_indexes_are_partial(db):
    query = (
        "SELECT sql FROM sqlite_master WHERE name = 'ix_deliveries_queued'"
        if db.dialect.name == "sqlite"
        else "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_deliveries_queued'"
    )
    with read(db) as conn:
        assert "WHERE" in conn.execute(text(query)).scalar_one()


def test_last_migration_is_the_head_that_commands_check_for():
    scripts = ScriptDirectory(migrations.__path__[0])
    known = [step.revision for step in scripts.walk_revisions()]
    assert tuple(reversed(known)) == migrations.REVISIONS


def test_upgrade_of_a_current_database_changes_nothing(db):
    assert upgrade(db) is False
    check_schema(db)


def test_new_file_is_upgraded_once(tmp_path):
    engine = open_engine("sqlite:///var/p.sqlite3", tmp_path)
    assert upgrade(engine) is True
    assert upgrade(engine) is False
    check_schema(engine)
    assert (tmp_path / "var" / "p.sqlite3").stat().st_mode & 0o777 == 0o600
    engine.dispose()


def test_looking_at_a_missing_database_says_so_and_makes_no_file(tmp_path):
    engine = open_engine("sqlite:///var/p.sqlite3", tmp_path)
    with pytest.raises(MigrationNeeded, match="schema none") as caught:
        check_schema(engine)
    assert "publisher upgrade" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_empty_database_needs_an_upgrade(tmp_path):
    engine = open_engine("sqlite:///p.sqlite3", tmp_path)
    with write(engine) as conn:
        conn.execute(text("CREATE TABLE other (id INTEGER)"))
    with pytest.raises(MigrationNeeded, match="schema none"):
        check_schema(engine)
    engine.dispose()


def test_newer_schema_is_refused_by_commands_and_by_upgrade(tmp_path):
    engine = open_engine("sqlite:///p.sqlite3", tmp_path)
    upgrade(engine)
    with write(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for act in (check_schema, upgrade):
        with pytest.raises(MigrationNeeded, match="schema 9999") as caught:
            act(engine)
        assert "newer publisher" in caught.value.hint
    engine.dispose()


def test_older_schema_is_told_from_a_newer_one():
    assert "publisher upgrade" in difference("0001", ("0001", "0002")).hint
    assert "newer publisher" in difference("0003", ("0001", "0002")).hint
    assert difference("0001", ("0001", "0002")).want == "0002"
