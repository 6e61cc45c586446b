"""The table of checks, in the order in which they are shown."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from publisher.app import editions
from publisher.checks import growth, machine, machines, names, relay, returns
from publisher.checks.finding import Answer, Finding, Result
from publisher.checks.lookup import Lookup, Unanswered, open_lookup
from publisher.checks.written import template_problems, word_problems
from publisher.errors import Problem, PublisherError

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.settings import Settings

Check = Callable[["App"], Answer]
NameCheck = Callable[["Settings", Lookup], Answer]


def examine(app: "App") -> list[Finding]:
    """Run every check; one that cannot be run says so and stops no other."""
    lookup = open_lookup()  # one for all: a resolver that keeps silent costs its seconds once
    runs: dict[str, Callable[[], Answer]] = {
        number: partial(check, app) for number, check in CHECKS.items()
    }
    runs |= {number: partial(check, app.settings, lookup) for number, check in NAME_CHECKS.items()}
    return [Finding(number, *_answer(runs[number])) for number in sorted(runs)]


def look_ready(app: "App") -> list[Finding]:
    """Run the few checks that say whether this process can do its work now; each costs little."""
    return [Finding(number, *_answer(partial(CHECKS[number], app))) for number in READY]


def _answer(run: Callable[[], Answer]) -> Answer:
    try:
        return run()
    except Unanswered as nobody:
        return Result.WARNING, str(nobody), "run it again when this machine's resolver answers"
    except PublisherError as error:
        return Result.FAILED, error.message, error.hint
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return Result.FAILED, f"{where}{error.strerror}", "look at its rights"


def _settings(app: "App") -> Answer:
    site = app.settings.site
    return (
        Result.OK,
        f"settings: languages {', '.join(site.languages)}; "
        f"digests {', '.join(app.settings.digests) or 'none'}",
        "",
    )


def _content(app: "App") -> Answer:
    if app.is_shared and not app.has_content:
        return Result.OK, "content: not on this machine, which only sends", ""
    library = app.library()
    errors = sum(problem.is_error for problem in library.problems)
    said = f"content: items {len(library.items)}, problems {len(library.problems)}"
    if errors:
        return Result.FAILED, said, f"errors: {errors}; run `publisher check`"
    if library.problems:
        return Result.WARNING, said, "run `publisher check` to see them"
    return Result.OK, said, ""


def _words(app: "App") -> Answer:
    return _judged("words", list(word_problems(app.settings)), "complete in every language")


def _templates(app: "App") -> Answer:
    found = list(template_problems(app.settings))
    return _judged("templates", found, "nothing wrong with the site's own")


def _colours(app: "App") -> Answer:
    from publisher.render import weaknesses

    faint = weaknesses(app.settings.look)
    if not faint:
        return Result.OK, "colours: all text can be read on its ground", ""
    worst = min(faint, key=lambda weak: weak.ratio)
    return (
        Result.WARNING,
        f"colours: [look] {worst.name} {worst.colour} on {worst.ground} has {worst.ratio:g}:1 "
        "and needs 4.5:1",
        f"{worst.suggestion} is a near colour that can be read",
    )


def _digests(app: "App") -> Answer:
    settings, due = app.settings, editions.next_due(app)
    if not settings.digests:
        return Result.WARNING, "digests: none", "add a table like [digests.weekly]"
    said = []
    for name in settings.digests:
        slot = due.get(name)
        said.append(f"{name} {slot.local.replace('T', ' ')}" if slot else f"{name} with each item")
    return Result.OK, f"digests: {', '.join(said)} ({settings.site.time_zone})", ""


def _sender(app: "App") -> Answer:
    settings = app.settings
    said = f"sender: {settings.sender.address} by {settings.delivery.transport}"
    if settings.delivery.transport == "maildir":
        return Result.OK, f"{said}: messages go to outbox/, nothing leaves this machine", ""
    if not any(settings.sender.postal_address.values()):
        return (
            Result.WARNING,
            f"{said}, without a postal address",
            "set [sender] postal_address; the law of many countries asks for it in every mailing",
        )
    return Result.OK, said, ""


def _restored(app: "App") -> Answer:
    held = app.site_hold()
    if held is None:
        return Result.OK, "sending: nothing holds the site as a whole", ""
    return (
        Result.WARNING,
        f"sending: this is a restored copy ({held.why}), and opens and sends nothing",
        "when no other copy of this site sends, run `publisher restore --release`",
    )


def _judged(what: str, problems: list[Problem], fine: str) -> Answer:
    if not problems:
        return Result.OK, f"{what}: {fine}", ""
    worst = next((problem for problem in problems if problem.is_error), problems[0])
    result = Result.FAILED if worst.is_error else Result.WARNING
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return result, f"{what}: {worst.path}: {worst.message}{more}", worst.hint


CHECKS: dict[str, Check] = {
    "P001": _settings,
    "P002": _content,
    "P003": machine.database,
    "P004": machine.database_version,
    "P005": machine.disk,
    "P006": machine.clock,
    "P007": machine.folders,
    "P008": machine.secret,
    "P009": _words,
    "P010": _templates,
    "P011": _colours,
    "P012": _digests,
    "P013": _sender,
    "P014": machine.mail_server,
    "P020": relay.offer,
    "P030": growth.room_for_next,
    "P031": _restored,
    "P040": machines.at_work,
    "P050": returns.comes_back,
}
NAME_CHECKS: dict[str, NameCheck] = {
    "P016": names.dkim,
    "P017": names.spf,
    "P018": names.dmarc,
    "P019": names.mail_hosts,
}
READY = ("P003", "P005", "P007", "P008")  # database, disk, folders, secret
NUMBERS = tuple(sorted((*CHECKS, *NAME_CHECKS)))
