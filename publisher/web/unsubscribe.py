"""Leave: by a mail program's one click (RFC 8058), or by a page that asks for nothing.

The link itself is the authority: no cookie, no token against forged requests, no redirect.
"""

from starlette.responses import Response

from publisher import tokens
from publisher.store import read, write
from publisher.subscribers import State, Subscriber, find_by_public_id, leave, masked
from publisher.web.choices import title_of
from publisher.web.pages import page
from publisher.web.visit import Page, Visit

_FIELD, _ONE_CLICK = "List-Unsubscribe", "One-Click"


def show(visit: Visit) -> Response:
    """Offer to leave, or to get less; changes nothing, however often it is opened."""
    claim = tokens.read(visit.app.keys, "unsubscribe", visit.params["token"])
    with read(visit.app.engine) as conn:
        who = find_by_public_id(conn, claim.public_id, visit.now)
    if who is None or who.state is State.UNSUBSCRIBED:
        return _left(visit, who, claim.public_id)
    digest = claim.digest if claim.digest in who.digests else ""
    return page(
        visit,
        "unsubscribe",
        address=masked(who.address),
        digest=title_of(visit, digest) if digest else "",
        has_others=len(who.digests) > 1,
        preferences=_preferences(visit, claim.public_id),
    )


def answer(visit: Visit) -> Response:
    """Let somebody go at once, from the digest the link is of, or from all."""
    claim = tokens.read(visit.app.keys, "unsubscribe", visit.params["token"])
    source = "one-click" if visit.form.get(_FIELD) == _ONE_CLICK else "page"
    digest = "" if visit.form.get("all") else claim.digest
    keys, public_id = visit.app.keys, claim.public_id
    with write(visit.app.engine) as conn:
        who = leave(conn, visit.settings, keys, public_id, digest, visit.now, source=source)
    return _left(visit, who, public_id)


def _left(visit: Visit, who: Subscriber | None, public_id: str) -> Response:
    kept = who.digests if who and who.state is State.ACTIVE else ()
    return page(
        visit,
        "left",
        kept=[title_of(visit, digest) for digest in kept],
        preferences=_preferences(visit, public_id) if kept else "",
    )


def _preferences(visit: Visit, public_id: str) -> str:
    return visit.to(f"/preferences/{tokens.make(visit.app.keys, 'preferences', public_id)}")


PAGES = (Page("/u/{token}", get=show, post=answer),)
