"""Write one feed in one format; imported only when a feed really changed."""

from collections.abc import Sequence

from publisher.feeds import jsonfeed, syndication
from publisher.feeds.channel import Channel
from publisher.feeds.syndication import SyndicatedEntry


def render(channel: Channel, entries: Sequence[SyndicatedEntry], format_: str) -> bytes:
    """Return the feed's bytes: the same for the same facts."""
    if format_ == "json":
        return jsonfeed.render(channel, [one.entry for one in entries])
    return syndication.render(channel, entries, format_)
