"""What people may choose, what they chose, and the signature that stands for it.

A signature is one distinct set of (languages in order, kinds, categories, originals). Digests ask
for the distinct ones and never look at single readers, so this room keeps them up to date.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import available_timezones

from sqlalchemy import Connection, bindparam, delete, select, update

from publisher import language
from publisher.errors import ChoiceError
from publisher.settings import Settings
from publisher.store import Prepared, insert_into, insert_many, tables

KINDS = ("article", "event", "event-report", "news")  # sorted, as the tables have them
ALL, SITE = "all", "site"  # words for what an empty choice means


@dataclass(frozen=True, slots=True)
class Choice:
    """Checked preferences, spelled as the tables have them."""

    languages: str
    digests: tuple[str, ...]
    kinds: str = ""
    categories: str = ""
    time_zone: str = ""
    originals: int = 0
    notes: tuple[str, ...] = ()  # what was not on offer and replaced by a default


class Catalogue:
    """What one site offers to choose from."""

    def __init__(self, settings: Settings) -> None:
        self._languages = {tag: tag for tag in settings.site.languages}
        for tag in settings.site.languages:
            self._languages.setdefault(language.base(tag), tag)
        self._first = settings.site.languages[0]
        self._digests = {name.casefold(): name for name in settings.digests}
        self._titles: dict[str, str] = {}
        for name, digest in settings.digests.items():
            for title in digest.title.values():
                self._titles.setdefault(title.casefold(), name)
        self._categories: dict[str, str] = {}
        for slug, category in settings.categories.items():
            for word in (slug, *category.name.values(), *category.also):
                self._categories.setdefault(word.casefold(), slug)
        self._slugs = tuple(settings.categories)

    def choose(
        self,
        languages: Sequence[str] = (),
        digests: Sequence[str] = (),
        categories: Sequence[str] = (),
        time_zone: str = "",
        *,
        kinds: Sequence[str] = (),
        originals: bool = False,
        is_lenient: bool = False,
    ) -> Choice:
        """Return checked preferences; what is left empty means the site's first, or all.

        The word "all" alone says the same for digests, categories and kinds, and "site" for the
        time zone: whoever changes a choice cannot leave it empty.

        originals   the original instead of a machine translation
        is_lenient  a language or zone not on offer becomes the default and is noted, since its
                    reader loses nothing but comfort. A digest or category is never replaced:
                    nobody gets what they did not ask for.

        Raises ChoiceError naming what is not on offer.
        """
        notes: list[str] = []

        def doubt(what: str, sentence: str, hint: str) -> None:
            if not is_lenient:
                raise ChoiceError(sentence, hint=hint, what=what)
            notes.append(sentence)

        return Choice(
            languages=self._pick_languages(languages, doubt),
            digests=self._pick_digests(digests),
            kinds=self._pick_kinds(kinds),
            categories=self._pick_categories(categories),
            time_zone=_pick_zone(time_zone, doubt),
            originals=int(originals),
            notes=tuple(notes),
        )

    def has_category(self, word: str) -> bool:
        """Return whether a slug or word names a category of the site."""
        return word.casefold() in self._categories

    def find_digest(self, word: str) -> str | None:
        """Return the digest of this name or title."""
        return self._digests.get(word.casefold()) or self._titles.get(word.casefold())

    def _pick_languages(self, words: Sequence[str], doubt: Callable[[str, str, str], None]) -> str:
        chosen: list[str] = []
        for word in words:
            found = self._find_language(word)
            if found is None:
                offered = ", ".join(dict.fromkeys(self._languages.values()))
                doubt("language", f'the site has no language "{word}"', f"write one of: {offered}")
            elif found not in chosen:
                chosen.append(found)
        return " ".join(chosen or [self._first])

    def _find_language(self, word: str) -> str | None:
        try:
            tag = language.normalise(word)
        except ValueError:
            return None
        return self._languages.get(tag) or self._languages.get(language.base(tag))

    def _pick_digests(self, words: Sequence[str]) -> tuple[str, ...]:
        if not self._digests:
            raise ChoiceError(
                "the site has no digest", hint="add one under [digests] in publisher.toml"
            )
        words = _unless_all(words, self._digests)
        chosen = {self._find("digest", word, self._digests) for word in words}
        return tuple(name for name in self._digests.values() if name in chosen or not words)

    def _pick_categories(self, words: Sequence[str]) -> str:
        words = _unless_all(words, self._categories)
        chosen = {self._find("category", word, self._categories) for word in words}
        return "" if chosen == set(self._slugs) else " ".join(sorted(chosen))

    def _pick_kinds(self, words: Sequence[str]) -> str:
        offered = {kind: kind for kind in KINDS}
        chosen = {self._find("kind", word, offered) for word in _unless_all(words, offered)}
        return "" if chosen == set(KINDS) else " ".join(sorted(chosen))

    def _find(self, what: str, word: str, offered: dict[str, str]) -> str:
        found = offered.get(word.casefold())
        if found is None:
            names = ", ".join(dict.fromkeys(offered.values())) or "none"
            sentence = f'the site has no {what} "{word}"'
            raise ChoiceError(sentence, hint=f"write one of: {names}", what=what)
        return found


def signature_id(conn: Connection, choice: Choice) -> int:
    """Return the number of a choice's signature, made when nobody chose the same before."""
    signatures = tables.signatures
    values = {
        "languages": choice.languages,
        "kinds": choice.kinds,
        "categories": choice.categories,
        "originals": choice.originals,
    }
    if known := _SIGNATURE.run(conn, values):
        return int(known[0][0])
    row = insert_into(conn, signatures).values(values).on_conflict_do_nothing()
    found: int | None = conn.execute(row.returning(signatures.c.id)).scalar()
    return int(_SIGNATURE.run(conn, values)[0][0]) if found is None else found


_SIGNATURE = Prepared(
    lambda _kind: select(tables.signatures.c.id).where(
        *(
            tables.signatures.c[name] == bindparam(name)
            for name in ("languages", "kinds", "categories", "originals")
        )
    )
)


def set_subscriptions(
    conn: Connection, chosen: Iterable[tuple[int, Choice, int]], now: datetime
) -> None:
    """Write the subscriptions of people who have none: (subscriber id, choice, signature id)."""
    changed_at = int(now.timestamp())
    rows = [
        (subscriber_id, digest, choice.kinds, choice.categories, signature, changed_at)
        for subscriber_id, choice, signature in chosen
        for digest in choice.digests
    ]
    columns = ("subscriber_id", "digest", "kinds", "categories", "signature_id", "changed_at")
    insert_many(conn, tables.subscriptions, columns, rows)


Signed = dict[str, tuple[int, int | None]]  # digest -> signature id, when it last became another


def signed(conn: Connection, subscriber_id: int) -> Signed:
    """Return what stands for a subscriber's choices in each digest they have or had."""
    columns = tables.subscriptions.c
    rows = conn.execute(
        select(columns.digest, columns.signature_id, columns.moved_at).where(
            columns.subscriber_id == subscriber_id
        )
    )
    return {row.digest: (row.signature_id, row.moved_at) for row in rows}


def note_moves(conn: Connection, subscriber_id: int, before: Signed, now: datetime) -> None:
    """Write down where a subscriber chooses otherwise than before.

    Digests ask for it, so that a story a reader had in one language does not come again in
    another, and one that waited for the old choice is not lost to the new.
    """
    columns = tables.subscriptions.c
    for digest, (signature, _) in signed(conn, subscriber_id).items():
        had, moved_at = before.get(digest, (signature, None))
        if had != signature:
            moved_at = int(now.timestamp())
        mine = (columns.subscriber_id == subscriber_id) & (columns.digest == digest)
        conn.execute(update(tables.subscriptions).where(mine).values(moved_at=moved_at))


def change_preferences(conn: Connection, subscriber_id: int, choice: Choice, now: datetime) -> None:
    """Give one subscriber new preferences in all their digests; what they leave becomes inactive."""
    subscriptions, changed_at = tables.subscriptions, int(now.timestamp())
    before = signed(conn, subscriber_id)
    conn.execute(
        update(tables.subscribers)
        .where(tables.subscribers.c.id == subscriber_id)
        .values(
            languages=choice.languages,
            time_zone=choice.time_zone,
            originals=choice.originals,
            changed_at=changed_at,
        )
    )
    mine = subscriptions.c.subscriber_id == subscriber_id
    conn.execute(delete(subscriptions).where(mine, subscriptions.c.digest.in_(choice.digests)))
    signature = signature_id(conn, choice)
    conn.execute(
        update(subscriptions)
        .where(mine, subscriptions.c.active == 1)
        .values(active=0, changed_at=changed_at)
    )
    conn.execute(
        update(subscriptions).where(mine).values(signature_id=signature, changed_at=changed_at)
    )
    set_subscriptions(conn, [(subscriber_id, choice, signature)], now)
    note_moves(conn, subscriber_id, before, now)


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Return the names of all time zones; Python looks through hundreds of files for them.

    "localtime" is none of them, although a machine may have a file of that name: each its own.
    """
    return frozenset(available_timezones() - {"localtime"})


def _unless_all(words: Sequence[str], offered: Mapping[str, str]) -> Sequence[str]:
    """Return the words, or none when they are "all" and nothing on offer has that name."""
    is_all = [word.casefold() for word in words] == [ALL] and ALL not in offered
    return () if is_all else words


def _pick_zone(name: str, doubt: Callable[[str, str, str], None]) -> str:
    if name.casefold() == SITE:
        return ""
    if not name or name in time_zones():
        return name
    doubt("zone", f'there is no time zone "{name}"', 'write for instance "Europe/London"')
    return ""
