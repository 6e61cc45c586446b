"""Hand one message over in an open session, and say what became of it.

What decides is whether the final dot has left: before it a failure is certain non-delivery, after
it only the server's reply counts, and no reply means that we do not know.
Source: RFC 5321 sections 3.8, 4.2.4 and 4.5.3.2; RFC 2920 for sending commands together.
"""

import re

from publisher.delivery.outcome import (
    Kind,
    Message,
    Outcome,
    answer_code,
    is_quota,
    without_address,
)
from publisher.delivery.smtp.session import Session
from publisher.delivery.smtp.wire import Lost, Reply

_LINE_DOT = re.compile(rb"^\.", re.MULTILINE)
_REMOTE_ID = re.compile(r"(?:queued as|\bid=)\s*([!-~]+)", re.IGNORECASE)


class Over(Exception):
    """The server refused to go on with us, whoever the recipient; nothing was delivered."""

    def __init__(self, words: str, code: int = 0, *, is_aside: bool = False) -> None:
        """Note the server's words.

        is_aside  it may be about this recipient after all
        """
        super().__init__(words)
        self.words, self.code, self.is_aside = words, code, is_aside

    @property
    def is_quota(self) -> bool:
        """Whether the server says that we have used up what we may send."""
        return self.code > 0 and is_quota(answer_code(self.code, self.words), self.words)


async def hand_over(session: Session, message: Message, final_seconds: float) -> Outcome:
    """Hand one message over; raises Over when the session ends and nothing was delivered.

    A session that is out of step is closed; the outcome says what that means for the message.
    """
    wire = session.wire
    try:
        refused = await _envelope(session, message)
        if refused is not None:
            return refused
        wire.write(_stuffed(message.data) if message.has_dots else message.data, 0)
        await wire.written(session.reply_seconds)
    except Lost as lost:
        wire.close()
        return Outcome(Kind.DEFERRED, "", without_address(str(lost), message.recipient))
    try:
        # Even when this raises, the dot may have left: TLS and the kernel keep it to themselves.
        wire.write(b".\r\n", 1)
        (reply,) = await wire.heard(1, final_seconds)
    except Lost as lost:
        wire.close()
        return Outcome(Kind.UNKNOWN, "", without_address(str(lost), message.recipient))
    return _final(session, reply, message)


def _final(session: Session, reply: Reply, message: Message) -> Outcome:
    if 200 <= reply.code < 300:
        words = reply.words
        found = _REMOTE_ID.search(words)
        return Outcome(
            Kind.ACCEPTED, answer_code(reply.code, words), words, found[1] if found else ""
        )
    if reply.code < 400:
        session.wire.close()
        return Outcome(Kind.UNKNOWN, "", f"a reply out of step: {reply}")
    return _negative(reply, message)


async def _envelope(session: Session, message: Message) -> Outcome | None:
    """Go as far as the server's 354; return an Outcome when it does not come to that."""
    options = ""
    if message.needs_smtputf8:
        if "SMTPUTF8" not in session.offers:
            return Outcome(
                Kind.REFUSED,
                "5.6.7",  # RFC 6531 section 3.5
                "the address is not ASCII and the mail server does not offer SMTPUTF8",
            )
        options = " SMTPUTF8 BODY=8BITMIME"
    commands = (
        f"MAIL FROM:<{message.sender}>{options}",
        f"RCPT TO:<{message.recipient}>",
        "DATA",
    )
    if "PIPELINING" in session.offers:
        replies = await _together(session, commands)
    else:
        replies = await _one_by_one(session, commands)
    outcome = _judged(replies, message)
    if outcome is None:
        return None
    if replies[-1].code == 354:  # it waits for a message that is for nobody
        session.wire.close()
        return outcome
    await _reset(session)
    return outcome


async def _together(session: Session, commands: tuple[str, ...]) -> tuple[Reply, ...]:
    try:
        session.wire.write("\r\n".join((*commands, "")).encode(), len(commands))
        return await session.wire.heard(len(commands), session.reply_seconds)
    except Lost as lost:
        return _before_the_end(session, lost)


async def _one_by_one(session: Session, commands: tuple[str, ...]) -> tuple[Reply, ...]:
    replies: list[Reply] = []
    for command in commands:
        try:
            replies.append(await session.ask(command))
        except Lost as lost:
            lost.replies = (*replies, *lost.replies)
            return _before_the_end(session, lost)
        if not 200 <= replies[-1].code < 300:
            break
    return tuple(replies)


def _before_the_end(session: Session, lost: Lost) -> tuple[Reply, ...]:
    """Return the replies that came before a connection ended, if they say why it did."""
    if any(reply.code >= 400 for reply in lost.replies):
        return lost.replies
    if session.used and not lost.replies:
        # Servers close connections that were idle or carried enough messages.
        raise Over(str(lost)) from lost
    raise lost


def _judged(replies: tuple[Reply, ...], message: Message) -> Outcome | None:
    """Return what the replies to MAIL, RCPT and DATA mean; None: go on."""
    mail = replies[0]
    if mail.code >= 500 or mail.code == 421:
        raise Over(str(mail), mail.code)
    for reply in replies[:2]:
        if reply.code >= 300:
            return _negative(reply, message)
    if len(replies) == 3 and replies[2].code == 354:
        return None
    return _negative(replies[-1], message)


async def _reset(session: Session) -> None:
    try:
        if (await session.ask("RSET")).code != 250:
            session.wire.close()
    except Lost:
        session.wire.close()


def _negative(reply: Reply, message: Message) -> Outcome:
    words = str(reply)
    code = answer_code(reply.code, reply.words)
    if reply.code == 421 or (reply.code >= 400 and is_quota(code, reply.words)):
        raise Over(words, reply.code, is_aside=True)
    if reply.code < 400:
        raise Lost(f"a reply out of step: {words}")
    kind = Kind.REFUSED if reply.code >= 500 else Kind.DEFERRED
    return Outcome(kind, code, without_address(words, message.recipient))


def _stuffed(data: bytes) -> bytes:
    return _LINE_DOT.sub(b"..", data) if b"\n." in data or data.startswith(b".") else data
