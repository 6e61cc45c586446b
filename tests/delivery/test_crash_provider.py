"""Ends the sender at every commit and socket send while it sends through a provider's API."""

import json
from base64 import b64decode
from collections import defaultdict
from email import message_from_bytes

import pytest
from reach.server import serve

from publisher.delivery import message_id

from .crash import secret_of
from .provider import recorded
from .test_crash import assert_accounted, crash_everywhere

__all__ = ["crash_everywhere", "serve"]

READERS = 3


def by_ses(body: bytes) -> tuple[str, str, str]:
    wanted = json.loads(body)
    raw = b64decode(wanted["Content"]["Raw"]["Data"])
    (recipient,) = wanted["Destination"]["ToAddresses"]
    return message_from_bytes(raw)["Message-ID"], recipient, wanted["Content"]["Raw"]["Data"]


def by_postmark(body: bytes) -> tuple[str, str, str]:
    wanted = json.loads(body)
    headers = {header["Name"]: header["Value"] for header in wanted["Headers"]}
    return headers["Message-ID"], wanted["To"], json.dumps(wanted)


@pytest.mark.parametrize(("kind", "read"), [("ses", by_ses), ("postmark", by_postmark)])
def test_a_crash_at_any_point_repeats_at_most_the_call_under_way(
    crash_everywhere, serve, kind, read
):
    server = serve(lambda method, path: recorded(kind, "sent"), keeps=True)
    _, tries = crash_everywhere(kind, READERS, server.port)
    assert len(tries) > 3 * READERS  # head, body, commit
    assert_accounted(tries, READERS)
    journal = defaultdict(list)
    for identity, recipient, content in map(read, server.bodies):
        journal[identity].append((recipient, content))
    for point, each in enumerate(tries, start=1):
        secret = secret_of(point)
        copies = [
            journal.pop(message_id(secret, "edition:1", f"p{n}-readers.test", "cities.test"))
            for n in range(1, READERS + 1)
        ]
        assert 0 <= sum(map(len, copies)) - READERS <= each["doubted"]
        assert all(len(set(group)) == 1 for group in copies), "a repeat asks for the same"
    assert journal == {}
