"""The archive: past editions as anybody may read them, and a search over them and all items.

`index_archive` writes what is found; all else only reads. Everything follows from what editions
froze, and from what became of their items since; nothing here looks at a person.
"""

from publisher.digests.archive.editions import (
    ArchivedDigest,
    ArchivedEdition,
    EditionPage,
    archived_digests,
    archived_editions,
    edition_page,
)
from publisher.digests.archive.index import index_archive
from publisher.digests.archive.query import read_query
from publisher.digests.archive.search import Hit, search

__all__ = [
    "ArchivedDigest",
    "ArchivedEdition",
    "EditionPage",
    "Hit",
    "archived_digests",
    "archived_editions",
    "edition_page",
    "index_archive",
    "read_query",
    "search",
]
