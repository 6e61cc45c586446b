"""What changed files add to which edition, in which languages, for how many readers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from publisher.cli.report import count

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.content.item import Item
    from publisher.digests import Forecast
    from publisher.digests.forecast import DigestForecast

Readers = Mapping[tuple[str, str], int]
"""How many active readers there are by digest and first language."""


@dataclass(frozen=True, slots=True)
class Addition:
    """What some files add to one edition."""

    digest: str
    slot: str  # local time
    zone: str
    items: int
    languages: tuple[str, ...]  # of the items, in the order of the site's
    readers: int | None  # None without a database

    def __str__(self) -> str:
        people = "" if self.readers is None else f", for {count(self.readers, 'reader')}"
        return (
            f"{count(self.items, 'item')} to {self.digest} of {self.slot.replace('T', ' ')} "
            f"({self.zone}), in {_listed(self.languages)}{people}"
        )


@dataclass(frozen=True, slots=True)
class Changes:
    """What some files add to all editions."""

    additions: tuple[Addition, ...]
    absent: tuple[str, ...]  # why others of them are in none: "1 draft"

    @property
    def sentence(self) -> str:
        """Say it in one sentence."""
        but = f" ({', '.join(self.absent)})" if self.absent else ""
        if not self.additions:
            return f"Adds nothing to any edition{but}"
        return f"Adds {'; '.join(map(str, self.additions))}{but}"

    @property
    def document(self) -> dict[str, Any]:
        """Say it as JSON shows it."""
        return {
            "sentence": self.sentence,
            "adds": [asdict(addition) for addition in self.additions],
        }


def changes(app: "App", forecast: "Forecast", items: Sequence["Item"]) -> Changes:
    """Return what some items add to the first editions they are in, as things stand."""
    ours = {(item.key, item.language) for item in items}
    people = _readers(app)
    additions = [
        addition
        for each in forecast.digests
        for addition in _additions(each, ours, app.settings.site.languages, people)
    ]
    return Changes(tuple(additions), tuple(_absent(forecast, ours)))


def _additions(
    forecast: "DigestForecast",
    ours: Collection[tuple[str, str]],
    languages: Sequence[str],
    people: Readers | None,
) -> Iterable[Addition]:
    slots: dict[str, tuple[set[tuple[str, str]], set[str]]] = {}
    for waiting in forecast.waiting:
        ready = [offer for offer in waiting.offers if (waiting.key, offer.language) in ours]
        # Readers who wait for their own language get another one later, if it does not come.
        for tag in {offer.language for offer in ready}:
            first = min(offer.slot.local for offer in ready if offer.language == tag)
            items, readers = slots.setdefault(first, (set(), set()))
            items.add((waiting.key, tag))
            readers.update(o.reader for o in ready if (o.language, o.slot.local) == (tag, first))
    for slot, (items, readers) in sorted(slots.items()):
        tags = {tag for _, tag in items}
        told = [tag for tag in languages if tag in tags]
        number = None
        if people is not None:
            number = sum(people.get((forecast.name, tag), 0) for tag in readers)
        yield Addition(forecast.name, slot, forecast.zone, len(items), tuple(told), number)


def _absent(forecast: "Forecast", ours: Collection[tuple[str, str]]) -> Iterable[str]:
    for items, one, many in (
        (forecast.drafts, "draft", "drafts"),
        (forecast.held, "on hold", "on hold"),
        (forecast.future, "dated later", "dated later"),
    ):
        number = sum((item.key, item.language) in ours for item in items)
        if number:
            yield count(number, one, many)


def _readers(app: "App") -> Readers | None:
    engine = app.engine_if_there()
    if engine is None:
        return None
    from publisher.store import read
    from publisher.subscribers import readers

    now = app.now()
    with read(engine) as conn:
        return readers(conn, now, now, now).matrix


def _listed(words: Sequence[str]) -> str:
    """Return words as a list: "en", "en and ar", "en, ar and fr"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
