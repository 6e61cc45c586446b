"""`publisher explain`: where a file went or will go, or why somebody got, will get or got no mail."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import click

from publisher.cli.report import say, say_json
from publisher.cli.start import Start
from publisher.errors import Problem

EPILOG = """\b
Examples:
  publisher explain content/2026/summit.en.md          where this file went, or why not
  publisher explain 2026/summit                        all its languages, by its key
  publisher explain ann@example.org                    what somebody got and will get
  publisher explain ann@example.org weekly/2026-03-03  why they got, or did not get, one edition

EDITION is a slot (2026-03-03T07:00), a day, a number, a digest, or a digest, "/" and one of these.
"""


@click.command(epilog=EPILOG)
@click.argument("target", metavar="PATH|KEY|ADDRESS")
@click.argument("edition", default="")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(start: Start, target: str, edition: str, as_json: bool) -> int:
    """Say where a file went or will go, or why not; or why a person got, will get or got no mail.

    Exit code 1 says that there is no such file, key or address. Nothing is changed.
    """
    from publisher.app.explaining import explain_item, explain_person

    if not target.strip():
        raise click.BadParameter("name a file, a key or an address", param_hint="TARGET")
    with start.app() as app:
        zone, now = app.settings.site.zone, app.now()
        word = _below_site(target, app.settings.root)
        if "@" in target and not word:
            person = explain_person(app, target, edition)
            if as_json:
                say_json({"now": now, **plain(person)})
            else:
                from publisher.cli.explain_person import sentences

                for line in sentences(person, zone, now):
                    say(line)
            return 0 if person.person else 1
        item = explain_item(app, word or target, edition)
    if as_json:
        say_json({"now": now, **plain(item)})
    else:
        from publisher.cli.explain_item import sentences as words

        for line in words(item, zone, now):
            say(line)
    return 1 if item.file.what.value == "missing" else 0


def plain(value: Any) -> Any:
    """Return facts as JSON can hold them: the same names, moments as text, states as words."""
    if isinstance(value, Problem):
        from publisher.cli.report import problem_json

        return problem_json(value)
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def _below_site(text: str, root: Path) -> str:
    """Return a path that exists, from where somebody is or from the site, as the site calls it."""
    root = root.resolve()
    for place in (Path.cwd() / text, root / text, root / "content" / text):
        try:
            if place.is_file():
                return place.resolve().relative_to(root).as_posix()
        except (OSError, ValueError):
            continue
    return ""
