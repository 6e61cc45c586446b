"""`publisher new`: a content file ready to write in."""

from datetime import date, datetime, time

import click

from publisher.cli.report import say
from publisher.cli.start import Start

KINDS = ("news", "article", "event-report", "event")
EPILOG = """\b
Examples:
  publisher new news "Mayors meet in Amman"
  publisher new event "Summer school" --lang ar --date 2026-07-01
"""


@click.command(epilog=EPILOG)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("title")
@click.option("--lang", "language", default="", help="Its language.  [default: the site's first]")
@click.option(
    "--date",
    "when",
    default="",
    help='Its date, "2026-07-01" or "2026-07-01 09:30".  [default: now]',
)
@click.pass_obj
def command(start: Start, kind: str, title: str, language: str, when: str) -> None:
    """Make a content file ready to write in, and say where it is.

    The new item is a draft: take out its line `status: draft` when it may be published.
    """
    from publisher.content import draft_item
    from publisher.content.item import Kind

    settings = start.settings
    moment = _moment(when, start) if when else start.clock.now()
    tag = _language(language, settings.site.languages)
    try:
        path = draft_item(settings, Kind(kind), title, tag, moment)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="TITLE") from error
    say(str(path.relative_to(settings.root) if path.is_relative_to(settings.root) else path))


def _moment(text: str, start: Start) -> datetime:
    """Read a date or a date-time, in the site's time zone where it names none."""
    from publisher.content.values import FIRST_YEAR, LAST_YEAR

    zone = start.settings.site.zone
    try:
        if len(text) == 10:
            moment = datetime.combine(date.fromisoformat(text), time(), zone)
        else:
            moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f'"{text}" is no date; write for instance 2026-07-01', param_hint="--date"
        ) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise click.BadParameter(
            f"the year {moment.year} is not between {FIRST_YEAR} and {LAST_YEAR}",
            param_hint="--date",
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _language(text: str, known: list[str]) -> str:
    if not text:
        return known[0]
    by_case = {tag.casefold(): tag for tag in known}
    tag = by_case.get(text.replace("_", "-").casefold())
    if tag is None:
        raise click.BadParameter(
            f'"{text}" is not one of the site\'s languages: {", ".join(known)}', param_hint="--lang"
        )
    return tag
