"""The editions of a site: opened when due, decided upon, forecast and previewed."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from publisher import digests, preflight
from publisher.app.site import App
from publisher.digests import Acted, Draft, Forecast, Opened, Slot, Story
from publisher.errors import Problem
from publisher.store import write


def start_digests(app: App) -> None:
    """Let every digest begin that has not: its editions are those due from now on."""
    with write(app.engine) as conn:
        digests.start(conn, app.settings, app.now())
        digests.record_seen(conn, app.library(), app.now())


def open_due_editions(app: App) -> tuple[Opened, ...]:
    """Open every edition whose slot is due: freeze its items, queue its deliveries.

    The archive then finds what is new. Raises SiteHeld in a restored copy.
    """
    app.must_be_free()
    engine, settings, library, now = app.engine, app.settings, app.library(), app.now()

    opened = digests.open_due(
        engine, settings, library, app.templates, now, look=partial(look_at, app)
    )
    digests.index_archive(engine, settings, library, now)
    if any(one.is_finished for one in opened):  # with nothing new, or called off before
        app.heartbeat.beat(settings)
    return opened


def next_due(app: App) -> dict[str, Slot]:
    """Return the next slot of each digest that has one by the calendar, soonest first."""
    return digests.next_due(app.engine_if_there(), app.settings, app.now())


def decide(app: App, name: str, what: str, slot: str = "") -> Acted:
    """Approve, hold, release or cancel an edition of a digest; see `digests.act`."""

    is_elsewhere = app.is_shared and not app.has_content
    library = None if is_elsewhere else app.library()
    return digests.act(
        app.engine,
        app.settings,
        library,
        app.templates,
        name,
        what,
        slot,
        app.now(),
        partial(look_at, app),
    )


def add_extra(app: App, name: str, keys: Sequence[str], at: datetime | None = None) -> Acted:
    """Send items outside the rhythm of a digest; see `digests.add_extra`."""
    library, now = app.library(), app.now()
    return digests.add_extra(app.engine, app.settings, library, app.templates, name, keys, now, at)


def look_at(app: App, name: str, stories: Sequence[Story]) -> tuple[Problem, ...]:
    """Return what an editor should look at in an edition that is about to freeze."""
    library, now = app.library(), app.now()
    found = (library.find(s.key, tag) for s in stories for tag in s.versions)
    items = [item for item in found if item]
    doubts = preflight.examine(app.settings, library, items, now=now, digest=name)
    sizes = digests.clipped(app.settings, library, app.templates, name, now, app.engine)
    return (*doubts, *sizes)


def forecast(app: App) -> Forecast:
    """Return what waits for which edition, by the database if there is one; writes nothing."""
    return digests.forecast(app.engine_if_there(), app.settings, app.library(), app.now())


def preview(app: App, name: str, language: str) -> Draft:
    """Return the next edition for readers of a language, with an example reader's values.

    Raises PublisherError when there is no such digest, RenderError.
    """
    engine, now = app.engine_if_there(), app.now()
    return digests.draft(app.settings, app.library(), app.templates, name, language, now, engine)


def clipped(app: App) -> list[Problem]:
    """Return a warning for each next edition that is larger than a mail may be."""
    engine, now, library = app.engine_if_there(), app.now(), app.library()
    found: list[Problem] = []
    for name in app.settings.digests:
        found += digests.clipped(app.settings, library, app.templates, name, now, engine)
    return found
