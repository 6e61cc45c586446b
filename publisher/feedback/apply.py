"""A report takes effect: on the person its token proves, once, and never on anybody else."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine

from publisher import subscribers
from publisher.delivery import Delivered, note_bounce, note_complaint
from publisher.feedback.patience import came_back_in_a_row, is_enough
from publisher.feedback.report import BOUNCES, Kind, Report
from publisher.feedback.whom import complained_of, proved_delivery, proved_person
from publisher.ops import log
from publisher.store import insert_into, write
from publisher.store.tables import feedback
from publisher.tokens import Keys

SOURCE = "mail"
_log = log.get("feedback")


class Effect(StrEnum):
    """What a report led to."""

    SUPPRESSED = "suppressed"  # the address is never mailed again
    COUNTED = "counted"  # it came back; the next ones decide
    TOLD = "told"  # for the operator: no reader is touched
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"  # unsubscribed and suppressed
    KNOWN = "known"  # this report was taken before
    UNPROVED = "unproved"  # no token proves whom it is about, so it is about nobody


@dataclass(frozen=True, slots=True)
class Taken:
    """One report and its effect."""

    effect: Effect
    kind: Kind
    code: str = ""
    words: str = ""


def apply(engine: Engine, keys: Keys, report: Report, now: datetime) -> Taken:
    """Let a report take effect, all of it or nothing, and remember it; again it does nothing."""
    with write(engine) as conn:
        if report.kind in BOUNCES:
            effect = _bounce(conn, keys, report, now)
        elif report.kind is Kind.COMPLAINT:
            effect = _complaint(conn, keys, report, now)
        else:
            effect = _unsubscribe(conn, keys, report, now)
    return Taken(effect, report.kind, report.code, report.words)


def _bounce(conn: Connection, keys: Keys, report: Report, now: datetime) -> Effect:
    about = proved_delivery(conn, keys, report.bounce_tags)
    if about is None:
        return _unproved(conn, report, now)
    if not _remember(conn, report, report.kind, now, about):
        return Effect.KNOWN
    note_bounce(conn, about.id, now)
    _log.info("mail came back", delivery=about.id, kind=str(report.kind), code=report.code)
    if report.kind is Kind.HARD:
        subscribers.suppress_dead(conn, about.subscriber_id, report.code, now)
        return Effect.SUPPRESSED
    if report.kind is Kind.SOFT:
        sent = came_back_in_a_row(conn, about)
        if not is_enough(sent):
            return Effect.COUNTED
        note = f"{len(sent)} editions in a row came back, the last with {report.code}"
        subscribers.suppress_dead(conn, about.subscriber_id, note, now)
        return Effect.SUPPRESSED
    _log.warning(
        "mail came back, and not for its reader's sake",
        delivery=about.id,
        code=report.code,
        words=report.words,
    )
    return Effect.TOLD


def _complaint(conn: Connection, keys: Keys, report: Report, now: datetime) -> Effect:
    about = proved_delivery(conn, keys, report.bounce_tags)
    if about is not None:
        subscriber_id = about.subscriber_id
    else:
        proved = proved_person(conn, keys, report.unsubscribe_tokens, now)
        if proved is None:
            return _unproved(conn, report, now)
        person, said = proved
        subscriber_id = person.id
        digest = subscribers.digest_named(said, person.digests) or ""
        about = complained_of(conn, keys, subscriber_id, digest, report.copied)
    if not _remember(conn, report, report.kind, now, about, whom=f"reader {subscriber_id}"):
        return Effect.KNOWN
    if about is not None:
        note_complaint(conn, about.id, now)
    subscribers.unsubscribe(conn, subscriber_id, now, source="complaint")
    subscribers.suppress_person(conn, subscriber_id, now, reason="complained", note=report.code)
    _log.info("somebody complained", subscriber=subscriber_id, kind=report.code)
    return Effect.COMPLAINED


def _unsubscribe(conn: Connection, keys: Keys, report: Report, now: datetime) -> Effect:
    proved = proved_person(conn, keys, report.unsubscribe_tokens, now)
    if proved is None:
        return _unproved(conn, report, now)
    person, said = proved
    # One mail may go to the addresses of several readers, or digests, and arrives once for each.
    if not _remember(conn, report, report.kind, now, whom=f"reader {person.id} {said}"):
        return Effect.KNOWN
    digest = subscribers.digest_named(said, person.digests)
    if digest is not None:  # None: they have left that digest already
        subscribers.unsubscribe(conn, person.id, now, digest=digest, source="mail")
    _log.info("somebody unsubscribed by mail", subscriber=person.id, digest=digest or "")
    return Effect.UNSUBSCRIBED


def _unproved(conn: Connection, report: Report, now: datetime) -> Effect:
    """Note a report that proves nothing, so that it is told once and not every minute."""
    if _remember(conn, report, Kind.UNPROVED, now):
        _log.warning(
            "a report without proof of whom it is about; nobody is touched",
            kind=str(report.kind),
            code=report.code,
            words=report.words,
        )
    return Effect.UNPROVED


def _remember(
    conn: Connection,
    report: Report,
    kind: Kind,
    now: datetime,
    about: Delivered | None = None,
    whom: str = "",
) -> bool:
    """Write a report down; False when that was done before.

    whom   it is about where it names no delivery
    """
    row = insert_into(conn, feedback).values(
        source=SOURCE,
        source_id=f"{kind}:{about.id if about else whom}:{report.identity}",
        kind=kind.value,
        received_at=int(now.timestamp()),
        delivery_id=about.id if about else None,
        code=report.code,
        detail=report.words,
    )
    added = row.on_conflict_do_nothing().returning(feedback.c.id)
    return conn.execute(added).first() is not None
