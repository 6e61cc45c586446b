"""Why: where an item went or will go, and what a person got or did not get, each with its reason.

`explain_item` and `explain_person` look at everything and change nothing; what they return is facts,
which the command line puts into words.
"""

from publisher.digests.explain.choice import Got
from publisher.digests.explain.delivery import DeliveryFacts
from publisher.digests.explain.edition import EditionFacts, all_editions, named, wanted
from publisher.digests.explain.file import FileFacts
from publisher.digests.explain.history import History, SuppressionFacts
from publisher.digests.explain.item import (
    Absence,
    Audience,
    Carried,
    ItemExplained,
    ItemInDigest,
    VersionFacts,
    Wait,
    explain_item,
)
from publisher.digests.explain.person import (
    PersonExplained,
    PersonInDigest,
    PersonInEdition,
    explain_person,
)

__all__ = [
    "Absence",
    "Audience",
    "Carried",
    "DeliveryFacts",
    "EditionFacts",
    "FileFacts",
    "Got",
    "History",
    "ItemExplained",
    "ItemInDigest",
    "PersonExplained",
    "PersonInDigest",
    "PersonInEdition",
    "SuppressionFacts",
    "VersionFacts",
    "Wait",
    "all_editions",
    "explain_item",
    "explain_person",
    "named",
    "wanted",
]
