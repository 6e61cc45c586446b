"""In which feeds an item stands, and how far down: for whoever asks where it went."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from publisher.content.item import Item
from publisher.feeds.plan import plan
from publisher.feeds.retired import kept


@dataclass(frozen=True, slots=True)
class Place:
    """One feed that an item belongs to."""

    feed: str  # path under feeds/ without the format: "en/all"
    position: int  # 1 is the newest entry; 0: older than all that the feed shows


def places(
    published: Sequence[Item], item: Item, most: int, retired: Collection[str] = ()
) -> tuple[Place, ...]:
    """Return the feeds an item belongs to, and its position in each.

    published  all that readers may see, newest first
    most       how many entries a feed holds
    retired    feeds and languages that the site has retired
    """
    shown = {
        feed.path: at
        for feed in plan(published, most)
        for at, one in enumerate(feed.items, start=1)
        if one is item
    }
    own = kept(plan((item,), 1), retired)
    return tuple(Place(feed.path, shown.get(feed.path, 0)) for feed in own)
