"""Checks of what DNS says of the sender's domain: DKIM, SPF, DMARC, MX.

What never leaves this machine, or comes from a name that is in no public DNS, is not looked up.
"""

from ipaddress import ip_address
from typing import TYPE_CHECKING

from publisher.checks.dkim import compare
from publisher.checks.dmarc import Policy, dmarc_records, organisation, policy_of, walk
from publisher.checks.finding import Answer, Result
from publisher.checks.lookup import Address, Lookup, Unanswered
from publisher.checks.spf import MOST_LOOKUPS, Spf, follow, spf_records
from publisher.errors import SettingsError

if TYPE_CHECKING:
    from publisher.settings import Settings

_BAD_FIRST = (Result.FAILED, Result.WARNING, Result.OK)
_POLICIES = ("none", "quarantine", "reject")


def dkim(settings: "Settings", lookup: Lookup) -> Answer:
    """Compare the keys that sign with their records."""
    from publisher.delivery import read_keys

    if not settings.delivery.dkim.domain:
        return Result.OK, "dkim: publisher does not sign; the mail server may", ""
    try:
        keys = read_keys(settings.delivery.dkim, settings.root)
    except SettingsError as error:
        problem = error.problems[0]
        return Result.FAILED, f"dkim: {problem.message}", problem.hint
    if why := _why_not(settings):
        return Result.OK, f"dkim: the key is at hand; its record is not used, {why}", ""
    answers = [compare(key, lookup.texts(key.name)) for key in keys]
    answers.sort(key=lambda answer: _BAD_FIRST.index(answer[0]))
    said = "; ".join(message for _, message, _ in answers)
    return answers[0][0], f"dkim: {said}", answers[0][2]


def spf(settings: "Settings", lookup: Lookup) -> Answer:
    """See that receivers can read the SPF record of the envelope's sender, and what is in it."""
    if why := _why_not(settings):
        return Result.OK, f"spf: not used, {why}", ""
    domain = _envelope_domain(settings)
    records = spf_records(lookup, domain)
    if not records:
        return (
            Result.WARNING,
            f"spf: {domain} has no record, and large providers ask for one",
            f'add a TXT record like "v=spf1 include:… ~all" at {domain}; the provider of the '
            "mail server says what to include",
        )
    if len(records) > 1:
        said = f"spf: {domain} has {len(records)} records, so that receivers use none of them"
        return Result.FAILED, said, "make one of them, with the words of all"
    found = follow(lookup, domain, records[0])
    said = f'spf: {domain} has "{records[0]}" ({found.lookups} of {MOST_LOOKUPS} lookups)'
    if found.wrong:
        return (
            Result.FAILED,
            f"{said}, which receivers cannot use: {found.wrong[0]}",
            "mend that; as it is, it counts as no record at all",
        )
    if found.opened_by:
        return (
            Result.FAILED,
            f"{said}, and {found.opened_by[0]} lets everybody send (+all)",
            "end it with ~all or -all",
        )
    return _rest_of_spf(settings, lookup, found, said)


def _rest_of_spf(settings: "Settings", lookup: Lookup, found: Spf, said: str) -> Answer:
    if found.rest not in ("-", "~"):
        return Result.WARNING, f"{said}, which says nothing of others", "end it with ~all or -all"
    return Result.OK, f"{said}; {_relay_in(settings, lookup, found)}", ""


def _relay_in(settings: "Settings", lookup: Lookup, found: Spf) -> str:
    """Say whether the mail server's addresses are among those that may send, as far as is known."""
    from publisher.reach import is_public

    if settings.delivery.transport != "smtp":
        return "your provider says which words of it are its own"
    host = settings.delivery.smtp.host
    public = [each for each in _addresses(lookup, host) if is_public(str(each))]
    if not public:
        return f"see that the public address of {host} is among them"
    if any(found.names(each) for each in public):
        return f"it names the mail server, {host}"
    return f"it does not name {host} itself, which may well send from other addresses"


def _addresses(lookup: Lookup, host: str) -> tuple[Address, ...]:
    try:
        return (ip_address(host),)
    except ValueError:
        pass
    try:
        return lookup.addresses(host)
    except Unanswered:  # the record has been read all the same
        return ()


def dmarc(settings: "Settings", lookup: Lookup) -> Answer:
    """See which policy counts for the sender, and whether signatures are of its organisation."""
    if why := _why_not(settings):
        return Result.OK, f"dmarc: not used, {why}", ""
    domain = _sender_domain(settings)
    records = dmarc_records(lookup, domain)
    if len(records) > 1:
        said = f"dmarc: _dmarc.{domain} has {len(records)} records, so that none of them counts"
        return Result.FAILED, said, "keep one"
    found = walk(lookup, domain)
    policy = policy_of(domain, found)
    if policy is None:
        return (
            Result.WARNING,
            f"dmarc: there is no record for {domain}, and large providers ask for one",
            f'add a TXT record "v=DMARC1; p=none; rua=mailto:…" at _dmarc.{domain}',
        )
    signer = settings.delivery.dkim.domain.lower()
    if signer and not _is_aligned(lookup, signer, domain, found, policy):
        return (
            Result.FAILED,
            f"dmarc: messages come from {domain} and are signed by {signer}, which does not count"
            + (" (adkim=s)" if policy.tags.get("adkim", "").lower() == "s" else ""),
            f'set [delivery.dkim] domain = "{domain}", and its record in DNS',
        )
    return _about_policy(domain, policy)


def _about_policy(domain: str, policy: Policy) -> Answer:
    word = _word_for(domain, policy)
    said = f"dmarc: {domain} goes by _dmarc.{policy.domain}, {word}={policy.tags.get(word, '')}"
    if policy.tags.get(word, "").lower() not in _POLICIES:
        return (
            Result.WARNING,
            f"{said}: that is no policy, and at best counts as none",
            f"write {word}=none, {word}=quarantine or {word}=reject",
        )
    if gone := [name for name in ("pct", "rf", "ri") if name in policy.tags]:
        return (
            Result.WARNING,
            f"{said}, with {gone[0]}=, which receivers read no more (RFC 9989)",
            f"take {gone[0]}= out; to try a policy, write t=y",
        )
    if policy.tags.get("t", "").lower() == "y":
        said += " on trial (t=y)"
    return Result.OK, said, ""


def _word_for(domain: str, policy: Policy) -> str:
    return "sp" if policy.domain != domain and "sp" in policy.tags else "p"


def _is_aligned(
    lookup: Lookup, signer: str, domain: str, found: list[Policy], policy: Policy
) -> bool:
    if signer == domain:
        return True
    if policy.tags.get("adkim", "r").lower() == "s":
        return False
    return organisation(signer, walk(lookup, signer)) == organisation(domain, found)


def mail_hosts(settings: "Settings", lookup: Lookup) -> Answer:
    """See that answers and bounces find somebody who takes them."""
    if why := _why_not(settings):
        return Result.OK, f"mx: not used, {why}", ""
    domains = dict.fromkeys((_sender_domain(settings), settings.feedback.domain.lower()))
    answers = [_takes_mail(lookup, domain) for domain in domains if domain]
    answers.sort(key=lambda answer: _BAD_FIRST.index(answer[0]))
    said = "; ".join(message for _, message, _ in answers)
    return answers[0][0], f"mx: {said}", answers[0][2]


def _takes_mail(lookup: Lookup, domain: str) -> Answer:
    hosts = lookup.mail_hosts(domain)
    advice = "add an MX record; some servers refuse senders who cannot be answered"
    if hosts == ("",):
        return Result.FAILED, f"{domain} says that it takes no mail (RFC 7505)", advice
    if not hosts:
        if lookup.addresses(domain):
            said = f"{domain} has no MX record; mail to it goes to its address"
            return Result.WARNING, said, advice
        return Result.FAILED, f"{domain} takes no mail: it has no MX record and no address", advice
    if not any(lookup.addresses(host) for host in hosts if host):
        return Result.FAILED, f"{domain} has its mail at {hosts[0]}, which has no address", advice
    return Result.OK, f"mail to {domain} goes to {hosts[0]}", ""


def _why_not(settings: "Settings") -> str:
    """Return why nothing is looked up; "" when it is."""
    from publisher.reach import is_reserved

    if settings.delivery.transport == "maildir":
        return "since messages go to outbox/"
    domain = _sender_domain(settings)
    if is_reserved(domain):
        return f"since {domain} is no name of the public Internet"
    return ""


def _envelope_domain(settings: "Settings") -> str:
    """Return the domain that receivers look up for SPF: that of the return path."""
    by_smtp = settings.delivery.transport == "smtp"
    return (settings.feedback.domain.lower() if by_smtp else "") or _sender_domain(settings)


def _sender_domain(settings: "Settings") -> str:
    from publisher import address

    return address.parse(settings.sender.address).domain
