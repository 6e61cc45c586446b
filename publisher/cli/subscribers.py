"""`publisher subscribers`: the people who get the digests."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from publisher.cli.importing import report_document, say_import
from publisher.cli.report import (
    count,
    note,
    progress,
    say,
    say_json,
    say_json_with,
    say_table,
)
from publisher.cli.start import Start

if TYPE_CHECKING:
    from datetime import datetime

    from publisher.subscribers import Difference, Subscriber

STATES = ("pending", "active", "unsubscribed")
SUPPRESSED = "suppressed"
AT_ONCE = 10_000  # people in one table
LONGEST_SEARCH = 254  # characters; no address or name has more
EPILOG = """\b
Examples:
  publisher subscribers add you@your-domain.org --consent "I asked for it" --lang ar
  publisher subscribers import readers.csv --dry-run
  publisher subscribers list --lang ar
"""


@click.group(epilog=EPILOG)
def command() -> None:
    """Add, list, import, export, suppress and erase the people who get the digests."""


@command.command(
    short_help="Add one person",
    epilog='\b\nExample:\n  publisher subscribers add you@your-domain.org --consent "asked by phone"\n',
)
@click.argument("address")
@click.option("--consent", default="", help="What they agreed to, in words; without it: no mail.")
@click.option("--name", default="", help="Their name.")
@click.option(
    "--lang",
    "languages",
    multiple=True,
    help="A language, the first choice first; may be repeated.",
)
@click.option(
    "--digest", "digests", multiple=True, help="A digest; may be repeated.  [default: all]"
)
@click.option("--category", "categories", multiple=True, help="A category; may be repeated.")
@click.option("--kind", "kinds", multiple=True, help="A kind of item; may be repeated.")
@click.option("--time-zone", default="", help="Where they live, for instance Asia/Amman.")
@click.option(
    "--originals/--no-originals",
    default=None,
    help="The original instead of a machine translation.",
)
@click.option("--change", "is_change", is_flag=True, help="Give these choices to who is there.")
@click.pass_obj
def add(
    start: Start,
    address: str,
    consent: str,
    name: str,
    languages: tuple[str, ...],
    digests: tuple[str, ...],
    categories: tuple[str, ...],
    kinds: tuple[str, ...],
    time_zone: str,
    originals: bool | None,
    is_change: bool,
) -> int:
    """Add one person. Without --consent they are pending and get no mail.

    Who is there already is left as they are; with --change they get what is named here and keep
    the rest. "all" empties a choice of digests, categories or kinds, "site" that of a time zone.
    """
    from publisher.store import write
    from publisher.subscribers import Person, Result, change, find
    from publisher.subscribers import add as add_person

    person = Person(address, name, languages, digests, categories, time_zone, kinds, originals)
    differences: tuple[Difference, ...] = ()
    with start.app() as app:
        app.keys  # noqa: B018 - a missing secret must stop us before anything is written
        now = app.now()
        with write(app.engine) as conn:
            if is_change and not consent.strip():
                change(conn, app.settings, Person(address), now)  # refuses who cannot be changed
            added = add_person(conn, app.settings, app.keys, person, now, consent)
            if is_change and added.result in (Result.KNOWN, Result.CONFIRMED):
                differences = change(conn, app.settings, person, now)
            who = find(conn, address, now)
    say(f"{address}: {'changed' if differences else added.result.value}")
    for each in differences:
        say(f"{each.what}: {each.before or 'none chosen'} -> {each.after or 'none chosen'}")
    is_known = added.result in (Result.KNOWN, Result.CONFIRMED)
    if is_known and not is_change and person != Person(address):
        note("they keep what they chose before; --change gives them what you named")
    if who and who.state.value == "active":
        say(f"gets {', '.join(who.digests) or 'nothing'} in {', '.join(who.languages)}")
    elif who and who.state.value == "pending":
        note('no mail goes to them yet; add --consent "what they agreed to" to make them active')
    return 1 if added.result.value.startswith("suppressed") else 0


@command.command(
    "list",
    short_help="List and count people",
    epilog="\b\nExample:\n  publisher subscribers list --state active --lang ar\n",
)
@click.option("--state", type=click.Choice((*STATES, SUPPRESSED)), help="Only these.")
@click.option("--lang", "language", default="", help="Only who has this language among theirs.")
@click.option("--digest", default="", help="Only who gets this digest.")
@click.option("--category", default="", help="Only who gets this category.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    default=None,
    help="Only who came on this day or later, in the site's time zone.",
)
@click.option("--search", default="", help="Only whose address or name holds this.")
@click.option("--limit", type=click.IntRange(1), default=None, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def list_(
    start: Start,
    state: str | None,
    language: str,
    digest: str,
    category: str,
    since: "datetime | None",
    search: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """List people, oldest first, and count them."""
    from zoneinfo import ZoneInfo

    from publisher.store import read
    from publisher.subscribers import Catalogue, State, counts, people

    if len(search) > LONGEST_SEARCH:
        raise click.BadParameter("no address or name is that long", param_hint="--search")
    with start.app() as app:
        language = _tag(language)
        if category:  # by its words too; a site's only one is what everybody gets
            category = Catalogue(app.settings).choose(categories=(category,)).categories
        if digest:  # one that was taken out of the settings may still have readers
            digest = Catalogue(app.settings).find_digest(digest) or digest
            if digest not in app.settings.digests:
                note(f'publisher.toml has no digest "{digest}"')
        engine = app.engine_if_there()
        if engine is None:
            _say_people(iter(()), {"state": {}, "language": {}, "digest": {}}, as_json)
            return
        if since is not None:
            since = since.replace(tzinfo=ZoneInfo(app.settings.site.time_zone))
        with read(engine) as conn:
            found = people(
                conn,
                app.now(),
                state=State(state) if state in STATES else None,
                is_suppressed=state == SUPPRESSED,
                language=language,
                digest=digest,
                category=category,
                since=since,
                search=search,
                limit=limit,
            )
            _say_people(found, counts(conn), as_json)


def _tag(language: str) -> str:
    """Return a language as it is kept; "" stays."""
    from publisher.language import normalise

    try:
        return normalise(language) if language else ""
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--lang") from error


def _say_people(
    found: "Iterator[Subscriber]", numbers: dict[str, dict[str, int]], as_json: bool
) -> None:
    """Write people as they come: a million of them are not kept."""
    if as_json:
        say_json_with({"counts": numbers}, "subscribers", map(_document, found))
        return
    listed = 0
    columns = ("address", "state", "languages", "digests", "categories", "kinds", "originals")
    while rows := [_row(each) for each in islice(found, AT_ONCE)]:
        say_table(columns, rows)
        listed += len(rows)
    by_state = ", ".join(
        f"{number:,} {state}" for state, number in sorted(numbers["state"].items())
    )
    say(f"{count(listed, 'person', 'people')} listed; in all: {by_state or 'nobody'}")


@command.command(
    "import",
    short_help="Add the people of a CSV file",
    epilog="\b\nExamples:\n  publisher subscribers import readers.csv --dry-run\n"
    '  publisher subscribers import readers.csv --consent "signed up on our website"\n'
    '  publisher subscribers import audience_export.zip --list "Our news=weekly"\n',
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--consent", default="", help="What all of them agreed to; without it: no mail.")
@click.option("--encoding", default="", help="Of the file, for instance windows-1256.")
@click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="LIST=DIGEST",
    help="The digest that stands for a list of the other program; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def import_(
    start: Start,
    file: Path,
    consent: str,
    encoding: str,
    lists: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Add the people of a CSV FILE, or of those in a zip archive; importing it again changes nothing.

    Columns: email, name, language, digests, categories, time_zone, state, kinds, originals,
    paused_until, also under other products' names. Who is known is left as they are, and who left
    stays away. Exit code 1 says that a row was refused; all others are in.
    """
    from publisher.subscribers import import_file

    pairs = dict(_pair(each) for each in lists)
    with start.app() as app, progress("reading") as tell:
        report = import_file(
            app.engine,
            app.settings,
            app.keys,
            file,
            app.now(),
            consent=consent,
            encoding=encoding,
            lists=pairs,
            is_dry_run=dry_run,
            on_progress=tell,
        )
    if as_json:
        say_json(report_document(report))
    else:
        say_import(report, has_consent=bool(consent.strip()))
    return 1 if report.refused else 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, digest = text.rpartition("=")
    if not (equals and name.strip() and digest.strip()):
        raise click.BadParameter(f'"{text}" is not LIST=DIGEST', param_hint="--list")
    return name, digest


@command.command(
    short_help="Write everybody to a file",
    epilog="\b\nExample:\n  publisher subscribers export readers.csv\n",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--state", type=click.Choice(STATES), help="Only these.")
@click.pass_obj
def export(start: Start, file: Path, state: str | None) -> None:
    """Write everybody to FILE: CSV, or JSON when its name ends in .json. Keep it safe."""
    from publisher.subscribers import State, export_file

    if not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}", param_hint="FILE")
    with start.app() as app:
        wanted = State(state) if state else None
        number = export_file(app.engine, file, app.now(), state=wanted)
    say(f"{count(number, 'person', 'people')} written to {file}")


@command.command(
    short_help="Never mail an address again",
    epilog="\b\nExample:\n  publisher subscribers suppress someone@their-domain.org\n",
)
@click.argument("address")
@click.option("--note", "remark", default="", help="Why, for whoever asks later.")
@click.pass_obj
def suppress(start: Start, address: str, remark: str) -> None:
    """Never mail ADDRESS again, whoever adds or imports it."""
    from publisher.store import write
    from publisher.subscribers import suppress as suppress_address

    with start.app() as app:
        keys = app.keys
        with write(app.engine) as conn:
            is_new = suppress_address(conn, keys, address, app.now(), note=remark)
    say(f"{address} is never mailed again" if is_new else f"{address} was suppressed already")


@command.command(
    short_help="Erase a person",
    epilog="\b\nExample:\n  publisher subscribers erase someone@their-domain.org\n",
)
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.pass_obj
def erase(start: Start, address: str, yes: bool) -> int:
    """Erase the person with ADDRESS: only a keyed hash stays, so that no list brings them back."""
    from publisher.app.people import erase_person, erase_traces
    from publisher.store import read
    from publisher.subscribers import find

    with start.app() as app:
        engine = app.engine_if_there()
        if engine is None:
            say("nobody here has this address")
            return 1
        with read(engine) as conn:
            who = find(conn, address, app.now())
        if who and not yes:
            click.confirm(f"erase {address} for good?", abort=True)
        is_gone = erase_person(app, who, source="operator") if who else erase_traces(app, address)
    say(f"{address} is erased and is never mailed again" if who else "nobody here has this address")
    if not is_gone:
        note("others were reading the database, and its file still holds old bytes: run it again")
    note("copies of the database that were made before still have them")
    return 0 if who and is_gone else 1


def _row(who: "Subscriber") -> tuple[str, ...]:
    return (
        who.address,
        "suppressed" if who.is_suppressed else who.state.value,
        " ".join(who.languages),
        " ".join(who.digests),
        " ".join(who.categories) or "all",
        " ".join(who.kinds) or "all",
        "yes" if who.originals else "no",
    )


def _document(who: "Subscriber") -> dict[str, Any]:
    return {
        "address": who.address,
        "name": who.name,
        "state": who.state.value,
        "suppressed": who.is_suppressed,
        "languages": who.languages,
        "digests": who.digests,
        "categories": who.categories,
        "kinds": who.kinds,
        "originals": who.originals,
        "time_zone": who.time_zone,
        "created_at": who.created_at,
        "confirmed_at": who.confirmed_at,
    }
