"""Make one recipient's message from a claim: body, values, signatures; nothing of it is a decision.

Compiled bodies are kept for a while, since readers of one body come one after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Engine

from publisher.delivery.ledger.bodies import load_body, save_body
from publisher.delivery.ledger.claim import Claim
from publisher.delivery.message.dkim import Signer
from publisher.delivery.message.headers import wire_address
from publisher.delivery.message.message import (
    Body,
    Compiled,
    Recipient,
    message_id,
    verify,
)
from publisher.delivery.message.signing import Signing
from publisher.delivery.outcome import Message
from publisher.delivery.sender.run import Clock
from publisher.store import read, write

BODIES_AT_HAND = 16

MakeBody = Callable[[int], Body]
"""Makes the text of a reserved body, the first time one of its deliveries is due."""

Values = Callable[[Recipient, Body], Mapping[str, str]]
"""What stands at a body's marks for one recipient; may depend on frozen things only."""

ReturnPath = Callable[[int, Recipient, Body], str]
"""Where bounces of a delivery, by its number, go; "" for the address in From. Frozen as well."""


class Composer:
    """Makes messages, and keeps what several of them share."""

    def __init__(
        self,
        engine: Engine,
        *,
        make_body: MakeBody,
        values: Values,
        secret: bytes,
        clock: Clock,
        signers: Sequence[Signer] = (),
        return_path: ReturnPath | None = None,
    ) -> None:
        """Prepare to compose.

        secret   for Message-IDs: the site's oldest key
        signers  each signs every message
        """
        self._engine = engine
        self._make_body = make_body
        self._values = values
        self._secret = secret
        self._clock = clock
        self._return_path = return_path
        self._signers = tuple(signers)
        self._signing = Signing() if signers else None
        self._ready = lru_cache(maxsize=BODIES_AT_HAND)(self._compile)
        self._verified: set[int] = set()

    def close(self) -> None:
        """Let go of the threads."""
        if self._signing is not None:
            self._signing.close()

    async def message(self, claimed: Claim) -> Message:
        """Return the message of a claim.

        Raises AddressError for an address that is none, RenderError or HeaderError for a body
        that cannot be made.
        """
        body, compiled = self._ready(claimed.body_id)
        recipient = claimed.recipient
        address = wire_address(recipient.address)
        sender = compiled.sender
        domain = sender.rpartition("@")[2]
        identity = message_id(self._secret, claimed.purpose, recipient.public_id, domain)
        values = self._values(recipient, body)
        composed = compiled.compose(address, values, identity, claimed.queued_at)
        if self._signing is None:
            data = composed.data()
        else:
            at = int(claimed.queued_at.timestamp())
            data = await self._signing.sign(composed, self._signers_of(body), at)
        if body.id not in self._verified:
            verify(body, data)
            self._verified.add(body.id)
        needs_smtputf8 = not (address.isascii() and sender.isascii())
        bounces = self._return_path(claimed.id, recipient, body) if self._return_path else ""
        return Message(identity, bounces or sender, address, data, needs_smtputf8, has_dots=False)

    def _signers_of(self, body: Body) -> tuple[Signer, ...]:
        """Return the keys that were there when the body was made, as far as they are still there."""
        if not body.selectors or not self._signers:
            return self._signers
        return (
            tuple(one for one in self._signers if one.selector in body.selectors) or self._signers
        )

    def _compile(self, body_id: int) -> tuple[Body, Compiled]:
        body = self._fetch(body_id)
        return body, Compiled(body)

    def _fetch(self, body_id: int) -> Body:
        """Return a stored body; one that is not made yet is made and stored before it is used."""
        with read(self._engine) as conn:
            stored = load_body(conn, body_id)
        if stored is not None:
            return stored
        made = self._make_body(body_id)
        with write(self._engine) as conn:
            save_body(conn, made, self._clock.now())
            return load_body(conn, body_id) or made
