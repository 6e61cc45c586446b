"""What editors are told by mail, and what they decide through its links."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING

from publisher import editors
from publisher.app.site import App
from publisher.delivery import open_transport
from publisher.editors import Handed, Post, Proof
from publisher.errors import PublisherError, StateError, StoreError
from publisher.ops import log
from publisher.store import read, write

if TYPE_CHECKING:
    from publisher.editors.notices import Draft

_log = log.get("editors")


@dataclass(frozen=True, slots=True)
class Told:
    """What one round of telling editors did."""

    handed: Handed = field(default_factory=Handed)
    next_at: datetime | None = None  # when there is something to do again


def tell_editors(app: App, stop: Event | None = None) -> Told:
    """Make the proofs and reports that are due, tell of broken files, and send what waits.

    Repeat-safe. Does nothing without editors, nor in a restored copy that nobody released.
    """
    if not app.settings.editors.addresses or app.site_hold():
        return Told()
    post = post_of(app)
    proof_at = _queue_proofs(app, post)
    _queue(app, editors.report_mails(app.engine, post, app.now()))
    _queue_broken(app, post)
    handed = editors.send_waiting(
        app.engine,
        post,
        lambda: open_transport(app.settings, stop, editors.REPLY_SECONDS),
        app.now,
        stop or Event(),
    )
    moments = [moment for moment in (proof_at, handed.next_at) if moment]
    return Told(handed, min(moments, default=None))


def read_proof(app: App, token: str) -> Proof:
    """Return what an editor's link leads to; raises TokenForged."""
    return editors.read_proof(app.engine, post_of(app), token, app.now())


def decide_by_link(app: App, token: str) -> Proof:
    """Do what an editor's link asks for, if that would change anything; return what came of it.

    Repeat-safe. Raises TokenForged, and PublisherError when a missed edition cannot be opened.
    """
    proof = read_proof(app, token)
    if not proof.can_act:
        return proof
    act = proof.act
    try:
        # Approving what is held lets it go on; a draft that was held is a draft again.
        if act == "approve" and proof.edition and proof.edition.state.value == "held":
            acted = app.decide(proof.digest, "release", proof.slot)
            if acted.edition is None or acted.edition.state.value != "draft":
                return read_proof(app, token)
        app.decide(proof.digest, act, proof.slot)
    except StateError:
        pass  # somebody else was faster: the page says what is true now
    return read_proof(app, token)


def post_of(app: App) -> Post:
    """Return what mails to the editors of a site are made with."""
    return Post(app.settings, app.templates, app.keys, app.signers)


def _queue_proofs(app: App, post: Post) -> datetime | None:
    """Queue the proofs that are due; return when the next is. A broken one stops no other."""
    due, next_at = editors.due_proofs(app.engine, post, app.now())
    for one in due:
        try:
            mails = editors.proof_mails(
                app.engine, post, app.library(), one, app.look_at, app.now()
            )
        except StoreError:
            raise
        except PublisherError as error:
            _log.error("a proof cannot be made", digest=one.digest, reason=error.message)
        else:
            _queue(app, mails)
    return next_at


def _queue_broken(app: App, post: Post) -> None:
    """Queue one mail about all files that broke since the last one."""
    if app.is_shared and not app.has_content:
        return
    library = app.library()
    broken = editors.broken_now(library)
    with read(app.engine) as conn:
        told = editors.told_of(conn)
    if broken == told.files:
        return
    mails = editors.broken_mails(post, library, broken, told, app.now())
    with write(app.engine) as conn:
        editors.queue(conn, mails, app.now())
        editors.remember(conn, broken, app.now())


def _queue(app: App, mails: "Sequence[Draft]") -> None:
    if not mails:
        return
    now = app.now()
    with write(app.engine) as conn:
        editors.queue(conn, mails, now)
        editors.forget(conn, now - app.settings.retention.deliveries)
