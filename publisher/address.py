"""E-mail addresses: which texts are one, which two are the same, and what is kept of an erased one.

The domain is kept as its A-label in lower case, the local part as its owner writes it. Two
addresses are the same when they differ in case only: in theory a server may tell them apart, in
practice none does, and people type their own address in any case.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from publisher.errors import AddressError
from publisher.keyed import keyed_hash

LONGEST = 254  # octets, RFC 5321 section 4.5.3.1 with erratum 1690
LONGEST_LOCAL = 64  # octets
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.ASCII)
_PLAIN = re.compile(rf" *({_ATOM}(?:\.{_ATOM})*)@([A-Za-z0-9.-]+) *", re.ASCII)
# What comes along when an address is copied from a page or a list, marks of direction above all.
_AROUND = (
    " \u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Address:
    """One address that mail can be sent to."""

    text: str  # local part as given, "@", domain as A-label
    local: str
    domain: str  # A-label, lower case
    key: str  # what is unique: the whole in lower case, NFC

    @property
    def is_ascii(self) -> bool:
        """Whether every server takes it; else only those with SMTPUTF8."""
        return self.local.isascii()


def parse(text: str) -> Address:
    """Return the address a text holds; spaces and signs nobody sees do not count around it.

    Nothing is looked up: whether the domain takes mail is for the sender to find out.
    Raises AddressError with the reason.
    """
    if found := _PLAIN.fullmatch(text):  # nearly every address; the rest says the same, slower
        local, domain = found[1], _checked_domain(found[2], text)
        whole = f"{local}@{domain}"
        if len(local) <= LONGEST_LOCAL and len(whole) <= LONGEST:
            return Address(whole, local, domain, whole.lower())
    if _BREAKING.search(text):
        raise AddressError(text, "it holds a line break or another control character")
    bare = text.strip(_AROUND)
    local, at, domain = bare.rpartition("@")
    if not at:
        raise AddressError(text, "there is no @ in it" if bare else "it is empty")
    if not _PLAIN_LOCAL.fullmatch(local):
        local = _checked_local(text, local)
    domain = _checked_domain(domain, text)
    whole = f"{local}@{domain}"
    if len(local.encode()) > LONGEST_LOCAL:
        raise AddressError(text, f"the part before the @ is longer than {LONGEST_LOCAL} bytes")
    if len(whole.encode()) > LONGEST:
        raise AddressError(text, f"it is longer than {LONGEST} bytes")
    return Address(whole, local, domain, unicodedata.normalize("NFC", whole.lower()))


def address_hash(key: str, secret: bytes) -> bytes:
    """Return the keyed hash of an address's key: what is left when a person is erased.

    Without the secret nobody can find out by trying whether an address was among the readers.
    """
    return keyed_hash(secret, b"address\0" + key.encode())


def _checked_local(text: str, local: str) -> str:
    return _checked(text, f"{local}@example.org")[0]


# Readers share few domains, and email-validator takes 50 µs: an import of a million is no place
# to ask it a million times about the same ones.
@lru_cache(maxsize=50_000)
def _a_label(domain: str) -> str:
    return _checked(domain, f"a@{domain}")[1].lower()


def _checked_domain(domain: str, text: str) -> str:
    try:
        return _a_label(domain)
    except AddressError as error:
        raise AddressError(text, error.why) from error


def _checked(text: str, candidate: str) -> tuple[str, str]:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(candidate, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        why = str(error).rstrip(".")
        raise AddressError(text, why[:1].lower() + why[1:]) from error
    return found.local_part, found.ascii_domain
