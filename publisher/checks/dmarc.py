"""Which DMARC policy counts for a domain, and where its organisation begins (RFC 9989).

Both are found by walking up the names in DNS; there is no list of public suffixes any more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from publisher.checks.lookup import Lookup

MOST_STEPS = 8  # RFC 9989 section 4.10: names with more labels are cut down to seven at once


def read_tags(text: str) -> dict[str, str]:
    """Return the tags of a record like `v=DMARC1; p=none`, names in lower case, order kept.

    Records of DKIM are written the same way (RFC 6376 section 3.2).
    """
    parts = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, equals, value in parts if equals}


@dataclass(frozen=True, slots=True)
class Policy:
    """A DMARC record and the domain it was found at."""

    domain: str
    tags: Mapping[str, str]


def dmarc_records(lookup: Lookup, domain: str) -> list[str]:
    """Return the DMARC records at a domain; of more than one none counts. Raises Unanswered."""
    texts = lookup.texts(f"_dmarc.{domain}")
    return [text for text in texts if _is_dmarc(text)]


def walk(lookup: Lookup, domain: str) -> list[Policy]:
    """Return the records on the way up from a domain, its own first; raises Unanswered."""
    found = []
    for name in _steps(domain):
        records = dmarc_records(lookup, name)
        if len(records) == 1:
            found.append(Policy(name, read_tags(records[0])))
            if found[-1].tags.get("psd", "").lower() in ("y", "n"):
                break
    return found


def organisation(domain: str, found: list[Policy]) -> str:
    """Return the organisational domain of a domain, by the records on its way up."""
    for policy in found:
        psd = policy.tags.get("psd", "").lower()
        if psd == "n":
            return policy.domain
        if psd == "y" and policy.domain != domain:
            below = domain.removesuffix(f".{policy.domain}").rpartition(".")[2]
            return f"{below}.{policy.domain}"
    return found[-1].domain if found else domain


def policy_of(domain: str, found: list[Policy]) -> Policy | None:
    """Return the record that counts for a domain: its own, its organisation's, the registry's."""
    wanted = (domain, organisation(domain, found))
    by_name = {policy.domain: policy for policy in found}
    if at_hand := next((by_name[name] for name in wanted if name in by_name), None):
        return at_hand
    return next((each for each in found if each.tags.get("psd", "").lower() == "y"), None)


def _is_dmarc(text: str) -> bool:
    name, _, value = text.partition(";")[0].partition("=")
    return name.strip().lower() == "v" and value.strip() == "DMARC1"


def _steps(domain: str) -> Iterator[str]:
    labels = domain.lower().rstrip(".").split(".")
    yield ".".join(labels)
    for left in range(min(len(labels), MOST_STEPS) - 1, 0, -1):
        yield ".".join(labels[-left:])
