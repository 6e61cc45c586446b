"""The server's half of AUTH, PLAIN and LOGIN; RFC 4954, RFC 4616."""

import base64
import binascii

USER, PASSWORD = b"rig", b"secret"


class Login:
    """One AUTH command and the lines that follow it."""

    def __init__(self, line: bytes) -> None:
        words = line.split()
        self._kind = words[1].upper() if len(words) > 1 else b""
        self._given: list[bytes] = []
        for word in words[2:]:
            self.take(word)

    def take(self, line: bytes) -> None:
        """Take one line of the client's, in base64."""
        try:
            self._given.append(base64.b64decode(line, validate=True))
        except binascii.Error:
            self._given.append(b"")

    def asks(self) -> bytes:
        """Return the 334 that is still to be answered; b"" when all is there."""
        if self._kind == b"PLAIN" and not self._given:
            return b"334 \r\n"
        if self._kind == b"LOGIN" and len(self._given) < 2:
            word = (b"User Name", b"Password")[len(self._given)]
            return b"334 %s\r\n" % base64.b64encode(word)
        return b""

    @property
    def is_right(self) -> bool:
        if self._kind == b"PLAIN":
            return self._given[0].split(b"\0")[1:] == [USER, PASSWORD]
        return self._kind == b"LOGIN" and self._given == [USER, PASSWORD]

    @property
    def verdict(self) -> bytes:
        if self._kind not in (b"PLAIN", b"LOGIN"):
            return b"504 5.5.4 no such way to log in\r\n"
        return b"235 2.7.0 ok\r\n" if self.is_right else b"535 5.7.8 wrong\r\n"
