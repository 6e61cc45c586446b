"""`publisher check`: every problem of settings, content, templates and feeds at once."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.report import count, note, problem_json, progress, say, say_json, say_problems
from publisher.cli.start import Start
from publisher.errors import ContentError, Problem, SettingsError

if TYPE_CHECKING:
    from publisher.app import App

EPILOG = """\b
Examples:
  publisher check                              everything
  publisher check content/2026/summit.ar.md    one file, or one folder
  publisher check --json                       for an editor or a pipeline
  publisher check --schema > front-matter.json a JSON Schema for your editor
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of front matter instead.")
@click.option("--feeds", is_flag=True, help="Also read the built feeds as a reader would.")
@click.pass_obj
def command(start: Start, paths: tuple[Path, ...], as_json: bool, schema: bool, feeds: bool) -> int:
    """Find every problem of settings, content and templates; change nothing.

    Exit code 1 says that there are errors; warnings alone are exit code 0.
    """
    if schema:
        _say_schema(start)
        return 0
    try:
        with start.app() as app:
            below = _wanted(paths, start)
            problems = [each for each in _problems(app, feeds) if below(each.path)]
            items = sum(below(item.path) for item in app.library().items)
    except (SettingsError, ContentError) as error:
        if not as_json:
            raise
        say_json(_document(error.problems, 0))
        return error.exit_code
    problems.sort(key=lambda problem: (problem.path, problem.line))
    errors = sum(problem.is_error for problem in problems)
    if as_json:
        say_json(_document(problems, items))
        return 1 if errors else 0
    say_problems(problems)
    warnings = len(problems) - errors
    found = f"{count(errors, 'error')} and {count(warnings, 'warning')}"
    say(f"{count(items, 'item')} read: {found if problems else 'no problems'}")
    return 1 if errors else 0


def _problems(app: "App", feeds: bool) -> Iterable[Problem]:
    library = app.library()
    with progress("checking") as tell:
        yield from library.problems
        for done, problem in enumerate(library.body_problems()):
            tell(done, 0)
            yield problem
    from publisher.checks import look_problems

    yield from look_problems(app.settings)
    if feeds:
        from publisher.cli.feed_files import feed_problems

        yield from feed_problems(app.settings.feeds_dir)


def _document(problems: Sequence[Problem], items: int) -> dict[str, object]:
    errors = sum(problem.is_error for problem in problems)
    return {
        "items": items,
        "errors": errors,
        "warnings": len(problems) - errors,
        "problems": [problem_json(problem) for problem in problems],
    }


def _wanted(paths: Sequence[Path], start: Start) -> Callable[[str], bool]:
    """Return whether a path of the site lies in one of the named files and folders, or any."""
    if not paths:
        return lambda _: True
    root = _real(start.settings.root)
    wanted = [_named(path, root) for path in paths]

    def below(path: str) -> bool:
        place = _real(root / path)
        return any(place == each or place.is_relative_to(each) for each in wanted)

    return below


def _named(path: Path, root: Path) -> Path:
    """Return the place somebody named, from where they are or as problems write it."""
    place = Path.cwd() / path
    if not os.path.lexists(place):
        place = root / path
    if not os.path.lexists(place):
        raise click.BadParameter(f"there is no {path}", param_hint="PATH")
    place = _real(place)
    if not (place.is_relative_to(root) or root.is_relative_to(place)):
        raise click.BadParameter(f"{path} lies outside the site {root}", param_hint="PATH")
    return place


def _real(path: Path) -> Path:
    """Return where a path leads; unlike Path.resolve, also for links that run in a circle."""
    return Path(os.path.realpath(path))


def _say_schema(start: Start) -> None:
    from publisher.content import schema
    from publisher.settings import FILE_NAME

    has_site = (start.root / FILE_NAME).is_file()
    if not has_site:
        note("there is no site here: the schema allows any language and category")
    say_json(schema(start.settings if has_site else None))
