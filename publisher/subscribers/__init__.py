"""People: their addresses, what they agreed to, what they chose, and who must never be mailed.

Somebody signs up, confirms by a letter, chooses, leaves, or asks for their data and for its end; an
operator adds one or a whole list, changes, finds, suppresses and counts. Nobody is mailed who did
not agree, left, or is suppressed, whatever list they are on. Reading and writing happen in the
caller's transaction, letters are queued in it, and only whole files are taken in batches.
"""

from publisher.subscribers.add import Added, add, unsubscribe
from publisher.subscribers.asking import forget_asks, pass_network
from publisher.subscribers.carrying import Carried, carry_departures, remember_departures
from publisher.subscribers.change import Difference, change
from publisher.subscribers.choosing import LONGEST_PAUSE, choose_anew, leave, masked
from publisher.subscribers.confirm import (
    Confirmation,
    Confirmed,
    News,
    confirm,
    read_confirmation,
    renew_confirmation,
)
from publisher.subscribers.enrol import Result
from publisher.subscribers.erase import erase, forget_unconfirmed, unconfirmed
from publisher.subscribers.export import export_file
from publisher.subscribers.fresh import (
    ask_fresh_link,
    ask_new_address,
    confirm_new_address,
    own_data,
    read_link,
    read_new_address,
)
from publisher.subscribers.import_report import ImportReport
from publisher.subscribers.letter_body import compose_letter, make_letter
from publisher.subscribers.letters import Kept, Letter, letter_of, queue_letter
from publisher.subscribers.links import UNSUBSCRIBE_BOX, Dates, digest_named, recipient_values
from publisher.subscribers.lookup import active_count, counts, find, find_by_public_id, people
from publisher.subscribers.preferences import (
    Catalogue,
    Choice,
    change_preferences,
    time_zones,
)
from publisher.subscribers.readers import Readers, Share, readers
from publisher.subscribers.signing import check_signing_keys, has_signing_keys
from publisher.subscribers.signup import Request, sign_up
from publisher.subscribers.subscriber import Person, State, Subscriber, Subscription
from publisher.subscribers.suppression import (
    forget_note,
    suppress,
    suppress_dead,
    suppress_hashes,
    suppress_person,
)
from publisher.subscribers.transfer import import_file
from publisher.subscribers.wishes import forget_wishes

__all__ = [
    "LONGEST_PAUSE",
    "UNSUBSCRIBE_BOX",
    "Added",
    "Carried",
    "Catalogue",
    "Choice",
    "Confirmation",
    "Confirmed",
    "Dates",
    "Difference",
    "ImportReport",
    "Kept",
    "Letter",
    "News",
    "Person",
    "Readers",
    "Request",
    "Result",
    "Share",
    "State",
    "Subscriber",
    "Subscription",
    "active_count",
    "add",
    "ask_fresh_link",
    "ask_new_address",
    "carry_departures",
    "change",
    "change_preferences",
    "check_signing_keys",
    "choose_anew",
    "compose_letter",
    "confirm",
    "confirm_new_address",
    "counts",
    "digest_named",
    "erase",
    "export_file",
    "find",
    "find_by_public_id",
    "forget_asks",
    "forget_note",
    "forget_unconfirmed",
    "forget_wishes",
    "has_signing_keys",
    "import_file",
    "leave",
    "letter_of",
    "make_letter",
    "masked",
    "own_data",
    "pass_network",
    "people",
    "queue_letter",
    "read_confirmation",
    "read_link",
    "read_new_address",
    "readers",
    "recipient_values",
    "remember_departures",
    "renew_confirmation",
    "sign_up",
    "suppress",
    "suppress_dead",
    "suppress_hashes",
    "suppress_person",
    "time_zones",
    "unconfirmed",
    "unsubscribe",
]
