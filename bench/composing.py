"""Claim: composing a message for one more reader takes at most 1/200 of what the plain way takes.

The plain way (bench/plain.py) renders two Jinja2 templates and builds an EmailMessage; ours sets
the reader's values into a body that was prepared once. Both make the same newsletter of about
60 KB, and Python's own parser has to find the same headers and texts in both.

    python -m bench.composing [--runs 5]
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.policy import default
from typing import Any

from bench.plain import DATE, HEADERS, SENDER, SUBJECT, Newsletter, message_id, reader
from publisher.delivery.message.headers import wire_address
from publisher.delivery.message.message import Body, Compiled
from publisher.render import mark

TARGET = 1 / 200
READERS = range(1000)  # of one body, whose preparation counts too
_LEAST_SECONDS = 0.3  # a run goes through the readers again and again until so much has passed
_MARKS = ("address", "unsubscribe_url", "preferences_url")


def compose(body: Body, readers: Sequence[tuple[str, dict[str, str]]]) -> list[bytes]:
    """Compose with the program's own composer, as the sender does: compiled once, then spliced.

    readers  the Message-ID and the values of each
    """
    compiled = Compiled(body)
    return [
        compiled.compose(wire_address(values["address"]), values, identity, DATE).data()
        for identity, values in readers
    ]


def main() -> int:
    """Measure in turn, print, and return 1 when the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    newsletter = Newsletter()
    body = body_of(newsletter)
    readers = [(message_id(number), reader(number)) for number in READERS]

    def plain() -> list[bytes]:
        return [newsletter.compose(values, identity) for identity, values in readers]

    size = _same(compose(body, readers), plain())
    taken = [
        (_seconds(lambda: compose(body, readers)), _seconds(plain)) for _ in range(options.runs)
    ]
    mine, theirs = (statistics.median(side) for side in zip(*taken, strict=True))
    print(
        f"composing   {size:,} bytes: ours {mine * 1e6:.1f} µs, "
        f"Jinja2 and EmailMessage {theirs * 1e6:,.0f} µs, "
        f"1/{theirs / mine:.0f}   (to reach: 1/{1 / TARGET:.0f}); parsed equal"
    )
    return 1 if mine / theirs > TARGET else 0


def body_of(newsletter: Newsletter) -> Body:
    """Return the newsletter as a body: rendered once, with marks where readers differ."""
    marks = {name: mark(name) for name in _MARKS}
    html, plain = newsletter.render(marks)
    headers = [("From", SENDER), *((name, value.format(**marks)) for name, value in HEADERS)]
    return Body(1, "weekly", "en", tuple(headers), SUBJECT, html, plain)


def _seconds(compose: Callable[[], list[bytes]]) -> float:
    """Return the time a message takes."""
    began, count = time.perf_counter(), 0
    while (taken := time.perf_counter() - began) < _LEAST_SECONDS:
        count += len(compose())
    return taken / count


def _same(ours: list[bytes], theirs: list[bytes]) -> int:
    """See that a reader finds the same in both; return how long one of ours is."""
    for mine, other in zip(ours, theirs, strict=True):
        if _read(mine) != _read(other):
            raise SystemExit(f"two messages differ: {_read(mine)[0]} and {_read(other)[0]}")
    return len(ours[0])


def _read(data: bytes) -> tuple[Any, ...]:
    message = message_from_bytes(data, policy=default)
    headers = sorted(
        (name.lower(), str(value))
        for name, value in message.items()
        if name.lower() != "content-type"  # the boundary is everybody's own
    )
    parts = [(part.get_content_type(), _text(part)) for part in message.iter_parts()]
    return headers, message.get_content_type(), parts


def _text(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


if __name__ == "__main__":
    sys.exit(main())
