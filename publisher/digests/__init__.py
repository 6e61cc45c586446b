"""Editions: which slot is due, what goes into it, who gets which body, from open to sent.

`open_due` does all that is due and `close_settled` ends it; `make_body` is what the sender asks
for a body not made yet; `act` and `add_extra` are what editors decide; `fold_old` makes numbers of
what is long past. `forecast`, `preview` and `explain_…` look and change nothing; `accounts` counts
each edition's deliveries, and `look_after` does what somebody decides on single ones. `expected`,
`standing` and `ended` tell editors what comes, what can be decided and what became of it. The
archive is `archived_digests`, `archived_editions`, `edition_page` and `search`, over what
`index_archive` wrote. The rule of who gets what stands in `select`, pure and with its specification
as tests; `delivery` carries the messages and knows nothing of any of this.
"""

from publisher.digests.accounting import Account, Named, accounts, whose
from publisher.digests.acting import Acted, act, add_extra
from publisher.digests.archive import (
    ArchivedDigest,
    ArchivedEdition,
    EditionPage,
    Hit,
    archived_digests,
    archived_editions,
    edition_page,
    index_archive,
    read_query,
    search,
)
from publisher.digests.body import make_body, settings_of
from publisher.digests.compose import KIND_WORDS, Above, Composed, editor_headers
from publisher.digests.edition import Edition, State, purpose_of
from publisher.digests.expected import Expected, expected, expected_of
from publisher.digests.explain import ItemExplained, PersonExplained, explain_item, explain_person
from publisher.digests.forecast import Forecast, forecast
from publisher.digests.lifecycle import LookAt, Opened, close_settled, open_due, pause, resume
from publisher.digests.looking_after import LookedAfter, look_after
from publisher.digests.outcome import Ended, drafts, ended, stopped_or_closed
from publisher.digests.period import Slot, next_slot, read_at, slots_between
from publisher.digests.queue import next_due, record_seen, start
from publisher.digests.readers import first_languages
from publisher.digests.reasons import Reasons, reasons
from publisher.digests.report import Month, month
from publisher.digests.retention import fold_old
from publisher.digests.rule import Story
from publisher.digests.standing import Standing, standing
from publisher.digests.trial import (
    Draft,
    Preview,
    body_for_test,
    clipped,
    draft,
    message_for_test,
    preview,
)

__all__ = [
    "KIND_WORDS",
    "Above",
    "Account",
    "Acted",
    "ArchivedDigest",
    "ArchivedEdition",
    "Composed",
    "Draft",
    "Edition",
    "EditionPage",
    "Ended",
    "Expected",
    "Forecast",
    "Hit",
    "ItemExplained",
    "LookAt",
    "LookedAfter",
    "Month",
    "Named",
    "Opened",
    "PersonExplained",
    "Preview",
    "Reasons",
    "Slot",
    "Standing",
    "State",
    "Story",
    "accounts",
    "act",
    "add_extra",
    "archived_digests",
    "archived_editions",
    "body_for_test",
    "clipped",
    "close_settled",
    "draft",
    "drafts",
    "edition_page",
    "editor_headers",
    "ended",
    "expected",
    "expected_of",
    "explain_item",
    "explain_person",
    "first_languages",
    "fold_old",
    "forecast",
    "index_archive",
    "look_after",
    "make_body",
    "message_for_test",
    "month",
    "next_due",
    "next_slot",
    "open_due",
    "pause",
    "preview",
    "purpose_of",
    "read_at",
    "read_query",
    "reasons",
    "record_seen",
    "resume",
    "search",
    "settings_of",
    "slots_between",
    "standing",
    "start",
    "stopped_or_closed",
    "whose",
]
