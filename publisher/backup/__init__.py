"""Backups: the whole of a site that is not a file of its own, in one file, and back again.

`backup_site` takes one moment of the database, whatever is being written meanwhile, and the secret
without which nobody's links work. `restore_site` brings it into SQLite or PostgreSQL, which is also how
a site grows from one to the other. What an older copy cannot know, who left since, is carried over
from the database it replaces; and it sends nothing until somebody says so.
"""

from publisher.backup.reading import Backup, open_backup
from publisher.backup.restoring import Restored, Wishes, restore
from publisher.backup.site import backup_site, restore_site
from publisher.backup.writing import Written, write_backup

__all__ = [
    "Backup",
    "Restored",
    "Wishes",
    "Written",
    "backup_site",
    "open_backup",
    "restore",
    "restore_site",
    "write_backup",
]
