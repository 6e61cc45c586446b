"""`publisher queue`: what waits for which edition, and what does not and why."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from publisher.cli.report import count, problem_json, say, say_json, say_table
from publisher.cli.start import Start

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from publisher.content.item import Item
    from publisher.delivery import Outlook
    from publisher.digests import Edition, Forecast, Slot
    from publisher.digests.forecast import DigestForecast, Offer, Waiting
    from publisher.settings import Digest

SHOWN_REFUSED = 5
_DECIDED = {  # what becomes of a slot to come that somebody decided on
    "approved": "it goes out at its slot",
    "held": "it freezes at its slot and waits; publisher digest release {name} lets it go",
    "cancelled": "nothing goes out then; publisher digest release {name} takes that back",
}
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
    from publisher.app import editions, sending

    with start.app() as app:
        forecast, outlook = editions.forecast(app), sending.outlook(app)
        settings, now = app.settings, app.now()
    if as_json:
        say_json(_document(forecast, outlook, now))
        return
    zone = settings.site.zone
    for each in forecast.digests:
        _say_digest(each, settings.digests[each.name], zone)
    _say_outlook(outlook, zone)
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
        due = _hour(forecast.slots[0], forecast, zone)
    say(f"{forecast.name}: {rhythm(digest)}; next {due}")
    for slot, decision in sorted(forecast.decisions.items()):
        become = _DECIDED[decision.value].format(name=f"{forecast.name} {slot}")
        say(f"  the edition of {slot} is {decision.value}: {become}")
    for edition in forecast.editions:
        say(f"  {_edition_words(edition)}")
        for problem in forecast.findings.get(edition.id, ()):
            say(f"    {problem}")
    _say_coming(forecast, zone)
    _say_refused(forecast)
    say()


def _say_outlook(outlook: "Outlook | None", zone: "ZoneInfo") -> None:
    """Say how many messages are due, and when they will be through if something slows them."""
    if outlook is None or not (outlook.waiting or outlook.rests_until):
        return
    said = count(outlook.waiting, "message") + " due"
    if outlook.through_at:
        said += (
            f", through by {outlook.through_at.astimezone(zone):%a %Y-%m-%d %H:%M} at the earliest"
        )
    say(said)
    if outlook.rests_until:
        until = f"{outlook.rests_until.astimezone(zone):%a %Y-%m-%d %H:%M}"
        say(f"  the mail server is left alone until {until}: {outlook.words}")
    say()


def _hour(slot: "Slot", forecast: "DigestForecast", zone: "ZoneInfo") -> str:
    if forecast.zone == "subscriber":
        first = f"{slot.due_at.astimezone(zone):%a %Y-%m-%d %H:%M}"
        return f"{slot.at:%a %Y-%m-%d %H:%M} in each reader's own zone (first {first} here)"
    return f"{slot.due_at.astimezone(zone):%a %Y-%m-%d %H:%M} ({forecast.zone})"


def _edition_words(edition: "Edition") -> str:
    extra = "extra " if edition.is_extra else ""
    said = f"the {extra}edition of {edition.slot.local} is {edition.state.value}"
    name = f"{edition.digest} {edition.slot.local}"
    advice = {
        "draft": f"publisher digest approve {name} sends it",
        "missed": f"its items wait for the next one; publisher digest release {name} sends it now",
    }
    more = edition.note or advice.get(edition.state.value, "")
    if edition.held_by == "editor":
        more += f"; publisher digest release {name} lets it go on"
    return f"{said}: {more}" if more else said


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


def _say_coming(forecast: "DigestForecast", zone: "ZoneInfo") -> None:
    """Say for each edition to come which items it has, for readers of which language."""
    if not forecast.waiting:
        say("  nothing waits, so no mail would go out")
    slots = {offer.slot for waiting in forecast.waiting for offer in waiting.offers}
    for slot in sorted(slots, key=lambda slot: slot.due_at):
        say(f"  edition of {_hour(slot, forecast, zone)}")
        rows = [
            _row(waiting, offers, zone)
            for waiting in forecast.waiting
            if (offers := [offer for offer in waiting.offers if offer.slot == slot])
        ]
        say_table(("    item", "kind", "for readers of"), rows)


def _row(waiting: "Waiting", offers: Sequence["Offer"], zone: "ZoneInfo") -> tuple[str, str, str]:
    title = ("(pinned) " if waiting.is_pinned else "") + waiting.item.title
    readers = ", ".join(_offer_words(offer, zone) for offer in offers)
    return f"    {title}", waiting.item.kind.value, readers


def _offer_words(offer: "Offer", zone: "ZoneInfo") -> str:
    """Return who gets it in which language, and what that may still change to."""
    said = offer.reader
    if offer.waits_until:
        until = f"{offer.waits_until.astimezone(zone):%a %Y-%m-%d %H:%M}"
        said += f" (waits for {offer.reader} until {until}, else in {offer.language})"
    elif offer.language != offer.reader:
        said += f" (in {offer.language})"
    return f"{said} (once more)" if offer.is_return else said


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


def _document(forecast: "Forecast", outlook: "Outlook | None", now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "due": {
            "messages": outlook.waiting if outlook else 0,
            "through_at": outlook.through_at if outlook else None,
            "rests_until": outlook.rests_until if outlook else None,
            "words": outlook.words if outlook else "",
        },
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
                        "waits_until": offer.waits_until,
                        "returns": offer.is_return,
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
                "extra": edition.is_extra,
                "findings": [problem_json(one) for one in forecast.findings.get(edition.id, ())],
            }
            for edition in forecast.editions
        ],
        "decisions": {slot: said.value for slot, said in forecast.decisions.items()},
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
