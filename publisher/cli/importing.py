"""How an import of people is told: what was read how, and what became of every row."""

from typing import TYPE_CHECKING, Any

import click

from publisher.cli.report import count, isolated, note, say
from publisher.errors import one_line

if TYPE_CHECKING:
    from publisher.subscribers import ImportReport

SHOWN = 20  # refusals, notes and names


def report_document(report: "ImportReport") -> dict[str, Any]:
    """Return the report as JSON shows it."""
    return {
        "dry_run": report.is_dry_run,
        "files": [
            {"name": each.name, "encoding": each.encoding, "product": each.product}
            for each in report.files
        ],
        "passed_over": report.passed_over,
        "rows": report.rows,
        "results": {result.value: number for result, number in report.results.items()},
        "skipped": report.skipped,
        "duplicates": report.duplicates,
        "refused": report.refused,
        "refusals": [
            {"file": each.file, "line": each.line, "reason": each.reason}
            for each in report.refusals
        ],
        "notes": dict(report.notes),
        "ignored_columns": report.ignored_columns,
    }


def say_import(report: "ImportReport", *, has_consent: bool) -> None:
    """Write the report in sentences."""
    if report.is_dry_run:
        say("a dry run: nothing was written")
    _say_files(report)
    for refused in report.refusals[:SHOWN]:
        note(f"{refused.file}:{refused.line}: {refused.reason}")
    if report.refused > SHOWN:
        note(f"and {report.refused - SHOWN:,} more rows that were refused")
    say(f"{count(report.rows, 'row')} read")
    for result, number in sorted(report.results.items(), key=lambda each: -each[1]):
        say(f"  {number:,} {'skipped: ' if result.is_skipped else ''}{result.value}")
    if report.duplicates:
        say(f"  {report.duplicates:,} in the file more than once")
    if report.refused:
        say(f"  {report.refused:,} refused")
    for remark, number in report.notes.most_common(SHOWN):
        say(f"{count(number, 'row')}: {remark}")
    if report.ignored_columns:
        say(f"columns not used: {', '.join(report.ignored_columns)}")
    if not has_consent:
        note('without --consent "what they agreed to" new people are pending and get no mail')


def _say_files(report: "ImportReport") -> None:
    for each in report.files:
        product = f", an export of {each.product}" if each.product else ""
        if len(report.files) > 1 or product or each.encoding != "utf-8":
            say(f"{each.name}: read as {each.encoding}{product}")
        if each.example:
            click.echo(
                f"the encoding is a guess, by which one word is {isolated(one_line(each.example))}; "
                "when that is wrong, name the right one with --encoding",
                err=True,
            )
    for name in report.passed_over[:SHOWN]:
        say(f"{name}: has no email column and was passed over")
