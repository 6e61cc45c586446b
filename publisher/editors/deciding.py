"""An editor's link: for which edition it is, what it asks for, and where that edition stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from publisher import digests, tokens
from publisher.digests import Edition, Standing
from publisher.editors.mail import Post, deciding_links
from publisher.errors import TokenForged
from publisher.store import read

if TYPE_CHECKING:
    from publisher.tokens import Claim


@dataclass(frozen=True, slots=True)
class Proof:
    """What a link leads to."""

    act: str  # approve, hold or cancel
    digest: str
    slot: str  # local
    titles: Mapping[str, str]  # the digest's, by language; empty where it has none
    when: datetime  # the slot in the site's zone
    is_own_hour: bool  # it is that hour in each reader's own zone
    standing: Standing
    edition: Edition | None  # None: nothing froze yet
    others: dict[str, str]  # the links of the other acts that can be decided now, by act

    @property
    def can_act(self) -> bool:
        """Whether what the link asks for would change anything."""
        return self.act in self.standing.acts


def read_proof(engine: Engine, post: Post, token: str, now: datetime) -> Proof:
    """Return what an editor's link leads to; raises TokenForged, also for who is no editor now."""
    act, claim = _claim(post, token)
    settings, name, slot = post.settings, claim.digest, claim.slot
    with read(engine) as conn:
        standing, edition = digests.standing(conn, settings, name, slot, now)
    links = deciding_links(settings, post.keys, claim.public_id, name, slot)
    digest = settings.digests.get(name)
    return Proof(
        act,
        name,
        slot,
        digest.title if digest else {},
        datetime.fromisoformat(slot).replace(tzinfo=settings.site.zone),
        digest is not None and digest.zone == "subscriber",
        standing,
        edition,
        {other: links[f"{other}_url"] for other in standing.acts if other != act},
    )


def _claim(post: Post, token: str) -> "tuple[str, Claim]":
    """Return for which act a token is, and what it says."""
    for act in tokens.DECIDING:
        try:
            claim = tokens.read(post.keys, act, token)
        except TokenForged as error:
            forged = error
        else:
            if claim.public_id in post.editors:
                return act, claim
            raise TokenForged("this link is not valid", hint="it was mailed to another editor")
    raise forged
