"""Who a subscriber is: an address, a state, and what they chose."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a subscriber is; only `active` people are ever sent an edition."""

    PENDING = "pending"  # has not agreed yet
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be added, in the words they were given with; nothing is checked yet."""

    email: str
    name: str = ""
    languages: tuple[str, ...] = ()  # in order; none: the site's first
    digests: tuple[str, ...] = ()  # none: all
    categories: tuple[str, ...] = ()  # none: all
    time_zone: str = ""  # "": the site's
    kinds: tuple[str, ...] = ()  # none: all
    originals: bool | None = None  # the original instead of a machine translation; None: not said


@dataclass(frozen=True, slots=True)
class Subscription:
    """One digest that a subscriber gets, and what of it."""

    digest: str
    kinds: tuple[str, ...]  # none: all
    categories: tuple[str, ...]  # none: all


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One person as the database has them."""

    id: int
    public_id: str  # in signed links
    address: str
    name: str
    languages: tuple[str, ...]
    time_zone: str  # "": the site's
    state: State
    is_suppressed: bool
    originals: bool  # the original instead of a machine translation
    paused_until: datetime | None  # no mail before it
    created_at: datetime  # aware, UTC
    confirmed_at: datetime | None
    subscriptions: tuple[Subscription, ...]  # active ones
    left: tuple[Subscription, ...] = ()  # ended ones

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(each.digest for each in self.subscriptions)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories chosen in any of the digests; none means all."""
        if any(not each.categories for each in self.subscriptions):
            return ()
        return tuple(sorted({slug for each in self.subscriptions for slug in each.categories}))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds chosen in any of the digests; none means all."""
        if any(not each.kinds for each in self.subscriptions):
            return ()
        return tuple(sorted({kind for each in self.subscriptions for kind in each.kinds}))
