"""People: their addresses, what they agreed to, what they chose, and who must never be mailed.

Add one or a whole list, change what they chose, find them again, suppress an address; how many there
are and came and went. Nobody is mailed who did not agree,
left, or is suppressed, whatever list they are on. Reading and writing happen in the caller's
transaction, except for whole files, which are taken in batches.
"""

from publisher.subscribers.add import Added, add, unsubscribe
from publisher.subscribers.carrying import Carried, carry_departures, remember_departures
from publisher.subscribers.change import Difference, change
from publisher.subscribers.enrol import Result
from publisher.subscribers.export import export_file
from publisher.subscribers.import_report import ImportReport
from publisher.subscribers.links import Dates, recipient_values
from publisher.subscribers.lookup import active_count, counts, find, find_by_public_id, people
from publisher.subscribers.preferences import Catalogue, Choice, change_preferences
from publisher.subscribers.readers import Readers, Share, readers
from publisher.subscribers.signing import check_signing_keys, has_signing_keys
from publisher.subscribers.subscriber import Person, State, Subscriber, Subscription
from publisher.subscribers.suppression import suppress, suppress_dead, suppress_hashes
from publisher.subscribers.transfer import import_file

__all__ = [
    "Added",
    "Carried",
    "Catalogue",
    "Choice",
    "Dates",
    "Difference",
    "ImportReport",
    "Person",
    "Readers",
    "Result",
    "Share",
    "State",
    "Subscriber",
    "Subscription",
    "active_count",
    "add",
    "carry_departures",
    "change",
    "change_preferences",
    "check_signing_keys",
    "counts",
    "export_file",
    "find",
    "find_by_public_id",
    "has_signing_keys",
    "import_file",
    "people",
    "readers",
    "recipient_values",
    "remember_departures",
    "suppress",
    "suppress_dead",
    "suppress_hashes",
    "unsubscribe",
]
