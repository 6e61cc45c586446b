"""Bounces: the standard's form (RFC 3464), then Exim's field, then what older servers write.

Only the class of a failure is read here. Whom it is about the address says that it came to, and
never an address that is written inside.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from publisher.feedback.mime import Fields, Part, read_fields
from publisher.feedback.reasons import reason, without_addresses
from publisher.feedback.report import Kind

Judged = tuple[Kind, str, str]  # what it is, the code, the other server's words

_MOST_GROUPS = 20  # recipients of one report; ours has one, a list behind it may have more
_GROUP = re.compile(rb"\n[ \t]*\n")
_DAEMON = re.compile(r"mailer-?daemon|postmaster|mail delivery (?:sub)?system|<>", re.IGNORECASE)
_SUBJECT = re.compile(
    r"undeliver|delivery (?:status notification|failure|has failed|failed)|failure notice|"
    r"returned (?:mail|to sender)|mail delivery failed|could not be delivered|non ?remis|"
    r"unzustellbar|no se (?:ha podido|pudo) entregar|nicht zugestellt|échec de la remise",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"\bdelay(?:ed)?\b|\bwarning: |\bwill be retried|\bstill trying|\bnot (?:yet )?been delivered "
    r"yet|\bverzögert|\bretardé",
    re.IGNORECASE,
)
_AWAY = re.compile(r"\bvacation\b|\bout of (?:the )?office\b|\babwesen|\bauto-?repl", re.IGNORECASE)
# Servers quote our message below such a line; what our own text says is no reason.
_QUOTED = re.compile(
    r"^-{2,} ?(?:this is a copy|original message|below this line|the body of)", re.I | re.M
)


def read_bounce(parts: Sequence[Part]) -> Judged | None:
    """Return what a bounce says; None when it is none, or only tells of a delay."""
    message = parts[0]
    own = [part for part in parts if not _is_copy(part)]
    fields = list(_recipients(own))
    if fields:
        return _by_fields(fields)
    if _is_answer(message) or not _is_from_a_server(message):
        return None
    words = "\n".join(part.text for part in own if part.kind.startswith("text/"))
    words = _QUOTED.split(f"{message.first('subject')}\n{words}", maxsplit=1)[0]
    if _STILL_TRYING.search(message.first("subject")):
        return None
    kind, code = reason("", words)
    return kind, code, _short(words.partition("\n")[2])


def is_unknown(parts: Sequence[Part]) -> bool:
    """Whether a message says nothing by which we know it: neither a report nor a person's answer."""
    message = parts[0]
    reports = any(part.kind == "message/delivery-status" for part in parts)
    is_late = _STILL_TRYING.search(message.first("subject"))
    is_answer = _is_answer(message) or message.first("in-reply-to") or _is_automatic(message)
    return not (reports or is_late or is_answer)


def _recipients(own: Iterable[Part]) -> Iterator[Fields]:
    """Yield the fields about each recipient of every delivery status."""
    for part in own:
        if part.kind in ("message/delivery-status", "message/global-delivery-status"):
            for text in _GROUP.split(part.decoded.strip(), _MOST_GROUPS)[:_MOST_GROUPS]:
                group, _ = read_fields(text)
                names = {name for name, _ in group}
                if "action" in names or ("status" in names and "final-recipient" in names):
                    yield group


def _by_fields(recipients: Sequence[Fields]) -> Judged | None:
    """Return the mildest failure; a delay, a delivery or a relay is none.

    Several recipients are those whom a reader's address leads on to. While one of them is not
    known to be dead, the address is not either.
    """
    failures = [found for group in recipients if (found := _failure(group))]
    if not failures:
        return None
    kind, code, words = min(failures, key=lambda found: found[0] is Kind.HARD)
    is_alive = len(failures) < len(recipients)
    return Kind.SOFT if kind is Kind.HARD and is_alive else kind, code, words


def _failure(group: Fields) -> Judged | None:
    said = dict(reversed(group))  # the first of each name counts
    if said.get("action", "failed").split("(")[0].strip().lower() != "failed":
        return None
    words = said.get("diagnostic-code", "").partition(";")[2].strip()
    kind, code = reason(said.get("status", ""), words)
    return kind, code, _short(words)


def _is_from_a_server(message: Part) -> bool:
    if message.first("x-failed-recipients"):
        return True
    sender = f"{message.first('from')} {message.first('return-path')}"
    return bool(_DAEMON.search(sender) and _SUBJECT.search(message.first("subject")))


def _is_answer(message: Part) -> bool:
    """Whether a person's mail program answered: an absence is no failure, whatever it quotes."""
    if message.first("x-autoreply") or message.first("x-autorespond"):
        return True
    if message.first("precedence").lower() in ("auto_reply", "auto-reply"):
        return True
    return bool(_AWAY.search(message.first("subject")))


def _is_automatic(message: Part) -> bool:
    """Whether a program answered that is no mail server, in whatever language (RFC 3834)."""
    is_marked = message.first("auto-submitted").lower().startswith("auto-replied")
    return is_marked and not _DAEMON.search(message.first("from"))


def _is_copy(part: Part) -> bool:
    """Whether a part is our own message come back: its words are ours."""
    return part.is_quoted or part.kind in ("message/rfc822", "text/rfc822-headers")


def _short(words: str) -> str:
    return without_addresses(words)[:300]
