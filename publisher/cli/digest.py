"""`publisher digest`: look at the next edition before anybody else does, and decide on it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.decisions import decisions
from publisher.cli.report import count, moment, note, own_hours, say
from publisher.cli.start import Start, known_digest
from publisher.errors import PublisherError

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.digests import Draft

EPILOG = """\b
Examples:
  publisher digest preview weekly                 all languages, into var/preview/
  publisher digest preview weekly --lang ar --out /tmp/look
  publisher digest test weekly you@your-domain.org
  publisher digest hold weekly                    stop the next edition, or the one going out
"""

_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))


@click.group(epilog=EPILOG)
def command() -> None:
    """Preview the next edition of a digest, test it, and decide what becomes of it."""


for each in decisions():
    command.add_command(each)


@command.command(
    short_help="Write the next edition into files",
    epilog="\b\nExample:\n  publisher digest preview weekly --lang ar\n",
)
@click.argument("name")
@click.option("--lang", "language", default="", help="Only this language.  [default: all]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go.  [default: var/preview in the site]",
)
@click.pass_obj
def preview(start: Start, name: str, language: str, out: Path | None) -> int:
    """Write the next edition of digest NAME as HTML, text and .eml per language; send nothing."""
    from publisher.app import editions

    with start.app() as app:
        known_digest(app, name)
        tags = [_language(app, language)] if language else app.settings.site.languages
        folder = out or app.settings.var_dir / "preview"
        empty = []
        for tag in tags:
            draft = editions.preview(app, name, tag)
            if not draft.message:
                empty.append(tag)
                continue
            # The marks that keep a title's direction apart are for readers' programs.
            say(f"{tag}: {draft.preview.subject.translate(_ISOLATES)}")
            say(
                f"    {count(len(draft.preview.items), 'item')}, {len(draft.html.encode()):,} bytes"
            )
            for path in _write(folder, f"{name}.{tag}", draft):
                say(f"    {path}")
        _say_next(app, name)
    if empty:
        note(
            f"nothing waits for readers of {', '.join(empty)}, so they would get no mail; "
            "see `publisher queue`"
        )
    return 0


@command.command(
    short_help="Send it to one address, marked as a test",
    epilog="\b\nExample:\n  publisher digest test weekly you@your-domain.org\n",
)
@click.argument("name")
@click.argument("address")
@click.option(
    "--lang", "language", default="", help="In this language.  [default: the site's first]"
)
@click.pass_obj
def test(start: Start, name: str, address: str, language: str) -> int:
    """Send the next edition of digest NAME to one ADDRESS, marked as a test.

    When nothing waits, it shows the newest items. The address need not be a subscriber's.
    """
    from publisher.app.sending import send_test
    from publisher.delivery import answer_words

    with start.app() as app:
        known_digest(app, name)
        tag = _language(app, language)
        outcome = send_test(app, name, address, tag)
        transport, outbox = app.settings.delivery.transport, app.settings.outbox_dir
    if outcome is None:
        raise PublisherError(
            "nothing is published, so there is nothing to show",
            hint='write an item first: publisher new news "Our first news"',
        )
    said = answer_words(outcome.code, outcome.text)
    if outcome.kind.value != "accepted":
        note(f"the test was not sent: {outcome.kind.value} {said}".rstrip())
        return 5
    if transport == "maildir":
        say(f"the test is in {outbox / 'new' / outcome.remote_id}")
        say('it was not mailed: [delivery] transport is "maildir"')
    else:
        say(f"the test is on its way: the server answered {said}")
    return 0


def _language(app: "App", text: str) -> str:
    known = app.settings.site.languages
    if not text:
        return known[0]
    by_case = {tag.casefold(): tag for tag in known}
    if text.casefold() not in by_case:
        raise click.BadParameter(
            f'"{text}" is not one of the site\'s languages: {", ".join(known)}', param_hint="--lang"
        )
    return by_case[text.casefold()]


def _write(folder: Path, stem: str, draft: "Draft") -> list[Path]:
    from publisher.files import write_if_changed

    files = {"html": draft.html.encode(), "txt": draft.plain.encode(), "eml": draft.message}
    paths = []
    for ending, data in files.items():
        path = folder / f"{stem}.{ending}"
        write_if_changed(path, data)
        paths.append(path)
    return paths


def _say_next(app: "App", name: str) -> None:
    from publisher.app import editions

    slot = editions.next_due(app).get(name)
    if slot:
        said = moment(slot.due_at, app.settings.site.zone)
        say(f"{name} is next due {said}{own_hours(app.settings.digests[name])}")
