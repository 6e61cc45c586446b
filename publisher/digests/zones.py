"""Whose clocks a digest goes by: the site's alone, or those of all its readers."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, exists, func, select

from publisher.store.tables import subscribers, subscriptions

if TYPE_CHECKING:
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
