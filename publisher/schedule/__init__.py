"""The clock's door: keeps a site built and its digests sent, for as long as the process lives.

`jobs` is the table of what is done and when. `local` runs it in this process with APScheduler;
`cluster` runs the same table on any number of machines that share a PostgreSQL, with
Procrastinate.
"""

from publisher.schedule.forever import run_forever

__all__ = ["run_forever"]
