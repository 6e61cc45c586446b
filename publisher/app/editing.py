"""What editors are told by mail, and what they decide through its links."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from publisher import editors
from publisher.app.editions import decide, look_at
from publisher.app.site import App
from publisher.delivery import open_transport
from publisher.digests import State
from publisher.editors import Handed, Post, Proof
from publisher.errors import PublisherError, StoreError
from publisher.ops import log
from publisher.store import read, write

if TYPE_CHECKING:
    from publisher.editors.notices import Draft
    from publisher.editors.proof import Due

_T = TypeVar("_T")
_log = log.get("editors")


@dataclass(frozen=True, slots=True)
class Told:
    """What one round of telling editors did."""

    handed: Handed = field(default_factory=Handed)
    next_at: datetime | None = None  # when there is something to do again


def tell_editors(app: App, stop: Event | None = None) -> Told:
    """Make the proofs and reports that are due, tell of what cannot be published, send what waits.

    Repeat-safe. Does nothing without editors, nor in a restored copy that nobody released. What
    goes wrong is logged: readers' mail must not wait for it. Raises StoreError only.
    """
    if not app.settings.editors.addresses or app.site_hold():
        return Told()
    post = _post_of(app)
    due, proof_at = editors.due_proofs(app.engine, post, app.now())
    for one in due:
        _safely(partial(_queue_proof, app, post, one))
    _safely(partial(_queue_reports, app, post))
    _safely(partial(_queue_broken, app, post))
    handed = _safely(partial(_send, app, post, stop)) or Handed()
    moments = [moment for moment in (proof_at, handed.next_at) if moment]
    return Told(handed, min(moments, default=None))


def read_proof(app: App, token: str) -> Proof:
    """Return what an editor's link leads to; raises TokenForged."""
    return editors.read_proof(app.engine, _post_of(app), token, app.now())


def decide_by_link(app: App, token: str) -> Proof:
    """Do what an editor's link asks for, if that would change anything; return what came of it.

    Repeat-safe. Raises TokenForged.
    """
    proof = read_proof(app, token)
    if not proof.can_act:
        return proof
    try:
        _act(app, proof)
    except StoreError:
        raise
    except PublisherError as error:  # somebody was faster: the page says what is true now
        _log.warning("a link decided nothing", act=proof.act, reason=error.message)
    return read_proof(app, token)


def _act(app: App, proof: Proof) -> None:
    """Decide; to approve what is held lets it go on, and what is a draft again after that goes out."""
    if proof.act == "approve" and proof.edition and proof.edition.state is State.HELD:
        released = decide(app, proof.digest, "release", proof.slot).edition
        if released is None or released.state is not State.DRAFT:
            return
    decide(app, proof.digest, proof.act, proof.slot)


def _post_of(app: App) -> Post:
    return editors.open_post(app.settings, app.templates, app.keys, app.signers)


def _queue_proof(app: App, post: Post, due: "Due") -> None:
    library, now = app.library(), app.now()
    _queue(app, editors.proof_mails(app.engine, post, library, due, partial(look_at, app), now))


def _queue_reports(app: App, post: Post) -> None:
    _queue(app, editors.report_mails(app.engine, post, app.now()))


def _queue_broken(app: App, post: Post) -> None:
    """Queue one mail about all files that broke since the last one, one about a refused build."""
    library, now, missing = app.library(), app.now(), app.missing
    with read(app.engine) as conn:
        told = editors.told_of(conn)
    broken = editors.broken_now(library, told, missing)
    if broken == told.files or editors.is_being_written(library, broken, now):
        return
    mails = editors.broken_mails(post, library, broken, told, now)
    refused = editors.refused_mails(post, missing, broken, told, now)
    with write(app.engine) as conn:
        editors.queue(conn, [*mails, *refused], now)
        editors.remember(conn, broken, now)


def _queue(app: App, mails: "Sequence[Draft]") -> None:
    if not mails:
        return
    now = app.now()
    with write(app.engine) as conn:
        editors.queue(conn, mails, now)
        editors.forget(conn, now - app.settings.retention.deliveries)


def _send(app: App, post: Post, stop: Event | None) -> Handed:
    return editors.send_waiting(
        app.engine,
        post,
        lambda: open_transport(app.settings, stop, editors.REPLY_SECONDS),
        app.now,
        stop or Event(),
    )


def _safely(step: Callable[[], _T]) -> _T | None:
    """Do one step of several; one that fails stops no other, and is tried again the next time."""
    try:
        return step()
    except StoreError:
        raise
    except PublisherError as error:
        _log.error("editors cannot be told", reason=error.message, hint=error.hint)
    except Exception as error:
        # Ours to mend, and no reason for readers to wait.
        _log.error("editors cannot be told", error=f"{type(error).__name__}: {error}")
    return None
