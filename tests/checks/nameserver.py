"""A real DNS server on loopback that knows what a test tells it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[str, list[str]]
"""Records by "name TYPE"; the values of TXT are whole texts."""


class NameServer:
    """Answers out of `zone`; names in `broken` get SERVFAIL, those in `silent` no answer at all."""

    def __init__(self) -> None:
        self.zone: Zone = {}
        self.broken: set[str] = set()
        self.silent: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.place: tuple[str, int] = self._socket.getsockname()

    def serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(4096)
            if not data:
                return
            answer = self._answer(dns.message.from_wire(data))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), client)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.place)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif values := self.zone.get(f"{name} {kind}"):
            texts = [_quoted(value) if kind == "TXT" else value for value in values]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        elif not any(key.partition(" ")[0] == name for key in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


def _quoted(text: str) -> str:
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, max(len(text), 1), 255))


@contextmanager
def serving() -> Iterator[NameServer]:
    server = NameServer()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(10)
        server._socket.close()
