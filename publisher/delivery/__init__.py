"""Delivery: moves prepared bodies to addresses, and remembers what became of each.

Rooms above reserve a body, `enqueue` one row per recipient and purpose, and ask `totals` how far
it is; a `Sender` does the rest through a transport: composes each message from frozen values,
hands it over, and records the answer. Nobody is lost; a crash can repeat at most the one message
that was under way, byte for byte and under the same Message-ID. Delivery knows nothing of items,
digests or preferences.
"""

from publisher.delivery.accounts import Account, look_at_account
from publisher.delivery.bodies import load_body, reserve_bodies, reserve_body, save_body
from publisher.delivery.dkim import Signer, relaxed_body, sign_message
from publisher.delivery.dkim_keys import DkimKey, make_key_file, open_signers, read_keys
from publisher.delivery.headers import HeaderError
from publisher.delivery.holding import call_off, gone, hold, is_gone, is_waiting, release
from publisher.delivery.ledger import EDITIONS, LETTERS, Totals, enqueue, totals, waiting
from publisher.delivery.message import Body, Recipient, compose_message, message_id
from publisher.delivery.outcome import Kind, Message, Outcome
from publisher.delivery.outlook import Outlook, outlook
from publisher.delivery.sender import Sender, SendReport
from publisher.delivery.states import CANCELLED_CODE, State
from publisher.delivery.transports import Transport, open_transport, send_one

__all__ = [
    "CANCELLED_CODE",
    "EDITIONS",
    "LETTERS",
    "Account",
    "Body",
    "DkimKey",
    "HeaderError",
    "Kind",
    "Message",
    "Outcome",
    "Outlook",
    "Recipient",
    "SendReport",
    "Sender",
    "Signer",
    "State",
    "Totals",
    "Transport",
    "call_off",
    "compose_message",
    "enqueue",
    "gone",
    "hold",
    "is_gone",
    "is_waiting",
    "load_body",
    "look_at_account",
    "make_key_file",
    "message_id",
    "open_signers",
    "open_transport",
    "outlook",
    "read_keys",
    "relaxed_body",
    "release",
    "reserve_bodies",
    "reserve_body",
    "save_body",
    "send_one",
    "sign_message",
    "totals",
    "waiting",
]
