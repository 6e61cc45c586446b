"""Delivery: moves prepared bodies to addresses, and remembers what became of each.

Rooms above reserve a body, `enqueue` one row per recipient and purpose, and ask `totals` how far
it is; a `Sender` does the rest through a transport: composes each message from frozen values,
hands it over, and records the answer. Nobody is lost; a crash can repeat at most the one message
that was under way, byte for byte and under the same Message-ID. `rows` shows the ledger to whoever
looks after it, and `act_on` does what they decide. Delivery knows nothing of items, digests or
preferences.
"""

from publisher.delivery.acts import Act, Left, Moved, act_on
from publisher.delivery.bodies import load_body, reserve_bodies, reserve_body, save_body
from publisher.delivery.headers import HeaderError
from publisher.delivery.holding import call_off, gone, hold, is_gone, is_waiting, release
from publisher.delivery.ledger import EDITIONS, LETTERS, Totals, enqueue, totals, waiting
from publisher.delivery.message import Body, Recipient, compose_message, message_id
from publisher.delivery.outcome import Kind, Message, Outcome
from publisher.delivery.rows import (
    LOOK,
    WORDS,
    LedgerRow,
    Selection,
    letter_purposes,
    people_of,
    row_count,
    rows,
)
from publisher.delivery.sender import Sender, SendReport
from publisher.delivery.states import CANCELLED_CODE, State
from publisher.delivery.transports import Transport, open_transport
from publisher.delivery.tries import Attempt, attempts_of

__all__ = [
    "CANCELLED_CODE",
    "EDITIONS",
    "LETTERS",
    "LOOK",
    "WORDS",
    "Act",
    "Attempt",
    "Body",
    "HeaderError",
    "Kind",
    "LedgerRow",
    "Left",
    "Message",
    "Moved",
    "Outcome",
    "Recipient",
    "Selection",
    "SendReport",
    "Sender",
    "State",
    "Totals",
    "Transport",
    "act_on",
    "attempts_of",
    "call_off",
    "compose_message",
    "enqueue",
    "gone",
    "hold",
    "is_gone",
    "is_waiting",
    "letter_purposes",
    "load_body",
    "message_id",
    "open_transport",
    "people_of",
    "release",
    "reserve_bodies",
    "reserve_body",
    "row_count",
    "rows",
    "save_body",
    "totals",
    "waiting",
]
