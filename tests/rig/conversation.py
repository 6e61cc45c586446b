"""One connection to the rig's server: reads strictly, journals, and follows the script."""

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from .login import Login
from .script import Deed, Moment, Step
from .strict import in_command, in_content
from .voice import Voice

if TYPE_CHECKING:
    from .server import Server

# RFC 2920 section 3.1: these end a group of commands sent together, as does what is not listed there.
_ENDS_GROUP = frozenset(
    {b"EHLO", b"HELO", b"DATA", b"NOOP", b"QUIT", b"AUTH", b"STARTTLS", b"BDAT"}
)
_AHEAD = frozenset({b"MAIL", b"RCPT", b"RSET"})  # what may be sent together where it is offered
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_MARK_OF_NOBODY = "no Message-ID"
# RFC 2920 may allow it; who does so has the next message under way before this one is recorded.
_TOO_SOON = "something was sent before the answer to a message"
_QUIT_SECONDS = 0.05  # in which a client may still say too much


class Conversation(asyncio.Protocol):
    """The server's half of one SMTP connection."""

    def __init__(self, server: "Server", session: int) -> None:
        self._server, self._session = server, session
        self._journal, self._offer = server.journal, server.offer
        self._buffer = bytearray()
        self._voice = Voice(server, self._read)
        self._greeted = self._is_handshaking = self._encrypted = self._authenticated = False
        self._message = 0
        self._login: Login | None = None  # one that is under way
        self._is_owing = False  # a message is whole and its answer not yet given
        # Where to look on for the end of a message; None while commands are read.
        self._content: int | None = None
        self._cut: Deed | None = None  # what is to happen in mid-message
        self._clear()

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._voice.transport = transport
        self._journal.connected(self._session)
        self._step(Step.BANNER, b"220 rig.test ESMTP\r\n", self._voice.go_on)

    def data_received(self, data: bytes) -> None:
        self._voice.heard()
        if self._voice.is_over:
            self._violation("something was sent after QUIT")
            return
        self._buffer += data
        if self._is_owing:
            self._violation(_TOO_SOON)
        if self._voice.is_waiting and not (self._greeted or self._is_handshaking):
            self._violation("something was sent before the banner or the answer to EHLO")
        if not self._voice.is_waiting:
            self._read()

    def eof_received(self) -> bool:
        self._voice.left("FIN")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._voice.left("RST" if exc else "FIN")
        self._voice.is_over = True
        self._server.forget(self)

    def drop(self) -> None:
        """Close for good, because the server stops."""
        self._voice.is_over = True
        self._voice.transport.abort()

    # Reading.

    def _read(self) -> None:
        while self._buffer and not self._voice.is_waiting and not self._voice.is_over:
            if self._content is not None:
                if not self._read_content():
                    return
                continue
            line, found, _ = self._buffer.partition(b"\n")
            if not found:
                return
            del self._buffer[: len(line) + 1]
            if not line.endswith(b"\r"):
                self._violation("a command that ends in a bare LF")
            self._command(bytes(line.removesuffix(b"\r")))

    def _read_content(self) -> bool:
        """Look for the end of a message; False when it has not come yet."""
        if self._cut and len(self._buffer) >= self._cut.after_bytes:
            cut, self._cut = self._cut, None
            self._voice.do(cut, b"", self._voice.go_on)
            return True
        if self._buffer.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            end = self._buffer.find(b"\r\n.\r\n", max(0, (self._content or 0) - 4))
            if end < 0:
                self._content = len(self._buffer)
                return False
            end, after = end + 2, end + 5
        data = bytes(self._buffer[:end])
        del self._buffer[:after]
        self._content = None
        self._whole(data)
        return True

    def _whole(self, data: bytes) -> None:
        """Take a message whose dot has come."""
        self._is_owing = True
        if self._buffer:
            self._violation(_TOO_SOON)
        for what in in_content(data, may_be_eight_bit=self._may_be_eight_bit):
            self._violation(what)
        if not self._recipients:
            if data:
                self._violation("a message though no recipient was accepted")
            self._step(Step.DOT, b"554 5.5.1 no valid recipients\r\n", self._end_message)
            return
        deed = self._deed(Step.DOT) or Deed()
        said = b"250 2.0.0 Ok: queued as R%d\r\n" % (len(self._journal.copies) + 1)
        copy = None
        if deed.say is None or deed.say.startswith(b"25"):
            found = _MESSAGE_ID.search(data.partition(b"\r\n\r\n")[0] + b"\r\n")
            copy = self._journal.accepted(
                self._session,
                found[1].decode() if found else _MARK_OF_NOBODY,
                self._recipients[0],
                sha256(data).hexdigest(),
                self._mail_at,
            )
        self._voice.do(deed, said, self._end_message, copy)

    def _end_message(self) -> None:
        self._is_owing = False
        self._clear()
        deed = self._deed(Step.ANSWERED)
        if deed:
            self._voice.do(deed, b"", self._voice.go_on)
        else:
            self._voice.go_on()

    # Commands.

    def _command(self, line: bytes) -> None:
        if self._login is not None:
            self._login.take(line)
            self._log_in()
            return
        for what in in_command(line, self._offer):
            self._violation(what)
        verb = bytes(line.split(b" ", 1)[0].upper())
        self._look_ahead(verb)
        act = getattr(self, "_on_" + verb.decode("ascii", "replace").lower(), None)
        if act is None or not verb.isalpha():
            self._violation(f"a command that was not offered: {line[:80]!r}")
            self._voice.say(b"502 5.5.2 unknown command\r\n")
            return
        if not self._greeted and verb in (b"MAIL", b"RCPT", b"DATA", b"AUTH", b"STARTTLS"):
            self._violation(f"{verb.decode()} before EHLO")
        act(line)

    def _look_ahead(self, verb: bytes) -> None:
        """See whether more came than may stand after this command."""
        if not self._buffer:
            return
        if verb == b"DATA":
            self._violation("a message was sent before 354")
        elif verb in _ENDS_GROUP:
            self._violation(f"something was sent together with {verb.decode()}, after it")
        elif verb in _AHEAD and not self._offer.pipelining:
            self._violation(f"{verb.decode()} and more at once, and PIPELINING was not offered")

    def _on_ehlo(self, line: bytes) -> None:
        if not line[5:].strip():
            self._violation("EHLO without a name")
        offer, words = self._offer, ["rig.test"]
        words += ["PIPELINING"] * offer.pipelining + ["8BITMIME"] * offer.eight_bit
        words += ["SMTPUTF8"] * offer.smtputf8 + ["ENHANCEDSTATUSCODES"]
        if offer.size:
            words.append(f"SIZE {offer.size}")
        if offer.starttls and not self._encrypted:
            words.append("STARTTLS")
        elif offer.auth:
            words.append("AUTH PLAIN LOGIN")
        lines = [f"250-{word}\r\n" for word in words[:-1]] + [f"250 {words[-1]}\r\n"]
        self._clear()
        self._step(Step.EHLO, "".join(lines).encode(), self._now_greeted)

    def _on_helo(self, _line: bytes) -> None:
        self._clear()
        self._step(Step.EHLO, b"250 rig.test\r\n", self._now_greeted)

    def _now_greeted(self) -> None:
        self._greeted = True
        self._voice.go_on()

    def _on_starttls(self, _line: bytes) -> None:
        if not self._offer.starttls or self._encrypted:
            self._violation("STARTTLS that was not offered")
            self._voice.say(b"502 5.5.1 not offered\r\n")
            return
        self._voice.transport.pause_reading()  # or the first bytes of TLS are read as a command
        self._step(Step.STARTTLS, b"220 2.0.0 go ahead\r\n", self._encrypt)

    def _encrypt(self) -> None:
        self._voice.is_waiting = self._is_handshaking = True
        self._greeted = False
        self._server.spawn(self._start_tls())

    async def _start_tls(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            made = await loop.start_tls(
                self._voice.transport,
                self,
                self._server.tls,
                server_side=True,
                ssl_handshake_timeout=5,
            )
        except (OSError, ssl.SSLError):
            return  # the client left
        if made is not None:
            self._voice.transport, self._encrypted, self._is_handshaking = made, True, False
            self._voice.go_on()

    def _on_auth(self, line: bytes) -> None:
        if not self._offer.auth or (self._offer.starttls and not self._encrypted):
            self._violation("AUTH that was not offered here")
        self._login = Login(line)
        self._log_in()

    def _log_in(self) -> None:
        """Ask for what the login still lacks, or say what became of it."""
        assert self._login
        if asked := self._login.asks():
            self._voice.say(asked)
            return
        login, self._login = self._login, None
        self._authenticated = login.is_right
        self._step(Step.AUTH, login.verdict, self._voice.go_on)

    def _on_mail(self, line: bytes) -> None:
        if self._sender is not None:
            self._violation("MAIL inside a transaction")
        if self._offer.auth and not self._authenticated:
            self._voice.say(b"530 5.7.0 authentication required\r\n")
            return
        self._message += 1
        self._mail_at = time.monotonic()
        upper = line.upper()
        self._may_be_eight_bit = b"BODY=8BITMIME" in upper
        self._step(Step.MAIL, b"250 2.1.0 ok\r\n", self._voice.go_on, self._mail_accepted)

    def _mail_accepted(self) -> None:
        self._sender = "accepted"

    def _on_rcpt(self, line: bytes) -> None:
        recipient = line.partition(b"<")[2].partition(b">")[0].decode("utf-8", "replace")
        if self._sender is None:
            self._out_of_order("RCPT without MAIL")
            return
        self._journal.began(self._session, recipient, self._mail_at)
        self._asked = recipient
        self._step(Step.RCPT, b"250 2.1.5 ok\r\n", self._voice.go_on, self._rcpt_accepted)

    def _rcpt_accepted(self) -> None:
        self._recipients.append(self._asked)

    def _on_data(self, _line: bytes) -> None:
        if not self._recipients and not self._offer.is_stubborn:
            self._out_of_order("DATA without a recipient", b"554 5.5.1 no valid recipients\r\n")
            return
        self._step(Step.DATA, b"354 go ahead\r\n", self._voice.go_on, self._data_accepted)

    def _data_accepted(self) -> None:
        self._content = 0
        self._cut = self._deed(Step.CONTENT)

    def _on_rset(self, _line: bytes) -> None:
        self._clear()
        self._step(Step.RSET, b"250 2.0.0 ok\r\n", self._voice.go_on)

    def _on_noop(self, _line: bytes) -> None:
        self._voice.say(b"250 2.0.0 ok\r\n")

    def _on_quit(self, _line: bytes) -> None:
        if self._content is not None:
            self._violation("QUIT inside a message")
        self._step(Step.QUIT, b"221 2.0.0 bye\r\n", self._finish)

    def _finish(self) -> None:
        self._voice.hang_up(_QUIT_SECONDS)

    def _out_of_order(self, what: str, said: bytes = b"503 5.5.1 out of order\r\n") -> None:
        # Who sends a group of commands cannot know yet that an earlier one was refused.
        if not (self._offer.pipelining and self._is_refused):
            self._violation(what)
        self._voice.say(said)

    # Answering.

    def _step(
        self,
        step: Step,
        said: bytes,
        then: Callable[[], None],
        accepted: Callable[[], None] | None = None,
    ) -> None:
        """Give the usual answer to a step, or do what the script wants instead."""
        deed = self._deed(step) or Deed()
        is_yes = deed.say is None or deed.say[:1] == said[:1]
        if step in (Step.MAIL, Step.RCPT, Step.DATA) and not is_yes:
            self._is_refused = True
        # An answer of another kind is none: a STARTTLS that is refused must not begin.
        follow = then if is_yes or step not in (Step.STARTTLS, Step.EHLO) else self._refused
        if accepted and is_yes:
            inner = follow

            def follow() -> None:
                accepted()
                inner()

        self._voice.do(deed, said, follow)

    def _refused(self) -> None:
        if self._voice.transport.is_reading() is False:
            self._voice.transport.resume_reading()
        self._voice.go_on()

    def _deed(self, step: Step) -> Deed | None:
        who = self._recipients[0] if self._recipients else self._asked
        moment = Moment(step, self._session, self._message, who)
        return self._server.deed(moment)

    def _clear(self) -> None:
        self._sender: str | None = None
        self._asked = ""
        self._recipients: list[str] = []
        self._is_refused = self._may_be_eight_bit = False
        self._mail_at = 0.0
        self._cut = None

    def _violation(self, what: str) -> None:
        self._journal.violation(self._session, what)
