"""The steps that brought the schema to where it is, oldest first; `schema.upgrade` takes them.

A step once released is never changed: a new one is added in `versions` and named here, so that
every command can tell an older, a right and a newer database apart without loading Alembic.
"""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
HEAD = REVISIONS[-1]
