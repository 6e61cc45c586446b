"""The accounting: an edition's readers against the rows of the ledger, and what each edition is called.

Always true: recipients = sent + failed + skipped + held + in doubt + waiting, and the recipients are
those for whom the edition was opened. The last two are 0 before an edition is called sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, func, select

from publisher import delivery
from publisher.delivery import Totals
from publisher.digests.edition import purpose_of
from publisher.digests.explain import EditionFacts, all_editions, named, wanted
from publisher.store.tables import segments

LETTERS = "letters"  # what all of them together are called


@dataclass(frozen=True, slots=True)
class Account:
    """What became of one edition's deliveries, or of all letters."""

    name: str  # "weekly/2026-03-03T07:00", "letters"
    purposes: tuple[str, ...]
    state: str  # of the edition; "" for letters
    expected: int  # for how many readers it was opened
    totals: Totals

    @property
    def adds_up(self) -> bool:
        """Whether each reader of the edition has exactly one row."""
        return self.expected == self.totals.recipients


@dataclass(frozen=True, slots=True)
class Named:
    """Whose deliveries a word means: editions, letters, or both for no word at all."""

    editions: tuple[EditionFacts, ...]
    letters: tuple[str, ...]  # purposes
    purposes: tuple[str, ...] | None  # None: all there are

    def names(self) -> dict[str, str]:
        """Return the name of each edition's purpose."""
        return {purpose_of(one.id): one.name for one in self.editions}


def whose(conn: Connection, text: str) -> Named:
    """Return what a text names: editions as `explain` does, letters, or a letter's purpose.

    Raises PublisherError that says what is near when it names nothing.
    """
    editions, letters = all_editions(conn), delivery.letter_purposes(conn)
    text = text.strip()
    if not text:
        return Named(tuple(editions), letters, None)
    mine = [one for one in letters if text in (LETTERS, one, one.partition(":")[0])]
    found = named(editions, text) if mine or text == LETTERS else wanted(editions, text)
    purposes = (*(purpose_of(one.id) for one in found), *mine)
    return Named(tuple(found), tuple(mine), purposes)


def accounts(conn: Connection, these: Named, *, limit: int | None = None) -> list[Account]:
    """Return the account of each edition that has readers, the newest first, then of letters.

    limit   at most so many editions
    """
    found: list[Account] = []
    for one in these.editions:
        account = _account(conn, one)
        if account.expected or account.totals.recipients:
            found.append(account)
        if len(found) == limit:
            break
    if these.letters:
        totals = _sum([delivery.totals(conn, purpose) for purpose in these.letters])
        found.append(Account(LETTERS, these.letters, "", totals.recipients, totals))
    return found


def recipients_of(conn: Connection, edition_id: int) -> int:
    """Return for how many readers an edition was opened."""
    query = select(func.coalesce(func.sum(segments.c.recipients), 0))
    return int(conn.execute(query.where(segments.c.edition_id == edition_id)).scalar_one())


def _account(conn: Connection, edition: EditionFacts) -> Account:
    purpose = purpose_of(edition.id)
    totals = delivery.totals(conn, purpose)
    expected = recipients_of(conn, edition.id)
    return Account(edition.name, (purpose,), edition.state, expected, totals)


def _sum(parts: Sequence[Totals]) -> Totals:
    names = [each.name for each in fields(Totals)]
    return Totals(**{name: sum(getattr(part, name) for part in parts) for name in names})
