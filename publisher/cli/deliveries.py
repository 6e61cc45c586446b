"""`publisher deliveries`: what became of each delivery, and what did not go out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from publisher.cli.delivery_acts import acts
from publisher.cli.delivery_words import answer_words, short_state, shortened
from publisher.cli.report import count, moment, note, say, say_json_with, say_table
from publisher.cli.start import Start
from publisher.errors import PublisherError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from publisher.delivery import LedgerRow, Selection
    from publisher.digests import Account, Named

STATES = (
    *("queued", "sending", "sent", "failed", "held", "skipped"),
    *("in-doubt", "waiting", "doubted"),
)
SHOWN_EDITIONS = 5
SHOWN_ROWS = 100
EPILOG = """\b
Examples:
  publisher deliveries                                   what wants a look
  publisher deliveries --edition weekly/2026-03-03       one edition, the worst first
  publisher deliveries --state doubted --json            who may have got it twice
  publisher deliveries retry --edition weekly --state failed

EDITION is a digest, a slot, a day or a number, weekly/2026-03-03 or "weekly 2026-03-03",
or letters.
"""
_COLUMNS = ("address", "edition", "state", "attempts", "doubts", "last answer", "next try")
_PARTS = ("sent", "failed", "skipped", "held", "in_doubt", "waiting")


@click.group(invoke_without_command=True, epilog=EPILOG)
@click.option("--edition", default="", help="Only of this edition, digest, or of letters.")
@click.option("--state", type=click.Choice(STATES), help="Only in this state.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, edition: str, state: str | None, as_json: bool) -> int:
    """Show what became of deliveries: the accounting of each edition, then rows by name.

    Without a filter, the rows that want a look: failed, held, or once in doubt. in-doubt are those
    who may have it and wait for you; doubted all who may have got it twice. Nothing is changed.
    """
    if ctx.invoked_subcommand:
        if edition or state or as_json:
            raise click.UsageError(f"write options after {ctx.invoked_subcommand}, not before it")
        return 0
    from publisher.store import read

    start: Start = ctx.obj
    with start.app() as app:
        engine = app.engine_if_there()
        if engine is None:
            _say_nothing(app.now().isoformat(), edition, as_json)
            return 0
        with read(engine) as conn:
            if as_json:
                _document(conn, edition, state or "", app.now().isoformat())
            else:
                _tell(conn, edition, state or "", app.settings.site.zone)
    return 0


for each in acts(STATES):
    command.add_command(each)


def _chosen(conn: "Connection", edition: str, state: str) -> tuple["Named", "Selection"]:
    from publisher.delivery import LOOK, Selection
    from publisher.digests import whose

    these = whose(conn, edition)
    return these, Selection(these.purposes, state or ("" if edition else LOOK))


def _tell(conn: "Connection", edition: str, state: str, zone: ZoneInfo) -> None:
    from publisher import delivery
    from publisher.digests import accounts

    these, chosen = _chosen(conn, edition, state)
    found = accounts(conn, these, limit=SHOWN_EDITIONS)
    for account in found:
        _say_account(account)
    if not found:
        say("nothing was sent or queued yet")
        return
    of_editions = [one.state for one in found if one.state]
    if len(of_editions) == SHOWN_EDITIONS < len(these.editions):
        say("older editions are not counted here; --edition names one")
    listed = list(delivery.rows(conn, chosen, limit=SHOWN_ROWS, is_worst_first=True))
    say()
    if not listed:
        say("no delivery is in that state" if state else "no delivery wants a look")
        return
    names = these.names()
    say_table(_COLUMNS, [_cells(row, names.get(row.purpose, row.purpose), zone) for row in listed])
    if len(listed) == SHOWN_ROWS:
        more = delivery.row_count(conn, chosen) - SHOWN_ROWS
        if more:
            say(f"and {more:,} more; --edition and --state narrow them, --json lists all")
    note("publisher explain ADDRESS tells every attempt; see `publisher deliveries retry --help`")


def _say_account(account: "Account") -> None:
    totals = account.totals
    numbers = [(getattr(totals, part), part.replace("_", " ")) for part in _PARTS]
    parts = " + ".join(f"{number:,} {part}" for number, part in numbers if number)
    state = f" ({account.state})" if account.state else ""
    say(f"{account.name}{state}: {count(totals.recipients, 'recipient')} = {parts or '0 sent'}")
    if not account.adds_up:
        say(
            f"  that does not add up: it was opened for {count(account.expected, 'reader')}; "
            "somebody changed the database, or publisher made a mistake: please report it"
        )
    if totals.doubted:
        say(
            f"  {totals.doubted:,} once in doubt: they may have got it twice or, when held, not at "
            "all; --state doubted names them"
        )


def _cells(row: "LedgerRow", edition: str, zone: ZoneInfo) -> tuple[str, ...]:
    answers = [answer_words(one) for one in row.failures if not one.is_retry]
    return (
        row.address or "(erased)",
        edition,
        short_state(row.state, row.code),
        f"{row.attempts:,}",
        f"{row.doubts:,}",
        shortened(answers[-1]) if answers else "",
        moment(row.next_at, zone) if row.next_at else "",
    )


def _document(conn: "Connection", edition: str, state: str, now: str) -> None:
    from publisher import delivery
    from publisher.digests import accounts

    these, chosen = _chosen(conn, edition, state)
    head = {"now": now, "editions": [_account_json(one) for one in accounts(conn, these)]}
    say_json_with(head, "deliveries", _rows_json(delivery.rows(conn, chosen), these))


def _rows_json(rows: Iterator["LedgerRow"], these: "Named") -> Iterator[dict[str, Any]]:
    from dataclasses import fields

    from publisher.delivery import Attempt, LedgerRow

    # By hand and not by a walk through all that is nested: there may be a million.
    ours, theirs = ([each.name for each in fields(kind)] for kind in (LedgerRow, Attempt))
    names = these.names()
    for row in rows:
        facts = {name: getattr(row, name) for name in ours}
        tried = [{name: getattr(one, name) for name in theirs} for one in row.failures]
        more = {"address": row.address or None, "failures": tried}
        yield {"edition": names.get(row.purpose), **facts, **more}


def _account_json(account: "Account") -> dict[str, Any]:
    totals = account.totals
    return {
        "edition": account.name,
        "purposes": account.purposes,
        "state": account.state,
        "readers": account.expected,
        "recipients": totals.recipients,
        **{part: getattr(totals, part) for part in _PARTS},
        "doubted": totals.doubted,
        "adds_up": account.adds_up,
    }


def _say_nothing(now: str, edition: str, as_json: bool) -> None:
    if edition:
        raise PublisherError(f'there is no edition "{edition}"', hint="none was opened yet")
    if as_json:
        say_json_with({"now": now, "editions": []}, "deliveries", ())
    else:
        say("nothing was sent or queued yet: there is no database")
