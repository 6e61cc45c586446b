"""The words of `explain` for a person: what they got, will get, or did not get and why."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from publisher.cli.delivery_words import answer_words, is_told, state_words
from publisher.cli.explain_item import HOW
from publisher.cli.report import count, moment, span

if TYPE_CHECKING:
    from publisher.digests import PersonExplained
    from publisher.digests.explain import (
        DeliveryFacts,
        Got,
        History,
        PersonInDigest,
        PersonInEdition,
        SuppressionFacts,
    )

_WHY = {
    "missed": "no mail: nobody opened the edition in time, so it went to nobody",
    "cancelled": "no mail: the edition was cancelled, so it went to nobody",
    "not opened": "no mail yet: the edition is not opened",
    "joined after": "no mail: they joined after it was opened",
    "pending": "no mail: they had not agreed to get any",
    "unsubscribed": "no mail: they had unsubscribed",
    "suppressed": "no mail: the address was suppressed",
    "paused": "no mail: they paused",
    "not subscribed": "no mail: they were not subscribed to this digest",
    "left the digest": "no mail: they had left this digest",
    "nothing new": "no mail: nothing in it was for them",
    "chose otherwise then": "no mail: they chose otherwise then, and changed that later",
    "folded": "no mail is known of: the edition is long past, so only numbers are kept of who was "
    "passed over or skipped",
    "unexplained": "no mail, though by their choices of today there would be one: "
    "they chose otherwise when it was opened, or the ledger no longer has it",
}
_DECIDED = {
    "approved": ", approved by an editor",
    "held": ", held by an editor",
    "cancelled": ", cancelled by an editor, so that all will wait for the one after",
}


def sentences(found: "PersonExplained", zone: ZoneInfo, now: datetime) -> Iterator[str]:
    """Yield what there is to say about an address, line by line."""
    if found.person is None:
        yield from _unknown(found, zone, now)
        return
    yield from _person(found.address, found.person, zone, now)
    for letter in found.letters:
        yield ""
        yield f"letter ({letter.purpose}):"
        yield from _delivery(letter, zone)
    for digest in found.digests:
        yield ""
        yield from _digest(digest, zone)


def _unknown(found: "PersonExplained", zone: ZoneInfo, now: datetime) -> Iterator[str]:
    yield f"{found.address}: nobody here has this address, so it gets no mail"
    if found.suppression:
        yield f"  {_suppressed(found.suppression, zone, now)}"
    elif found.knows_suppressions:
        yield "  it is not suppressed"
    for address in found.nearest:
        yield f"  near: {address}"


def _person(address: str, person: "History", zone: ZoneInfo, now: datetime) -> Iterator[str]:
    yield f"{address}: {person.state}"
    if person.suppression:
        yield f"  {_suppressed(person.suppression, zone, now)}"
    if person.state == "pending":
        yield "  has not agreed yet, so gets no mail"
    if person.state == "erased":
        yield "  was erased: only the ledger's numbers are left"
    wants = ", originals instead of machine translations" if person.originals else ""
    languages = ", then ".join(person.languages)
    zone_name = person.time_zone or "the site's"
    yield f"  reads {languages}{wants}; time zone: {zone_name}"
    if person.paused_until and person.paused_until > now:
        yield f"  paused until {moment(person.paused_until, zone)}"
    for act in person.acts:
        said = f': "{act.wording}"' if act.wording else ""
        about = f" ({act.detail})" if act.detail else ""
        yield f"  {moment(act.happened_at, zone)} {act.act} by {act.source}{about}{said}"


def _suppressed(suppression: "SuppressionFacts", zone: ZoneInfo, now: datetime) -> str:
    note = f", {suppression.note}" if suppression.note else ""
    since = f"since {moment(suppression.since_at, zone)}"
    if suppression.until_at is None:
        return f"suppressed {since} ({suppression.reason}{note}): never mailed"
    until = moment(suppression.until_at, zone)
    word = "suppressed" if suppression.until_at > now else "was suppressed"
    return f"{word} {since} until {until} ({suppression.reason}{note})"


def _digest(digest: "PersonInDigest", zone: ZoneInfo) -> Iterator[str]:
    what = "subscribed" if digest.is_subscribed else "not subscribed"
    chosen = [*digest.kinds, *digest.categories]
    only = f", only {', '.join(chosen)}" if digest.is_subscribed and chosen else ""
    gone = "" if digest.is_offered else "; publisher.toml no longer has it"
    yield f"{digest.digest}: {what}{only}{gone}"
    if digest.next:
        due = moment(digest.next.due_at, zone) if digest.next.due_at else "when something is new"
        due += _DECIDED.get(digest.next.decision, "")
        if digest.next.why:
            why = _why(digest.next.why.value, digest.next.since, zone, is_past=False)
            yield f"  next edition, {due}: {why}"
        else:
            yield f"  next edition, {due}, as things stand: {count(len(digest.next.items), 'item')}"
            yield from _items(digest.next.items)
    for edition in digest.editions:
        yield from _edition(edition, zone)
    if digest.older:
        yield (
            f"  and {count(digest.older, 'older edition')}; name one to ask about it, "
            f"for instance {digest.digest}/2026-03-03"
        )


def _edition(one: "PersonInEdition", zone: ZoneInfo) -> Iterator[str]:
    edition = one.edition
    extra = "extra edition" if edition.is_extra else "edition"
    note = f": {edition.note}" if edition.note else ""
    yield f"  {extra} {edition.id} of {edition.slot} ({edition.state}{note})"
    if one.delivery:
        for line in _delivery(one.delivery, zone):
            yield f"  {line}"
    elif one.why:
        yield f"    {_why(one.why.value, one.since, zone, is_past=True)}"
    yield from (f"      told what changed about: {title}" for title in one.told)
    yield from (f"  {line}" for line in _items(one.items))
    if one.delivery and one.since and one.passed_over:
        yield f"      they chose otherwise {moment(one.since, zone)}; by what they choose since then,"
    for passed in one.passed_over:
        yield f"      left out for them: {passed.title} [{passed.key}]: {passed.why}"


def _why(why: str, since: datetime | None, zone: ZoneInfo, *, is_past: bool) -> str:
    said = _WHY[why] if is_past else _WILL.get(why, _WHY[why])
    if since is None:
        return said
    return f"{said} ({'until' if why == 'paused' else 'at'} {moment(since, zone)})"


_WILL = {
    "pending": "no mail, as they have not agreed to get any",
    "unsubscribed": "no mail, as they unsubscribed",
    "suppressed": "no mail, as the address is suppressed",
    "paused": "no mail, as they paused",
    "not subscribed": "no mail, as they are not subscribed to this digest",
    "left the digest": "no mail, as they left this digest",
    "nothing new": "no mail, as nothing new waits for their choices",
}


def _delivery(mail: "DeliveryFacts", zone: ZoneInfo) -> Iterator[str]:
    if mail.is_folded:
        yield "  mail: sent; it is long ago, so when exactly and how often tried is not kept"
        if mail.message_id:
            yield f"    Message-ID: {mail.message_id}"
        return
    when = f" {moment(mail.settled_at, zone)}" if mail.settled_at else ""
    code = f" ({mail.code})" if mail.code and not is_told(mail.state, mail.code) else ""
    yield f"  mail {mail.id}: {state_words(mail.state, mail.code)}{when}{code}"
    tried = count(mail.attempts, "attempt")
    if mail.next_at:
        yield f"    {tried} so far; next tried {moment(mail.next_at, zone)}"
    elif mail.attempts > 1:
        yield f"    {tried}"
    for each in mail.failures:
        at = moment(each.started_at, zone)
        if each.is_retry:
            yield f"    the operator let it be tried again {at}; its 48 hours began anew"
        else:
            yield f"    attempt {each.number}, {at}: {each.outcome}; {answer_words(each)}"
    if mail.doubts:
        yield f"    {count(mail.doubts, 'time')} no answer came, so they may have got it then"
    if mail.changed and (mail.doubts or mail.next_at):
        since = " and ".join(mail.changed)
        yield f"    {since} changed since it was made: a repeat has its Message-ID, not its bytes"
    yield from _returned(mail, zone)
    if mail.remote_id:
        yield f"    the server called it {mail.remote_id}"
    if mail.message_id:
        yield f"    Message-ID: {mail.message_id}"


def _returned(mail: "DeliveryFacts", zone: ZoneInfo) -> Iterator[str]:
    """Tell what came back, as far as it is known: flags may be older than their reports."""
    if mail.bounced_at and not mail.reports:
        yield f"    came back {moment(mail.bounced_at, zone)}"
    if mail.complained_at and not mail.reports:
        yield f"    complained about {moment(mail.complained_at, zone)}"
    for one in mail.reports:
        at, said = moment(one.received_at, zone), " ".join(filter(None, (one.code, one.words)))
        what = "complained about" if one.kind == "complaint" else f"came back ({one.kind})"
        yield f"    {what} {at}{': ' if said else ''}{said}"


def _items(items: Sequence["Got"]) -> Iterator[str]:
    for one in items:
        pinned = "pinned, " if one.is_pinned else ""
        again = ", once more before the event" if one.is_return else ""
        waited = f", after waiting {span(one.waited)} for a translation" if one.waited else ""
        yield f"    {one.title} [{one.key}]: {pinned}in {one.language}{HOW[one.how]}{again}{waited}"
