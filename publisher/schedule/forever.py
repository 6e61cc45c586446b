"""Alone or together with other machines: the database decides."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.app import App


def run_forever(app: "App", stop: threading.Event) -> None:
    """Do the jobs of this machine until stop is set; what is being sent then is finished first.

    Raises StoreError when the database cannot be used at the start, or var/secret is not that of
    the other machines.
    """
    if app.is_shared:
        from publisher.schedule.cluster import run_shared

        run_shared(app, stop)
    else:
        from publisher.schedule.local import run_alone

        run_alone(app, stop)
