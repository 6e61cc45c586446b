"""`publisher doctor`: numbered checks of everything around the site, each with a hint."""

from collections.abc import Iterator
from typing import Any

import click

from publisher.cli.report import count, say, say_json, say_table
from publisher.cli.start import Start

EPILOG = """\b
Examples:
  publisher doctor                    what is right, what is not, what to do
  publisher doctor --values           the settings in force, defaults included
  publisher doctor --json             for a machine that watches
"""


@click.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--values", is_flag=True, help="Print every setting in force instead; no secrets.")
@click.pass_obj
def command(start: Start, as_json: bool, values: bool) -> int:
    """Examine settings, content, database, machine, words, colours, mail server and DNS.

    Each check has a number that stays the same. Exit code 1 says that one of them failed.
    """
    from publisher.checks import Result, examine

    if values:
        _say_values(start, as_json)
        return 0
    with start.app() as app:
        findings = examine(app)
    failed = [finding for finding in findings if finding.result is Result.FAILED]
    if as_json:
        say_json({"ok": not failed, "checks": [finding.as_json() for finding in findings]})
        return 1 if failed else 0
    say_table(
        ("check", "", "what"),
        [(finding.number, finding.result.value, finding.message) for finding in findings],
    )
    for finding in findings:
        if finding.hint:
            say(f"{finding.number}: {finding.hint}")
    warned = sum(finding.result is Result.WARNING for finding in findings)
    say(f"{count(len(findings), 'check')}: {len(failed)} failed, {count(warned, 'warning')}")
    return 1 if failed else 0


def _say_values(start: Start, as_json: bool) -> None:
    from publisher.settings.secrets import masked

    values = masked(start.settings.model_dump(mode="json"))
    if as_json:
        say_json(values)
        return
    for key, value in _flat(values):
        say(f"{key} = {value}")


def _flat(values: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{name}.")
        else:
            yield name, str(value)
