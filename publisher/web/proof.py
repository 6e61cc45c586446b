"""An editor decides on an edition: a page with a button; only the button's POST decides."""

from typing import TYPE_CHECKING

from starlette.responses import Response

from publisher.app.editing import decide_by_link, read_proof
from publisher.web import pages
from publisher.web.visit import Page, Visit

if TYPE_CHECKING:
    from publisher.editors import Proof


def _show(visit: Visit) -> Response:
    return _page(visit, read_proof(visit.app, visit.params["token"]))


def _decide(visit: Visit) -> Response:
    """Answer with the page itself, which says what is true now; pressing again changes nothing."""
    return _page(visit, decide_by_link(visit.app, visit.params["token"]))


def _page(visit: Visit, proof: "Proof") -> Response:
    status = 200 if proof.standing.acts else 410  # closed: the link has ended
    return pages.page(visit, "proof", status=status, proof=proof)


PAGES = (Page("/proof/{token}", get=_show, post=_decide),)
