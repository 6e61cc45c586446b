"""The clock's door: keeps a site built and its digests sent, for as long as the process lives.

`jobs` is the table of what is done and when; `local` runs it in this process with APScheduler.
"""

from publisher.schedule.local import run_forever

__all__ = ["run_forever"]
