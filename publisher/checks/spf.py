"""What a domain's SPF record says, followed through its includes (RFC 7208).

Not a judgement of one message: which networks it names, what it says of all others, and whether
receivers can read it at all. A record they cannot read counts as none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from publisher.checks.lookup import Address, Lookup

MOST_LOOKUPS = 10  # RFC 7208 section 4.6.4; beyond it a receiver stops with an error
MOST_VOID = 2  # of them with no answer
_GIVE_UP_AT = 2 * MOST_LOOKUPS  # far enough to say that there are too many

_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9._-]*)=(?P<value>\S*)", re.ASCII)
_TERM = re.compile(r"(?P<sign>[+?~-]?)(?P<name>[A-Za-z0-9]+):?(?P<value>\S*)", re.ASCII)
_HOST = re.compile(r"(?P<host>[^/]*)(?:/(?P<four>\d{1,2}))?(?://(?P<six>\d{1,3}))?", re.ASCII)

Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class Spf:
    """What one record amounts to, filled while it is followed."""

    lookups: int = 0
    voids: int = 0
    rest: str = ""  # the sign before the last `all`: "-", "~", "?" or "+"; "" when there is none
    networks: list[Network] = field(default_factory=list)  # that may send
    blind: list[str] = field(default_factory=list)  # terms that only a message can decide
    opened_by: list[str] = field(default_factory=list)  # domains that let everybody send
    wrong: list[str] = field(default_factory=list)  # why receivers cannot read it

    def names(self, address: Address) -> bool:
        """Return whether an address is among those that may send."""
        return any(address.version == net.version and address in net for net in self.networks)


def spf_records(lookup: Lookup, domain: str) -> list[str]:
    """Return the SPF records of a domain; one is right. Raises Unanswered."""
    texts = lookup.texts(domain)
    return [text for text in texts if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]


def follow(lookup: Lookup, domain: str, record: str) -> Spf:
    """Return what a domain's record amounts to; raises Unanswered."""
    found = Spf()
    found.rest = _follow(found, lookup, (domain,), record)
    if found.lookups > MOST_LOOKUPS:
        found.wrong.append(f"it takes more than {MOST_LOOKUPS} lookups")
    if found.voids > MOST_VOID:
        found.wrong.append(f"more than {MOST_VOID} of the hosts it names are not there")
    return found


def _follow(found: Spf, lookup: Lookup, path: tuple[str, ...], record: str) -> str:
    """Take up the terms of a record; return what it says of all that they do not name.

    path  the domains that led here, this one last
    """
    redirect = ""
    for term in record.split()[1:]:
        if modifier := _MODIFIER.fullmatch(term):
            if modifier["name"].lower() == "redirect":
                redirect = modifier["value"]
            continue
        parts = _TERM.fullmatch(term)
        sign, name = (parts["sign"] or "+", parts["name"].lower()) if parts else ("", "")
        if name == "all":  # what comes after it is never looked at
            if sign == "+":
                found.opened_by.append(path[-1])
            return sign
        if parts is None or not _take(found, lookup, path, name, parts["value"], is_in=sign == "+"):
            found.wrong.append(f'SPF knows no such word as "{term}"')
    return _descend(found, lookup, path, redirect) if redirect else ""


def _take(
    found: Spf, lookup: Lookup, path: tuple[str, ...], name: str, value: str, *, is_in: bool
) -> bool:
    """Take up one mechanism; return False when it is none."""
    networks: list[Network] = []
    if name in ("ip4", "ip6"):
        try:
            networks = [ip_network(value, strict=False)]
        except ValueError:
            return False
    elif name == "include" and value:
        _descend(found, lookup, path, value)
    elif name in ("a", "mx"):
        networks = list(_of_host(found, lookup, path[-1], name, value))
    elif name in ("exists", "ptr"):
        found.lookups += 1
        found.blind.append(name)
    else:
        return False
    if is_in:
        found.networks += networks
    return True


def _descend(found: Spf, lookup: Lookup, path: tuple[str, ...], domain: str) -> str:
    """Take up the record of an included domain, or of the one that is redirected to."""
    found.lookups += 1
    if found.lookups > _GIVE_UP_AT:
        return ""
    if "%" in domain:  # a macro: made of a message's sender
        found.blind.append(domain)
        return ""
    domain = domain.rstrip(".").lower()
    if domain in path:
        found.wrong.append(f"{domain} includes itself")
        return ""
    records = spf_records(lookup, domain)
    if len(records) != 1:
        many = f"{len(records)} SPF records" if records else "no SPF record"
        found.wrong.append(f"it includes {domain}, which has {many}")
        return ""
    return _follow(found, lookup, (*path, domain), records[0])


def _of_host(found: Spf, lookup: Lookup, domain: str, name: str, value: str) -> Iterator[Network]:
    """Yield the networks of `a` or `mx`."""
    found.lookups += 1
    parts = _HOST.fullmatch(value)
    host = (parts["host"] if parts else "") or domain
    if "%" in host or found.lookups > _GIVE_UP_AT:
        found.blind.append(host)
        return
    hosts = [host] if name == "a" else [each for each in lookup.mail_hosts(host) if each]
    addresses = [each for one in hosts[:MOST_LOOKUPS] for each in lookup.addresses(one)]
    found.voids += not addresses
    for address in addresses:
        size = (parts["four" if address.version == 4 else "six"] if parts else "") or ""
        try:
            yield ip_network(f"{address}/{size or address.max_prefixlen}", strict=False)
        except ValueError:
            found.wrong.append(f"{name}:{value} has a size that no network has")
