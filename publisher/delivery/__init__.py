"""Delivery: moves prepared bodies to addresses, and remembers what became of each.

Rooms above reserve a body, `enqueue` one row per recipient and purpose, and ask `totals` how far
it is; a `Sender` does the rest through a transport: composes each message from frozen values,
hands it over, and records the answer. Nobody is lost; a crash can repeat at most the one message
that was under way, byte for byte and under the same Message-ID. `rows` shows the ledger to whoever
looks after it, and `act_on` does what they decide. Delivery knows nothing of items, digests or
preferences.
"""

from publisher.delivery.http.accounts import Account, look_at_account
from publisher.delivery.ledger.acts import Act, Left, Moved, act_on
from publisher.delivery.ledger.bodies import (
    language_of,
    load_body,
    reserve_bodies,
    reserve_body,
    save_body,
)
from publisher.delivery.ledger.claim import LEASE
from publisher.delivery.ledger.folding import (
    fold_letters,
    fold_purpose,
    folded_counts,
    has_old_letters,
)
from publisher.delivery.ledger.holding import call_off, gone, hold, is_gone, is_waiting, release
from publisher.delivery.ledger.ledger import (
    EDITIONS,
    LETTERS,
    Totals,
    enqueue,
    enqueue_one,
    totals,
    waiting,
)
from publisher.delivery.ledger.outlook import Outlook, outlook
from publisher.delivery.ledger.retry import RetryRule
from publisher.delivery.ledger.returned import (
    Delivered,
    delivered,
    delivered_to,
    note_bounce,
    note_complaint,
)
from publisher.delivery.ledger.rows import (
    LOOK,
    WORDS,
    LedgerRow,
    Selection,
    letter_purposes,
    people_of,
    row_count,
    rows,
)
from publisher.delivery.ledger.site_hold import (
    SiteHold,
    doubt_all_under_way,
    hold_site,
    release_site,
    site_hold,
)
from publisher.delivery.ledger.states import CANCELLED_CODE, RESTORED_CODE, State
from publisher.delivery.ledger.tries import Attempt, Failure, attempts_of, failures_of
from publisher.delivery.message.dkim import Signer, relaxed_body, sign_message
from publisher.delivery.message.dkim_keys import DkimKey, make_key_file, open_signers, read_keys
from publisher.delivery.message.headers import HeaderError
from publisher.delivery.message.message import (
    COMPOSER,
    Body,
    Recipient,
    compose_message,
    message_id,
)
from publisher.delivery.message.sender_fields import header_text, sender_fields
from publisher.delivery.outcome import (
    DEAD_ADDRESS_CODES,
    Aside,
    Crowded,
    Kind,
    Message,
    Outcome,
    answer_words,
)
from publisher.delivery.sender.sender import Sender, SendReport
from publisher.delivery.transports import Transport, open_transport, send_one
from publisher.delivery.transports.maildir import erase_messages

__all__ = [
    "CANCELLED_CODE",
    "COMPOSER",
    "DEAD_ADDRESS_CODES",
    "EDITIONS",
    "LEASE",
    "LETTERS",
    "LOOK",
    "RESTORED_CODE",
    "WORDS",
    "Account",
    "Act",
    "Aside",
    "Attempt",
    "Body",
    "Crowded",
    "Delivered",
    "DkimKey",
    "Failure",
    "HeaderError",
    "Kind",
    "LedgerRow",
    "Left",
    "Message",
    "Moved",
    "Outcome",
    "Outlook",
    "Recipient",
    "RetryRule",
    "Selection",
    "SendReport",
    "Sender",
    "Signer",
    "SiteHold",
    "State",
    "Totals",
    "Transport",
    "act_on",
    "answer_words",
    "attempts_of",
    "call_off",
    "compose_message",
    "delivered",
    "delivered_to",
    "doubt_all_under_way",
    "enqueue",
    "enqueue_one",
    "erase_messages",
    "failures_of",
    "fold_letters",
    "fold_purpose",
    "folded_counts",
    "gone",
    "has_old_letters",
    "header_text",
    "hold",
    "hold_site",
    "is_gone",
    "is_waiting",
    "language_of",
    "letter_purposes",
    "load_body",
    "look_at_account",
    "make_key_file",
    "message_id",
    "note_bounce",
    "note_complaint",
    "open_signers",
    "open_transport",
    "outlook",
    "people_of",
    "read_keys",
    "relaxed_body",
    "release",
    "release_site",
    "reserve_bodies",
    "reserve_body",
    "row_count",
    "rows",
    "save_body",
    "send_one",
    "sender_fields",
    "sign_message",
    "site_hold",
    "totals",
    "waiting",
]
