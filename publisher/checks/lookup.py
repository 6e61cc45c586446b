"""Ask DNS, within seconds and never for ever.

A name that is not there has no records, which is an answer; a resolver that fails or keeps silent
is `Unanswered`, which is about the way there and not about the site.
"""

import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dns.resolver import Resolver

EACH_SECONDS = 4.0  # for one name
ALL_SECONDS = 12.0  # for all that one `Lookup` is asked; then it gives up at once

Address = IPv4Address | IPv6Address


class Unanswered(Exception):
    """Nobody said whether a name is there."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} could not be looked up ({why})")
        self.name, self.why = name, why


class Lookup:
    """One round of questions: each name is asked once, and all together take a limited time."""

    def __init__(
        self,
        server: tuple[str, int] | None = None,
        *,
        each_seconds: float = EACH_SECONDS,
        all_seconds: float = ALL_SECONDS,
    ) -> None:
        """Prepare questions; the resolvers are those of this machine, or the one given."""
        self._server, self._each, self._left = server, each_seconds, all_seconds
        self._known: dict[tuple[str, str], tuple[Any, ...] | Unanswered] = {}
        self._resolver: Resolver | None = None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of a name, each in one piece; raises Unanswered."""
        return self._ask(
            name, "TXT", lambda each: b"".join(each.strings).decode("utf-8", "replace")
        )

    def mail_hosts(self, name: str) -> tuple[str, ...]:
        """Return the hosts that take mail for a name, the first choice first; raises Unanswered.

        "" says that none does (RFC 7505).
        """
        found = self._ask(name, "MX", lambda each: (each.preference, _text(each.exchange)))
        return tuple(host for _, host in sorted(found))

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses of a host, IPv4 first; raises Unanswered."""
        found = [*self._ask(name, "A", _address), *self._ask(name, "AAAA", _address)]
        return tuple(found)

    def _ask(self, name: str, kind: str, read: Callable[[Any], Any]) -> tuple[Any, ...]:
        key = (name.rstrip(".").lower(), kind)
        if key not in self._known:
            try:
                self._known[key] = tuple(read(each) for each in self._answer(*key))
            except Unanswered as nobody:
                self._known[key] = nobody
        found = self._known[key]
        if isinstance(found, Unanswered):
            raise found
        return found

    def _answer(self, name: str, kind: str) -> Sequence[Any]:
        import dns.exception
        import dns.resolver

        seconds = min(self._each, self._left)
        if seconds <= 0:
            raise Unanswered(name, "looking up others took all the time there was")
        begun = time.monotonic()
        try:
            answer = self._open().resolve(name, kind, search=False, lifetime=seconds)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.resolver.NoNameservers:
            raise Unanswered(name, "the resolver failed") from None
        except dns.exception.Timeout:
            raise Unanswered(name, "no answer in time") from None
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered(name, str(error) or type(error).__name__) from error
        finally:
            self._left -= time.monotonic() - begun
        return tuple(answer)

    def _open(self) -> "Resolver":
        if self._resolver is None:
            from dns.resolver import Resolver

            self._resolver = Resolver(configure=self._server is None)
            if self._server is not None:
                self._resolver.nameservers = [self._server[0]]
                self._resolver.port = self._server[1]
            # A key of 2048 bits fits no answer of 512 bytes; without this each is asked for twice.
            self._resolver.use_edns(0, 0, 1232)
        return self._resolver


def open_lookup() -> Lookup:
    """Return a round of questions to this machine's resolvers, or to the one a test names."""
    from publisher.settings import testing

    return Lookup(testing().dns)


def _text(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower() if len(name.labels) > 1 else ""


def _address(record: Any) -> Address:
    return ip_address(record.address)
