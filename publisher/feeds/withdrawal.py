"""The guard against taking most of a site away by mistake: a wrong folder, a lost disk, a bad merge."""

from publisher.errors import WithdrawalRefused
from publisher.feeds.memory import Memory

LEAST = 5  # fewer items than this may always go
SHARE = 5  # a mistake is likelier than a wish when more than one in so many would go


def check_withdrawal(before: Memory, after: Memory) -> None:
    """Raise WithdrawalRefused when too many of the items published before are published no more.

    Compared by id and by path. An item that only fell off the end of a feed is still published; a
    first build, or one after the settings changed what an item is, takes nothing away.
    """
    if before.rules != after.rules:
        return
    paths = set(after.published.values())
    missing = [
        path
        for id_, path in before.published.items()
        if id_ not in after.published and path not in paths
    ]
    if len(missing) >= LEAST and len(missing) * SHARE > len(before.published):
        raise WithdrawalRefused(sorted(missing), len(before.published))
