"""Send what is due: the sender, with what it needs of the other rooms.

Bodies come from editions and letters, values and keys from people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from threading import Event

from publisher import digests
from publisher.app.editions import open_due_editions
from publisher.app.site import REWRITING, App, Progress
from publisher.delivery import (
    LEASE,
    Body,
    Outcome,
    Outlook,
    Recipient,
    Sender,
    SendReport,
    open_transport,
    send_one,
    sign_message,
)
from publisher.delivery import outlook as look_ahead
from publisher.digests import Opened
from publisher.feedback import bounce_address
from publisher.settings import Settings, testing
from publisher.store import read
from publisher.subscribers import (
    Dates,
    Letter,
    letter_of,
    make_letter,
    recipient_values,
    suppress_dead,
)
from publisher.tokens import Keys


@dataclass(frozen=True, slots=True)
class Sent:
    """What one call of `send` did."""

    opened: tuple[Opened, ...]
    report: SendReport


def send(
    app: App,
    stop: Event | None = None,
    *,
    on_progress: Progress | None = None,
    on_opened: Callable[[tuple[Opened, ...]], None] | None = None,
) -> Sent:
    """Open what is due, send all that is due now, and close what is settled; safe to repeat.

    Raises RenderError or HeaderError of a body that cannot be made, after all others went;
    SiteHeld in a restored copy, which sends nothing.
    """
    opened = open_due_editions(app)
    if on_opened:
        on_opened(opened)
    return Sent(opened, send_queued(app, stop, on_progress=on_progress))


def send_queued(
    app: App, stop: Event | None = None, *, on_progress: Progress | None = None
) -> SendReport:
    """Send all that is due now, open nothing, and close what is settled; needs no content/.

    Raises RenderError or HeaderError of a body that cannot be made, after all others went;
    SiteHeld in a restored copy.
    """
    app.must_be_free()
    report = make_sender(app, stop).send_due(stop, on_progress)
    if report.down and report.down.is_refusal:
        digests.pause(app.engine, report.down.message)
    elif not report.busy:
        digests.resume(app.engine)
    if digests.close_settled(app.engine, app.now()):
        app.heartbeat.beat(app.settings)
    if report.broken:
        raise report.broken
    return report


def outlook(app: App) -> Outlook | None:
    """Return when what is due will have left; None when there is no database yet."""
    engine = app.engine_if_there()
    if engine is None:
        return None
    with read(engine) as conn:
        return look_ahead(conn, app.settings.delivery, app.now())


def make_sender(app: App, stop: Event | None) -> Sender:
    """Return a sender of everything that is due on a site."""
    engine, settings = app.engine, app.settings

    # Readers of one body come one after the other.
    @lru_cache(maxsize=8)
    def frozen(body_id: int, key_id: str) -> tuple[Settings, Keys, Dates, Letter | None]:
        letter = letter_of(engine, settings, body_id)
        of_body = letter.settings if letter else digests.settings_of(engine, settings, body_id)
        kind = letter.letter if letter else None
        return of_body, app.keys.as_of(key_id), Dates(of_body.site), kind

    def values(recipient: Recipient, body: Body) -> Mapping[str, str]:
        of_body, keys, dates, letter = frozen(body.id, body.key_id)
        digest, language = body.digest, body.language
        return recipient_values(of_body, keys, recipient, digest, language, dates, letter)

    def return_path(number: int, recipient: Recipient, body: Body) -> str:
        of_body, keys, _, _ = frozen(body.id, body.key_id)
        domain = of_body.feedback.domain
        return bounce_address(domain, keys, number, recipient) if domain else ""

    def make_body(body_id: int) -> Body:
        made = make_letter(engine, settings, app.templates, body_id)
        made = made or digests.make_body(engine, settings, app.templates, body_id)
        if made.key_id:  # as it was stored
            return made
        selectors = tuple(signer.selector for signer in app.signers)
        return replace(made, key_id=app.keys.newest[0], selectors=selectors)

    wishes = testing()
    lease = timedelta(seconds=wishes.lease_seconds) if wishes.lease_seconds else LEASE
    return Sender(
        engine,
        open_transport(settings, stop, wishes.reply_seconds),
        make_body=make_body,
        values=values,
        secret=app.keys.lasting,
        clock=app.clock,
        settings=settings.delivery,
        var_dir=settings.var_dir,
        on_dead_address=suppress_dead,
        signers=app.signers,
        # Who sends by an API gets bounces of its own making, and may refuse a sender it does not know.
        return_path=None if settings.delivery.transport in REWRITING else return_path,
        lease=lease,
    )


def send_test(app: App, name: str, address: str, language: str) -> Outcome | None:
    """Send one message, marked as a test, to one address; None when nothing is published.

    Raises AddressError, TransportDown.
    """
    settings, engine, now = app.settings, app.engine_if_there(), app.now()
    body = digests.body_for_test(
        settings, app.library(), app.templates, name, language, now, engine
    )
    if body is None:
        return None

    def values(recipient: Recipient, body: Body) -> Mapping[str, str]:
        return recipient_values(settings, app.keys, recipient, body.digest, body.language)

    message = digests.message_for_test(body, address, values, app.keys.lasting, now)
    signed = sign_message(message.data, app.signers, int(now.timestamp()))
    return send_one(open_transport(settings), replace(message, data=signed))
