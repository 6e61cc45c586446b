"""The feeds of a site, brought up to date. Nothing here knows of a database."""

from publisher import feeds
from publisher.app.site import App, Progress
from publisher.content import open_library, scan
from publisher.errors import WithdrawalRefused
from publisher.feeds import BuildReport


def build(
    app: App, *, withdraw: bool = False, on_progress: Progress | None = None
) -> BuildReport | None:
    """Bring feeds/ up to date; None when everything is as the last build left it."""
    try:
        report = _build(app, withdraw, on_progress)
    except WithdrawalRefused as refused:
        app.missing = refused.missing
        raise
    app.missing = ()
    return report


def _build(app: App, withdraw: bool, on_progress: Progress | None) -> BuildReport | None:
    settings, now = app.settings, app.now()
    found = scan(settings)
    if feeds.is_current(settings, found.stamp, now):
        return None
    library = open_library(settings, now=now, scan=found, remember=True, on_progress=on_progress)
    app.keep_library(library)
    return feeds.build(library, now=now, withdraw=withdraw, on_progress=on_progress)
