"""`publisher queue`: what waits for which edition, and what does not and why."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from publisher.cli.report import count, say, say_json, say_table
from publisher.cli.start import Start

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from publisher.content.item import Item
    from publisher.digests import Forecast
    from publisher.digests.forecast import DigestForecast, Waiting
    from publisher.settings import Digest

SHOWN_REFUSED = 5
EPILOG = """\b
Examples:
  publisher queue                     for people
  publisher queue --json              for programs
"""


@click.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(start: Start, as_json: bool) -> None:
    """Show what waits for which edition, in which language, and when each digest is next due.

    Also what is held, too old or still to come. Nothing is changed and nothing is sent.
    """
    with start.app() as app:
        forecast = app.forecast()
        settings, now = app.settings, app.now()
    if as_json:
        say_json(_document(forecast, now))
        return
    zone = settings.site.zone
    for each in forecast.digests:
        _say_digest(each, settings.digests[each.name], zone)
    _say_items("drafts", forecast.drafts, zone)
    _say_items("on hold", forecast.held, zone)
    _say_items("to be published later", forecast.future, zone)
    if not settings.digests:
        say("publisher.toml has no digest; add a table like [digests.weekly]")


def rhythm(digest: "Digest") -> str:
    """Return when a digest is due, in words: "every week, Tue 07:00"."""
    if digest.every == "item":
        return "soon after each item"
    return f"every {digest.every}" + (f", {digest.at}" if digest.at else "")


def _say_digest(forecast: "DigestForecast", digest: "Digest", zone: "ZoneInfo") -> None:
    due = "when something is new"
    if forecast.slots:
        local = forecast.slots[0].due_at.astimezone(zone)
        due = f"{local:%a %Y-%m-%d %H:%M} ({forecast.zone})"
    say(f"{forecast.name}: {rhythm(digest)}; next {due}")
    for edition in forecast.editions:
        note = f": {edition.note}" if edition.note else ""
        say(f"  the edition of {edition.slot.local} is {edition.state.value}{note}")
    if forecast.waiting:
        rows = [_row(waiting, zone) for waiting in forecast.waiting]
        say_table(("  item", "kind", "readers and editions"), rows)
    else:
        say("  nothing waits, so no mail would go out")
    _say_refused(forecast)
    say()


def _say_refused(forecast: "DigestForecast") -> None:
    """Say what is not sent, by reason; of many the newest, and how many more there are."""
    reasons = dict.fromkeys(refused.why for refused in forecast.refused)
    for why in reasons:
        items = [refused.item for refused in forecast.refused if refused.why is why]
        say(f"  not sent, {why.value}: {count(len(items), 'item')}")
        for item in sorted(items, key=lambda item: item.date, reverse=True)[:SHOWN_REFUSED]:
            say(f"    {item.title} [{item.path}]")
        if len(items) > SHOWN_REFUSED:
            say(
                f"    and {count(len(items) - SHOWN_REFUSED, 'more', 'more')}; --json names them all"
            )


def _row(waiting: "Waiting", zone: "ZoneInfo") -> tuple[str, str, str]:
    title = ("(pinned) " if waiting.is_pinned else "") + waiting.item.title
    by_slot: dict[datetime, list[str]] = {}
    for offer in waiting.offers:
        said = offer.reader
        if offer.language != offer.reader:
            said += f" (in {offer.language})"
        by_slot.setdefault(offer.slot.due_at, []).append(said)
    slots = (
        f"{', '.join(readers)}: {due.astimezone(zone):%a %Y-%m-%d %H:%M}"
        for due, readers in sorted(by_slot.items())
    )
    return f"  {title}", waiting.item.kind.value, "; ".join(slots)


def _say_items(label: str, items: Iterable["Item"], zone: "ZoneInfo") -> None:
    listed = list(items)
    if not listed:
        return
    say(f"{label}: {count(len(listed), 'item')}")
    say_table(
        ("  item", "language", "date", "file"),
        [
            (
                f"  {item.title}",
                item.language,
                f"{item.date.astimezone(zone):%Y-%m-%d %H:%M}",
                item.path,
            )
            for item in listed
        ],
    )
    say()


def _document(forecast: "Forecast", now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "digests": [_digest_document(each) for each in forecast.digests],
        "drafts": [_item_document(item) for item in forecast.drafts],
        "held": [_item_document(item) for item in forecast.held],
        "future": [_item_document(item) for item in forecast.future],
    }


def _digest_document(forecast: "DigestForecast") -> dict[str, Any]:
    return {
        "name": forecast.name,
        "zone": forecast.zone,
        "slots": [{"slot": slot.local, "due_at": slot.due_at} for slot in forecast.slots],
        "waiting": [
            {
                **_item_document(waiting.item),
                "pinned": waiting.is_pinned,
                "readers": [
                    {
                        "reader": offer.reader,
                        "language": offer.language,
                        "how": offer.how.value,
                        "slot": offer.slot.local,
                        "due_at": offer.slot.due_at,
                    }
                    for offer in waiting.offers
                ],
            }
            for waiting in forecast.waiting
        ],
        "not_sent": [
            {**_item_document(refused.item), "why": refused.why.value}
            for refused in forecast.refused
        ],
        "editions": [
            {
                "id": edition.id,
                "slot": edition.slot.local,
                "state": edition.state.value,
                "note": edition.note,
            }
            for edition in forecast.editions
        ],
    }


def _item_document(item: "Item") -> dict[str, Any]:
    return {
        "key": item.key,
        "language": item.language,
        "title": item.title,
        "kind": item.kind.value,
        "date": item.date,
        "path": item.path,
    }
