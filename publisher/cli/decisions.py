"""`publisher digest approve, hold, release, cancel, extra`: what editors decide on an edition."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.report import count, moment, note, own_hours, say
from publisher.cli.start import Start, known_digest
from publisher.errors import PublisherError

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.content.item import Item
    from publisher.digests import Acted, Slot

_DONE = {
    "approve": "approved: it goes out at its slot",
    "hold": "held: at its slot it freezes and waits for `publisher digest release`",
    "release": "released: it goes out at its slot",
    "cancel": "cancelled: nothing goes out at its slot, and its items wait for the next one",
}
_DRAFT = "released: at its slot it is a draft until `publisher digest approve`"


def decisions() -> list[click.Command]:
    """Return the commands that decide on an edition which exists, or on a slot to come."""
    return [
        _decision("approve", "Let an edition that waits for an editor go out"),
        _decision("hold", "Stop an edition until it is released"),
        _decision("release", "Let a held or missed edition go out"),
        _decision("cancel", "Call an edition off"),
        extra,
    ]


def _decision(what: str, about: str) -> click.Command:
    explained = {
        "approve": "Before its slot, the edition goes out at the slot; after it, at once.",
        "hold": "What left before stays gone; the rest waits. Before its slot, it freezes and waits.",
        "release": "One held for its size goes as it is; a missed one is frozen and sent now.",
        "cancel": "If nothing left yet, its items wait for the next edition; else they count as sent.",
    }[what]

    def run(start: Start, name: str, slot: str) -> None:
        from publisher.app import editions

        with start.app() as app:
            known_digest(app, name)
            _say_acted(app, name, what, editions.decide(app, name, what, slot))

    run.__doc__ = (
        f"{about}: that of digest NAME and SLOT.\n\n{explained} SLOT is a local time such as "
        "2026-03-29T07:00, or its day; without it, the only edition it can be is meant, or the "
        "next slot."
    )
    example = f"\b\nExample:\n  publisher digest {what} weekly\n"
    command = click.command(what, short_help=about, epilog=example)(click.pass_obj(run))
    for argument in (
        click.Argument(["name"]),
        click.Argument(["slot"], required=False, default=""),
    ):
        command.params.append(argument)
    return command


@click.command(
    "extra",
    short_help="Send items outside the rhythm",
    epilog='\b\nExample:\n  publisher digest extra weekly 2026/summit --at "2026-11-24 16:00"\n',
)
@click.argument("name")
@click.argument("items", nargs=-1, required=True, metavar="ITEM…")
@click.option("--at", default="", help="When, as a local time.  [default: now]")
@click.pass_obj
def extra(start: Start, name: str, items: tuple[str, ...], at: str) -> None:
    """Send each ITEM, a key or a file, to the readers of digest NAME outside its rhythm.

    They count as sent. Who had one already gets it no second time, but is told what was corrected,
    moved or cancelled since.
    """
    from publisher.app.editions import add_extra

    with start.app() as app:
        known_digest(app, name)
        when = _moment(at, app)
        keys = list(dict.fromkeys(_key(app, word) for word in items))
        acted = add_extra(app, name, keys, when)
        opened = acted.opened
        edition = f"{name}, extra edition of {acted.slot.local}"
        if opened is None or not opened.recipients:
            say(f"{edition}: nobody gets it")
            note("whoever wants such items had them already; see `publisher explain`")
            return
        said = f"{count(opened.stories, 'item')} for {count(opened.recipients, 'reader')}"
        say(f"{edition}: {said}")
        _say_when(app, name, acted)


def _say_acted(app: "App", name: str, what: str, acted: "Acted") -> None:
    edition = f"{name}, edition of {acted.slot.local}"
    if acted.edition is None:
        needs_approval = app.settings.digests[name].approve == "editor"
        said = _DRAFT if what == "release" and needs_approval else _DONE[what]
        say(f"{edition}: {said}")
        say(_slot_words(app, name, acted.slot))
        return
    state = acted.edition.state.value
    if state == "cancelled":
        if acted.gone:
            say(f"{edition}: cancelled; {count(acted.gone, 'message')} had left")
            say(f"{count(acted.kept, 'reader')} will not get it, and its items count as sent")
        else:
            say(f"{edition}: cancelled; nobody gets it, and its items wait for the next edition")
        return
    if state == "held":
        left = f", after {count(acted.gone, 'message')} had left" if acted.gone else ""
        say(f"{edition}: held{left}")
        if what == "hold":
            say(f"publisher digest release {name} {acted.slot.local} lets it go on")
        else:
            say(acted.edition.note)
        return
    if state == "draft":
        say(
            f"{edition}: a draft again; publisher digest approve {name} {acted.slot.local} sends it"
        )
        return
    readers = acted.opened.recipients if acted.opened else 0
    if not readers:
        say(f"{edition}: nothing new for anybody, so no mail")
        return
    if acted.gone:
        say(f"{edition}: goes on; {count(acted.gone, 'message')} had left")
    else:
        say(f"{edition}: goes to {count(readers, 'reader')}")
    _say_when(app, name, acted)


def _say_when(app: "App", name: str, acted: "Acted") -> None:
    digest = app.settings.digests[name]
    if acted.slot.due_at > app.now():
        say(_slot_words(app, name, acted.slot))
    elif digest.delay:
        begins, until = ("goes on", "stopped") if acted.gone else ("begins", "cancelled")
        key = f"[digests.{name}] delay"
        say(f"it {begins} after the time that {key} sets; until then it can be {until}")
    say("`publisher send` sends what is due; `publisher run` does so by itself")


def _slot_words(app: "App", name: str, slot: "Slot") -> str:
    said = moment(slot.due_at, app.settings.site.zone)
    return f"that is {said}{own_hours(app.settings.digests[name])}"


def _key(app: "App", word: str) -> str:
    """Return the key of an item that somebody named by key or file; it must be published."""
    library, now = app.library(), app.now()
    root = app.settings.root
    place = Path.cwd() / word if (Path.cwd() / word).exists() else root / word
    path = place.resolve().relative_to(root.resolve()).as_posix() if _is_below(place, root) else ""
    mine = [item for item in library.items if word == item.key or (path and item.path == path)]
    if not mine:
        raise PublisherError(
            f'no item is called "{word}"', hint=_near(word, [item.key for item in library.items])
        )
    key = mine[0].key
    versions = [item for item in library.items if item.key == key]
    if not any(item.is_published(now) for item in versions):
        raise PublisherError(f"{word} is not published: {_why_not(versions[0], now)}")
    return key


def _is_below(place: Path, root: Path) -> bool:
    return place.is_file() and place.resolve().is_relative_to(root.resolve())


def _near(word: str, keys: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, [*dict.fromkeys(keys)], n=3)  # a key stands once a language
    return f"did you mean {', '.join(close)}?" if close else "see `publisher queue`"


def _why_not(item: "Item", now: datetime) -> str:
    if item.status.value != "ready":
        return f"its status is {item.status.value}"
    return f"its date, {item.date:%Y-%m-%d %H:%M} UTC, is still to come"


def _moment(text: str, app: "App") -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(
            f'"{text}" is not a time; write for instance "2026-11-24 16:00"', param_hint="--at"
        ) from None
    aware = found if found.tzinfo else found.replace(tzinfo=app.settings.site.zone)
    if aware < app.now():
        raise click.BadParameter(f"{text} is past; leave --at out to send now", param_hint="--at")
    return found
