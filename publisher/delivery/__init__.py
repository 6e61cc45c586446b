"""Delivery: moves prepared bodies to addresses, and remembers what became of each.

Rooms above reserve a body, `enqueue` one row per recipient and purpose, and ask `totals` how far
it is; a `Sender` does the rest through a transport: composes each message from frozen values,
hands it over, and records the answer. Nobody is lost; a crash can repeat at most the one message
that was under way, byte for byte and under the same Message-ID. Delivery knows nothing of items,
digests or preferences.
"""

from publisher.delivery.bodies import load_body, reserve_bodies, reserve_body, save_body
from publisher.delivery.folding import fold_letters, fold_purpose, folded_counts, has_old_letters
from publisher.delivery.headers import HeaderError
from publisher.delivery.holding import call_off, gone, hold, is_gone, is_waiting, release
from publisher.delivery.ledger import EDITIONS, LETTERS, Totals, enqueue, totals, waiting
from publisher.delivery.message import Body, Recipient, compose_message, message_id
from publisher.delivery.outcome import Kind, Message, Outcome
from publisher.delivery.sender import Sender, SendReport
from publisher.delivery.site_hold import (
    SiteHold,
    doubt_all_under_way,
    hold_site,
    release_site,
    site_hold,
)
from publisher.delivery.states import CANCELLED_CODE, RESTORED_CODE, State
from publisher.delivery.transports import Transport, open_transport

__all__ = [
    "CANCELLED_CODE",
    "EDITIONS",
    "LETTERS",
    "RESTORED_CODE",
    "Body",
    "HeaderError",
    "Kind",
    "Message",
    "Outcome",
    "Recipient",
    "SendReport",
    "Sender",
    "SiteHold",
    "State",
    "Totals",
    "Transport",
    "call_off",
    "compose_message",
    "doubt_all_under_way",
    "enqueue",
    "fold_letters",
    "fold_purpose",
    "folded_counts",
    "gone",
    "has_old_letters",
    "hold",
    "hold_site",
    "is_gone",
    "is_waiting",
    "load_body",
    "message_id",
    "open_transport",
    "release",
    "release_site",
    "reserve_bodies",
    "reserve_body",
    "save_body",
    "site_hold",
    "totals",
    "waiting",
]
