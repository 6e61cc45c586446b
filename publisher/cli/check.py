"""`publisher check`: every problem of settings, content, templates and feeds at once."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.report import count, note, problem_json, progress, say, say_json, say_problems
from publisher.cli.start import Start
from publisher.errors import ContentError, Problem, PublisherError, SettingsError

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.cli.check_changes import Changes
    from publisher.content.item import Item
    from publisher.digests import Forecast

EPILOG = """\b
Examples:
  publisher check                              everything
  publisher check content/2026/summit.ar.md    one file, or one folder
  publisher check --json                       for an editor or a pipeline
  publisher check --since origin/main --format github
                                               a pull request: problems at their lines, what it adds
  publisher check --schema > front-matter.json a JSON Schema for your editor
"""


@dataclass(frozen=True, slots=True)
class _Wish:
    """Which files are to be looked at, and how far."""

    below: Callable[[str], bool]  # a path of the site is named, or all are
    changed: frozenset[str] | None  # the paths that changed; None when nobody asked
    links: bool
    feeds: bool
    is_whole: bool  # nobody asked for a part of the site

    def shows(self, problem: Problem) -> bool:
        """Return whether a problem is shown: a change may break files that it does not touch."""
        is_changed = self.changed is None or problem.path in self.changed
        return self.below(problem.path) and (is_changed or problem.is_error)

    def chosen(self, items: Sequence["Item"]) -> tuple["Item", ...]:
        """Return the items that are meant."""
        return tuple(
            item
            for item in items
            if self.below(item.path) and (self.changed is None or item.path in self.changed)
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look came to."""

    problems: list[Problem]  # by path and line
    items: int  # looked at
    changes: "Changes | None" = None

    @property
    def errors(self) -> int:
        return sum(problem.is_error for problem in self.problems)

    @property
    def warnings(self) -> int:
        return len(self.problems) - self.errors


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of front matter instead.")
@click.option("--feeds", is_flag=True, help="Also read the built feeds as a reader would.")
@click.option("--no-links", is_flag=True, help="Ask no other server whether links lead anywhere.")
@click.option("--since", metavar="REF", help="Only what changed since a commit, branch or tag.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github", "json"]),
    default="text",
    help="For people, for GitHub's pull requests, or one JSON document.",
)
@click.pass_obj
def command(
    start: Start,
    paths: tuple[Path, ...],
    as_json: bool,
    schema: bool,
    feeds: bool,
    no_links: bool,
    since: str | None,
    form: str,
) -> int:
    """Find every problem of settings, content and templates; change nothing.

    Exit code 1 says that there are errors; warnings alone are exit code 0.
    """
    if schema:
        _say_schema(start)
        return 0
    form = "json" if as_json else form
    try:
        found = _look(start, paths, since, links=not no_links, feeds=feeds)
    except (SettingsError, ContentError) as error:
        if form == "text":
            raise
        _say(start, _Found(list(error.problems), 0), form)
        return error.exit_code
    _say(start, found, form)
    return 1 if found.errors else 0


def _look(
    start: Start, paths: Sequence[Path], since: str | None, *, links: bool, feeds: bool
) -> _Found:
    changed = None
    if since is not None:
        from publisher.cli.check_since import changed_since

        changed = changed_since(start.settings.root, since)
    is_whole = not paths and since is None
    wish = _Wish(_wanted(paths, start), changed, links, feeds, is_whole)
    with start.app() as app:
        problems = [each for each in _problems(app, feeds) if wish.shows(each)]
        items = wish.chosen(app.library().items)
        forecast = _forecast(app, wish, items)
        problems += _preflight(app, wish, items, forecast)
        told = None
        if changed is not None and forecast is not None:
            from publisher.cli.check_changes import changes

            told = changes(app, forecast, items)
    problems.sort(key=lambda problem: (problem.path, problem.line))
    return _Found(problems, len(items), told)


def _problems(app: "App", feeds: bool) -> Iterator[Problem]:
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


def _forecast(app: "App", wish: _Wish, items: Sequence["Item"]) -> "Forecast | None":
    """Return what waits for which edition; None where nobody needs it, or it cannot be said."""
    from publisher.app import editions

    if wish.changed is None and not (items and app.settings.digests):
        return None
    try:
        return editions.forecast(app)
    except PublisherError as error:  # content can be checked without a database that works
        note(f"editions were not looked at: {error.message}")
        return None


def _preflight(
    app: "App", wish: _Wish, items: Sequence["Item"], forecast: "Forecast | None"
) -> Iterator[Problem]:
    from publisher.preflight import link_problems, missing_translations

    settings, library, now = app.settings, app.library(), app.now()
    if forecast is not None:
        keys = {waiting.key for each in forecast.digests for waiting in each.waiting}
        waiting = [item for item in items if item.key in keys]
        yield from missing_translations(settings, library, waiting, now)
        if wish.is_whole:
            yield from _clipped(app)
    if wish.links and items:
        with progress("following links") as tell:
            yield from link_problems(settings, library, items, now=now, on_progress=tell)


def _clipped(app: "App") -> Iterable[Problem]:
    from publisher.app import editions

    try:
        return editions.clipped(app)
    except PublisherError as error:  # a template that fails is told by itself
        note(f"the size of the next editions was not looked at: {error.message}")
        return ()


def _say(start: Start, found: _Found, form: str) -> None:
    if form == "json":
        say_json(_document(found))
        return
    if form == "github":
        from publisher.cli.check_github import command_of
        from publisher.cli.check_since import place_in_repository

        prefix = place_in_repository(start.root.absolute())
        for problem in found.problems:
            say(command_of(problem, prefix))
    else:
        say_problems(found.problems)
    if form == "text" or found.changes is None:
        told = f"{count(found.errors, 'error')} and {count(found.warnings, 'warning')}"
        say(f"{count(found.items, 'item')} read: {told if found.problems else 'no problems'}")
    if found.changes is not None:
        say(found.changes.sentence)


def _document(found: _Found) -> dict[str, object]:
    return {
        "items": found.items,
        "errors": found.errors,
        "warnings": found.warnings,
        "problems": [problem_json(problem) for problem in found.problems],
        **({"changes": found.changes.document} if found.changes else {}),
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
