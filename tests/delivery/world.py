"""What delivery's tests share: readers and an edition in the ledger, and what a server takes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from sqlalchemy import literal, select

from publisher.delivery import EDITIONS, Body, Sender, enqueue, reserve_body
from publisher.delivery.ledger.retry import RetryRule
from publisher.delivery.smtp.lanes import Lanes
from publisher.delivery.transports.smtp import SmtpTransport
from publisher.ops import Clock
from publisher.render import mark
from publisher.settings.model import Delivery, Smtp
from publisher.store import write
from publisher.store.tables import signatures, subscribers, subscriptions

QUEUED = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
SECRET = b"s" * 32


def a_body(body_id: int = 1, **changes) -> Body:
    """Return a body with marks in a header and in both texts."""
    url = mark("unsubscribe_url")
    made = {
        "id": body_id,
        "digest": "weekly",
        "language": "en",
        "headers": (
            ("From", "Example Cities <digest@cities.test>"),
            ("List-Id", "Weekly digest <weekly.news.cities.test>"),
            ("List-Unsubscribe", f"<{url}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Precedence", "bulk"),
            ("Content-Language", "en"),
        ),
        "subject": "Weekly digest: news",
        "html": f'<!doctype html><p>News</p><a href="{url}">Leave</a>\n',
        "plain": f"News\n.\n.dots\n{url}\nFrom here\n",
    }
    return Body(**{**made, **changes})


def values_for(recipient, body):
    return {"unsubscribe_url": f"https://news.cities.test/u/{recipient.public_id}?a=1&b=2"}


def add_people(engine, count: int, domain: str = "readers.test", state: str = "active") -> None:
    """Add readers of the weekly digest: r1@…, r2@…, with ids from 1."""
    at = int(QUEUED.timestamp())
    with write(engine) as conn:
        if not conn.execute(select(signatures.c.id)).first():
            conn.execute(
                signatures.insert().values(languages="en", kinds="", categories="", originals=0)
            )
        for n in range(1, count + 1):
            address = f"r{n}@{domain}"
            made = conn.execute(
                subscribers.insert()
                .values(
                    public_id=f"p{n}-{domain}",
                    address=address,
                    address_key=address,
                    address_hash=address.encode(),
                    languages="en fr",
                    state=state,
                    created_at=at,
                    confirmed_at=at,
                    changed_at=at,
                )
                .returning(subscribers.c.id)
            ).scalar_one()
            conn.execute(
                subscriptions.insert().values(
                    subscriber_id=made, digest="weekly", signature_id=1, changed_at=at
                )
            )


def open_edition(engine, purpose: str = "edition:1", **changes) -> int:
    """Queue one delivery to everybody; return the body's id."""
    with write(engine) as conn:
        body_id = reserve_body(conn, "en", changes.pop("digest", "weekly"))
        enqueue(
            conn,
            purpose=purpose,
            recipients=select(
                subscribers.c.id, literal(body_id), literal(int(QUEUED.timestamp()))
            ).order_by(subscribers.c.id),
            priority=changes.pop("priority", EDITIONS),
            queued_at=QUEUED,
        )
        return body_id


def a_sender(engine, transport, var_dir: Path, *, at: datetime = QUEUED, **changes) -> Sender:
    settings = Delivery(**changes.pop("settings", {}))
    if not hasattr(transport, "connect"):
        blocking = transport
        transport = Lanes(lambda: blocking, 1)
    options = {
        "make_body": lambda body_id: a_body(body_id),
        "values": values_for,
        "secret": SECRET,
        "clock": Clock(at),
        "settings": settings,
        "var_dir": var_dir,
        "rule": RetryRule(),
    }
    return Sender(engine, transport, **{**options, **changes})


@dataclass
class Taken:
    """A message that a server took over."""

    recipient: str
    data: bytes
    mail_options: list[str]


@dataclass
class Sink:
    """A real SMTP server on loopback; `answer` may say what else than 250 it replies.

    answer(step, recipient) -> a reply, "close" to hang up, "abort" for a reset, or None to go on;
    step is one of MAIL, RCPT, DATA (after the final dot).
    """

    answer: Callable[[str, str], str | None] = lambda step, recipient: None
    taken: list[Taken] = field(default_factory=list)
    sessions: int = 0
    port: int = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._reply(server, "MAIL", address) or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        said = await self._reply(server, "RCPT", address)
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        said = await self._reply(server, "DATA", recipient)
        if said is None or said.startswith("2"):
            self.taken.append(Taken(recipient, envelope.content, list(envelope.mail_options)))
        return said or f"250 2.0.0 Ok: queued as Q{len(self.taken)}"

    async def _reply(self, server, step, recipient):
        said = self.answer(step, recipient)
        if said == "hang":
            await asyncio.sleep(3600)
        if said in ("close", "abort"):
            server.transport.abort() if said == "abort" else server.transport.close()
            await asyncio.sleep(3600)
        return said


def smtp_settings(port: int, **changes) -> Smtp:
    return Smtp(host="127.0.0.1", port=port, **{"connections": 1, **changes})


class OneConnection:
    """One SMTP connection with a loop of its own, for tests that hand over message by message."""

    def __init__(self, settings: Smtp, **options) -> None:
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.transport = SmtpTransport(settings, **options)
        self.connection = self.transport.connect()

    def send(self, message):
        async def send():
            await asyncio.sleep(0)  # the loop comes round between two messages, as the sender's
            return await self.connection.send(message)

        return self.runner.run(send())

    def hurry(self, seconds: float) -> None:
        self.runner.get_loop().call_soon_threadsafe(self.connection.hurry, seconds)

    def close(self) -> None:
        self.runner.run(self.connection.close())
        self.runner.close()
