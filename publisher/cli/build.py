"""`publisher build`: bring feeds/ up to date, all of it or nothing."""

import click

from publisher.cli.report import count, note, progress, say, say_problems
from publisher.cli.start import Start

EPILOG = """\b
Examples:
  publisher build                          what changed, and what comes due
  publisher --site /srv/news build         the same, from anywhere
  publisher build --withdraw               also when most items are to go away
"""


@click.command(epilog=EPILOG)
@click.option(
    "--withdraw", is_flag=True, help="Go ahead though more than a fifth of all items would go away."
)
@click.pass_obj
def command(start: Start, withdraw: bool) -> int:
    """Bring the feeds up to date with content/.

    Files that cannot be read right are left out, or kept as last published, and reported; all
    else is built. Exit code 1 says that a file was left out. Building again changes nothing.
    """
    from publisher.app import building
    from publisher.feeds import is_untouched

    if not withdraw and is_untouched(start.root.absolute(), start.clock.now()):
        say("nothing to do: the feeds are up to date")
        return 0
    with start.app() as app:
        with progress("feeds") as tell:
            report = building.build(app, withdraw=withdraw, on_progress=tell)
        if report is None:
            say("nothing to do: the feeds are up to date")
            return 0
        problems = (*app.library().problems, *report.problems)
    say_problems(problems, err=True)
    changed, removed = len(report.changed), len(report.removed)
    say(
        f"{count(report.entries, 'item')} in {count(report.feeds, 'feed')}: "
        f"{count(changed, 'file')} written, {report.unchanged:,} unchanged"
        + (f", {removed:,} removed" if removed else "")
        + (
            f", {count(report.twins, 'compressed copy', 'compressed copies')} put right"
            * bool(report.twins)
        )
    )
    bad = sorted({problem.path for problem in problems if problem.is_error})
    if bad:
        note(f"{count(len(bad), 'file')} left out or kept as last published; see above")
    return 1 if bad else 0
