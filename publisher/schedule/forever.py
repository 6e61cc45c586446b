"""Alone or together with other machines: the database decides."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.app import App


def run_forever(
    app: "App", stop: threading.Event, on_running: Callable[[], None] = lambda: None
) -> None:
    """Do the jobs of this machine until stop is set; what is being sent then is finished first.

    on_running  called once all of it is at work

    Raises StoreError when the database cannot be used at the start, or var/secret is not that of
    the other machines.
    """
    if app.is_shared:
        from publisher.schedule.cluster import run_shared

        run_shared(app, stop, on_running=on_running)
    else:
        from publisher.schedule.local import run_alone

        run_alone(app, stop, on_running)
