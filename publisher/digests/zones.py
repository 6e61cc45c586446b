"""Whose clocks a digest goes by: the site's alone, or those of all its readers."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, exists, func, select

from publisher.digests.period import hours
from publisher.digests.stories import unix
from publisher.store.tables import subscribers, subscriptions

if TYPE_CHECKING:
    from publisher.digests.edition import Edition
    from publisher.settings import Settings

READERS = "subscriber"  # what a digest's `zone` says when each reader's own hour counts


def zones_of(conn: Connection, settings: "Settings", name: str) -> tuple[ZoneInfo, ...]:
    """Return the zones in which a digest's slots begin; the site's when it has no reader."""
    if settings.digests[name].zone != READERS:
        return (settings.site.zone,)
    found = {zone_for(text, settings.site.zone) for text in names_of(conn, name)}
    return tuple(sorted(found, key=lambda zone: zone.key)) or (settings.site.zone,)


def names_of(conn: Connection, name: str) -> tuple[str, ...]:
    """Return the distinct time zones that active readers of a digest have, "" for none said.

    One step of the index for each zone there is, however many readers share it.
    """
    column, is_active = subscribers.c.time_zone, subscribers.c.state == "active"
    reads = exists().where(
        subscriptions.c.subscriber_id == subscribers.c.id,
        subscriptions.c.digest == name,
        subscriptions.c.active == 1,
    )
    found = []
    here = conn.scalar(select(func.min(column)).where(is_active))
    while here is not None:
        if conn.scalar(select(1).where(is_active, column == here, reads).limit(1)):
            found.append(here)
        here = conn.scalar(select(func.min(column)).where(is_active, column > here))
    return tuple(found)


def zone_for(name: str, site_zone: ZoneInfo) -> ZoneInfo:
    """Return the zone somebody lives in; the site's when they did not say, or none is so called."""
    try:
        return ZoneInfo(name) if name else site_zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return site_zone


class Hours:
    """When the deliveries of an edition are due: at its slot, or at each reader's own hour."""

    def __init__(self, edition: "Edition", shape: "Settings") -> None:
        """Prepare; `shape` is the settings that the edition froze."""
        self._edition, self._zone = edition, shape.site.zone
        self._digest = shape.digests[edition.digest]

    @property
    def are_own(self) -> bool:
        """Whether each reader's own hour counts; an extra edition may have frozen otherwise."""
        return self._digest.zone == READERS

    @property
    def first(self) -> int:
        """When the first are due, and all where nobody's own hour counts; unix seconds."""
        return self._not_before(self._edition.slot.due_at)

    def by_zone(self, conn: Connection) -> Iterator[tuple[str, int]]:
        """Yield when readers of each zone are due, "" for none said; unix seconds."""
        names = {"", *names_of(conn, self._edition.digest)}
        zones = {name: zone_for(name, self._zone) for name in names}
        at = hours(self._edition.slot.at, set(zones.values()))
        for name, zone in zones.items():
            yield name, self._not_before(at[zone.key])

    def _not_before(self, hour: datetime) -> int:
        delay = self._digest.delay
        begun = self._edition.released_at or self._edition.opened_at
        return unix(max(hour, begun + delay) if delay else hour)
