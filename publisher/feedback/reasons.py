"""From a server's code and words to what they mean for a reader. Decided here and nowhere else.

A wrong "hard" takes a reader their mail for ever, a wrong "soft" costs a few vain messages. So what
speaks of us (policy, reputation, authentication) goes before what speaks of the address, and only
plain words are believed where there is no code.
Sources: RFC 3463 and its registry; the replies of Postfix, Exim, Exchange, Gmail, Yahoo and
Outlook as their documentation and the reports in tests/data have them.
"""

import re

from publisher.delivery import DEAD_ADDRESS_CODES
from publisher.errors import one_line
from publisher.feedback.report import Kind

LONGEST = 2_000  # characters of a reply that are looked at

# The sender's address, and the size of the message.
_OURS = frozenset({"5.1.7", "5.1.8", "5.2.3", "5.3.4"})
_CODE = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?![\w.])", re.ASCII)
_REPLY = re.compile(r"(?<![\w.-])(55[0134])(?![\w.])", re.ASCII)
_ADDRESS = re.compile(r"[^\s<>\"'();,:]{1,200}@[\w.-]{1,200}")

_ABOUT_US = re.compile(
    r"\bspam(?:haus|cop|rats)?\b|\bblock ?list|\bblack ?list|\bdeny ?list|\b(?:dns|r)bl\b|"
    r"\bblocked\b|\blisted (?:at|by|in|on)\b|\bbanned\b|\breputation\b|\bdmarc\b|\bdkim\b|\bspf\b|\bauthenticat|\brelay(?:ing)? "
    r"(?:access )?(?:denied|not permitted)|\bpolicy\b|\bcontent (?:rejected|filter)|\bunsolicited\b|"
    r"\bvirus\b|\bmalware\b|\brate limit|\btoo many (?:messages|connections)|\bnot accepted due to|"
    r"\bmessage (?:size )?(?:is )?too (?:large|big)|\bexceeds? (?:the )?(?:maximum )?(?:message )?size|"
    r"\bsender (?:address )?(?:rejected|denied|verify|domain)|\bsending (?:mta|ip|domain)",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"\b(?:mailbox|inbox|account|user)(?: storage)?(?: is| has)?(?: currently)? (?:full|over ?quota)|"
    r"\bover (?:the )?(?:storage )?quota|\bquota exceeded|\bexceed(?:s|ed) (?:the |their |its )?"
    r"(?:mailbox |storage )?quota|\binsufficient (?:system )?storage|\bout of storage",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"\bno such (?:user|recipient|mailbox|address|person|domain|account|host)|"
    r"\b(?:user|recipient|mailbox|address|account|addressee)(?: name)?(?: is)? unknown\b|"
    r"\bunknown (?:user|recipient|address|mailbox|account|local part)|"
    r"\b(?:does|do|did) ?(?:n.t|not) exist|\b(?:user|recipient|mailbox|address|account) (?:was )?not "
    r"found|\binvalid (?:recipient|mailbox|user|address)|\bno mailbox (?:here )?by that name|"
    r"\bnot a valid (?:user|mailbox|recipient|address)|\bdoesn.t have (?:a|an) [\w.-]{1,60} account|"
    r"\bno (?:user|mailbox|account) (?:here|with this name|by that name)|"
    r"\bunrouteable address|\bnot our customer|\brecipientnotfound|\bresolver\.adr\b",
    re.IGNORECASE,
)
_NO_DOMAIN = re.compile(
    r"\b(?:host|domain)(?: or domain)?(?: name)? not found|\bno such (?:domain|host)|"
    r"\bdomain (?:does not exist|unknown)|\bnxdomain\b|\bnull ?mx\b|\bdoes not accept mail\b",
    re.IGNORECASE,
)


def reason(status: str, words: str) -> tuple[Kind, str]:
    """Return what a failure means, and the code that says so.

    status  of the report, "" when there is none
    words   the server's reply, or the text of a report that has no fields
    """
    words = without_addresses(words)[:LONGEST]
    code = _best_code(status, words)
    subject, _, detail = code[2:].partition(".")
    if subject in ("7", "6") or code in _OURS or _ABOUT_US.search(words):
        return Kind.BLOCKED, code
    if code.startswith("4."):
        return Kind.SOFT, code
    if code in DEAD_ADDRESS_CODES:
        return Kind.HARD, code
    if (subject, detail) == ("2", "2") or _FULL.search(words):
        return Kind.SOFT, code
    if code == "5.4.4" and not _NO_DOMAIN.search(words):
        return Kind.SOFT, code
    if _NOBODY.search(words) or _NO_DOMAIN.search(words):
        return Kind.HARD, code or _reply(words)
    return (Kind.SOFT, code) if code or _reply(words) else (Kind.UNCLEAR, "")


def without_addresses(text: str) -> str:
    """Return text on one line in which no address is left: what is kept must tell of nobody."""
    return one_line(" ".join(_ADDRESS.sub("<address>", text[: LONGEST * 4]).split()))


def code_in(text: str) -> str:
    """Return the first enhanced code in a text, or ""."""
    found = _CODE.search(text[:LONGEST])
    return found[1] if found else ""


def _best_code(status: str, words: str) -> str:
    """Return the server's own code where the report's is a general one, as x.0.0 is."""
    code = code_in(status)
    said = [one for one in _CODE.findall(words) if not code or one[0] == code[0]]
    if not code or code.endswith(".0.0"):
        return next((one for one in said if not one.endswith(".0.0")), code or "".join(said[:1]))
    return code


def _reply(words: str) -> str:
    found = _REPLY.search(words)
    return found[1] if found else ""
