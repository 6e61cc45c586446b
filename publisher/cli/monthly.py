"""`publisher report`: a month in numbers, by language and digest. Nobody's reading is tracked."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from publisher.cli.report import count, moment, say, say_json, say_table
from publisher.cli.start import Start

if TYPE_CHECKING:
    from publisher.digests import Month
    from publisher.subscribers import Readers, Share

EPILOG = """\b
Examples:
  publisher report                    this month so far
  publisher report --month 2026-02    a month that is over
  publisher report --json             for programs
"""
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_EDITIONS = ("sent", "missed", "cancelled", "held", "draft", "sending", "paused")
_DELIVERIES = ("sent", "failed", "skipped", "in doubt", "held", "queued")


@click.command(epilog=EPILOG)
@click.option("--month", "text", default="", help="Which, as 2026-03.  [default: this month]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(start: Start, text: str, as_json: bool) -> None:
    """Show a month in numbers: readers, who joined and left, editions, what was sent and failed.

    Readers are those of now; the rest is of that month, in the site's time zone. Whether anybody
    opens or clicks is not tracked, so it is not told.
    """
    with start.app() as app:
        now, zone = app.now(), app.settings.site.zone
        since, until = _span(text, zone, now)
        name = f"{since.astimezone(zone):%Y-%m}"
        engine = app.engine_if_there()
        numbers = None
        if engine is not None:
            from publisher.digests import month
            from publisher.store import read
            from publisher.subscribers import readers

            with read(engine) as conn:
                numbers = readers(conn, since, until, now), month(conn, since, until)
    if as_json:
        say_json(_document(name, since, until, now, numbers))
        return
    so_far = f", so far: until {moment(now, zone)}" if now < until else ""
    say(f"{name}{so_far}")
    if numbers is None or _is_empty(*numbers):
        say("nobody reads yet and nothing was sent")
        return
    _say_readers(numbers[0])
    _say_editions(numbers[1])
    _say_deliveries(numbers[1])


def _span(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Return where a month begins and ends; the present one when none is named."""
    local = now.astimezone(zone)
    year, number = local.year, local.month
    if text:
        found = _MONTH.fullmatch(text.strip())
        if not found or not 1970 <= int(found[1]) <= 9998:
            raise click.BadParameter(f'"{text}" is no month; write 2026-03', param_hint="--month")
        if (int(found[1]), int(found[2])) > (year, number):
            raise click.BadParameter(f"{text} has not begun yet", param_hint="--month")
        year, number = int(found[1]), int(found[2])
    after = (year + 1, 1) if number == 12 else (year, number + 1)
    return _first(year, number, zone), _first(*after, zone)


def _first(year: int, month: int, zone: ZoneInfo) -> datetime:
    return datetime(year, month, 1, tzinfo=zone).astimezone(UTC)


def _is_empty(readers: "Readers", month: "Month") -> bool:
    everybody = (readers.total.readers, readers.total.joined, readers.total.left)
    others = (readers.pending, readers.suppressed, month.came_back, month.complained)
    return not any((*everybody, *others, month.editions, month.deliveries))


def _say_readers(readers: "Readers") -> None:
    total = readers.total
    say(f"{count(total.readers, 'reader')} now; {total.joined:,} joined, {total.left:,} left")
    if readers.pending:
        say(f"not agreed yet, so without mail: {readers.pending:,}")
    if readers.suppressed:
        fresh = ", ".join(f"{n:,} {reason}" for reason, n in readers.newly_suppressed.items())
        said = f"; new this month: {fresh}" if fresh else ""
        say(f"{count(readers.suppressed, 'address is', 'addresses are')} suppressed{said}")
    for name, shares in (("language", readers.by_language), ("digest", readers.by_digest)):
        if shares:
            say()
            rows = [
                (key, f"{each.readers:,}", f"{each.joined:,}", f"{each.left:,}")
                for key, each in shares.items()
            ]
            say_table((name, "readers", "joined", "left"), rows)


def _say_editions(month: "Month") -> None:
    say()
    if not month.editions:
        say("no edition was due")
        return
    states = _columns(_EDITIONS, {state for _, state in month.editions})
    rows = [
        (digest, *(f"{month.editions.get((digest, state), 0):,}" for state in states))
        for digest in sorted({digest for digest, _ in month.editions})
    ]
    say_table(("editions of", *states), rows)


def _say_deliveries(month: "Month") -> None:
    say()
    if not month.deliveries:
        say("no mail was sent")
        _say_returned(month)
        return
    states = _columns(_DELIVERIES, {state for _, _, state in month.deliveries})
    places = sorted({(digest, language) for digest, language, _ in month.deliveries})
    rows = [
        (
            digest or "(letters)",
            language,
            *(f"{month.deliveries.get((digest, language, state), 0):,}" for state in states),
        )
        for digest, language in places
    ]
    say_table(("mails of", "language", *states), rows)
    for digest, number in sorted(month.doubted.items()):
        what = digest or "letters"
        say(f"{what}: {number:,} in doubt for a while: they may have got it twice, or not at all")
    _say_returned(month)


def _say_returned(month: "Month") -> None:
    for digest in sorted({*month.came_back, *month.complained}):
        back, complained = month.came_back.get(digest, 0), month.complained.get(digest, 0)
        about = f", {complained:,} complained about" if complained else ""
        say(f"{digest or 'letters'}: {back:,} came back{about}")


def _columns(usual: tuple[str, ...], found: set[str]) -> list[str]:
    """Return the states worth a column: the first ones always, others when there are any."""
    always = usual[:2]
    return [
        *always,
        *(state for state in [*usual[2:], *sorted(found - set(usual))] if state in found),
    ]


def _document(
    name: str,
    since: datetime,
    until: datetime,
    now: datetime,
    numbers: "tuple[Readers, Month] | None",
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "month": name,
        "from": since,
        "until": until,
        "now": now,
        "is_over": now >= until,
        "readers": {
            "total": _share(),
            "languages": {},
            "digests": {},
            "by_digest_and_language": {},
        },
        "pending": 0,
        "suppressed": {"total": 0, "new": {}},
        "editions": {},
        "deliveries": [],
        "in_doubt": {},
        "came_back": {},
        "complained": {},
    }
    if numbers is None:
        return document
    readers, month = numbers
    document["readers"] = {
        "total": _share(readers.total),
        "languages": {key: _share(each) for key, each in readers.by_language.items()},
        "digests": {key: _share(each) for key, each in readers.by_digest.items()},
        "by_digest_and_language": _nested(readers.matrix),
    }
    document["pending"] = readers.pending
    document["suppressed"] = {"total": readers.suppressed, "new": readers.newly_suppressed}
    document["editions"] = _nested(month.editions)
    document["deliveries"] = [
        {"digest": digest, "language": language, "state": state, "number": number}
        for (digest, language, state), number in sorted(month.deliveries.items())
    ]
    document["in_doubt"] = month.doubted
    document["came_back"], document["complained"] = month.came_back, month.complained
    return document


def _share(share: "Share | None" = None) -> dict[str, int]:
    if share is None:
        return {"readers": 0, "joined": 0, "left": 0}
    return {"readers": share.readers, "joined": share.joined, "left": share.left}


def _nested(numbers: dict[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (outer, inner), number in sorted(numbers.items()):
        found.setdefault(outer, {})[inner] = number
    return found
