"""`publisher deliveries retry, hold, release`: what somebody does to single deliveries."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from publisher.cli.delivery_words import short_state
from publisher.cli.report import count, say, say_of, say_table
from publisher.cli.start import Start

if TYPE_CHECKING:
    from publisher.digests import LookedAfter

_ABOUT = {
    "retry": "Try again what failed or is in doubt",
    "hold": "Stop what waits",
    "release": "Let go what was held",
}
_EXPLAINED = {
    "retry": "Those who are held because they are in doubt may get it twice. The time in which a "
    "delivery is tried, 48 hours, begins anew; what was tried before stays on record.",
    "hold": "Only these deliveries: a whole edition is held with `publisher digest hold`.",
    "release": "What you held, and what is held since a copy was brought back. An edition that an "
    "editor holds is let go with `publisher digest release`.",
}
_DONE = {
    "retry": "to try again: `publisher send` does it",
    "hold": "held: `publisher deliveries release` undoes it",
    "release": "released: `publisher send` sends what is due",
}
# Why deliveries stay as they are: by the act where that matters, else by the reason alone.
_LEFT = {
    "being sent": "being sent at this moment",
    "sent": "sent already",
    "skipped": "skipped: their readers were no longer to be mailed, or the edition was cancelled",
    "failed": "failed: `publisher deliveries retry` tries them again",
    "waits": "waiting to be sent already",
    ("hold", "stopped"): "held already",
    "stopped": "held by somebody: `publisher deliveries release` lets them go",
    ("hold", "in doubt"): "held already, because they are in doubt",
    "in doubt": "in doubt, so their readers may have it: `publisher deliveries retry` sends it again",
    "its edition is held": "of an edition that is held: `publisher digest release` lets it go on",
    "its edition was cancelled": "of an edition that was cancelled, which is final",
    "suppressed": "to a suppressed address, which is never mailed",
    "erased": "to a reader who was erased",
}


def acts(states: Sequence[str]) -> list[click.Command]:
    """Return the three commands; `states` is what --state may say."""
    return [_act(what, states) for what in _ABOUT]


def _act(what: str, states: Sequence[str]) -> click.Command:
    def run(
        start: Start, addresses: tuple[str, ...], edition: str, state: str | None, all_: bool
    ) -> int:
        if all_ and addresses:
            raise click.UsageError("name addresses or say --all, not both")
        if not (addresses or edition or state or all_):
            raise click.UsageError(
                f"say which deliveries to {what}: name an ADDRESS, --edition, --state, or --all"
            )
        return _do(start, what, addresses, edition, state or "")

    run.__doc__ = (
        f"{_ABOUT[what]}.\n\nOf each ADDRESS, of an edition, in a state, or of all; several of these "
        f"together narrow it. {_EXPLAINED[what]} Doing it twice changes nothing."
    )
    examples = f"{what} ann@example.org\n  publisher deliveries {what} --edition weekly/2026-03-03"
    command = click.command(
        what,
        short_help=_ABOUT[what],
        epilog=f"\b\nExamples:\n  publisher deliveries {examples}\n",
    )(click.pass_obj(run))
    command.params += [
        click.Argument(["addresses"], nargs=-1, metavar="[ADDRESS]…"),
        click.Option(
            ["--edition"], default="", help="Those of this edition, digest, or of letters."
        ),
        click.Option(["--state"], type=click.Choice(states), help="Those in this state."),
        click.Option(["--all", "all_"], is_flag=True, help="All there are."),
    ]
    return command


def _do(start: Start, what: str, addresses: tuple[str, ...], edition: str, state: str) -> int:
    from publisher.delivery import Act
    from publisher.digests import look_after
    from publisher.errors import PublisherError

    with start.app() as app:
        engine = app.engine_if_there()
        if engine is None:
            raise PublisherError("nothing was sent or queued yet", hint="there is no database")
        done = look_after(
            engine, Act(what), app.now(), edition=edition, word=state, addresses=addresses
        )
    moved = count(done.rows, "delivery", "deliveries")
    say(f"{moved} {_DONE[what]}" if done.rows else f"there is nothing to {what}")
    _say_rest(what, done)
    return 1 if done.unknown else 0


def _say_rest(what: str, done: "LookedAfter") -> None:
    for name in done.reopened:
        say(f"{name} was sent; it is sending again until they are settled")
    for why, number in done.left.items():
        say(f"left as before: {number:,} {_LEFT.get((what, why.value)) or _LEFT[why.value]}")
    if done.now:
        rows = [
            (each.address, each.edition, short_state(each.state, each.code)) for each in done.now
        ]
        say_table(("address", "edition", "state"), rows)
    for address in done.unknown:
        say_of(address, "nobody here has this address")
