"""A provider of mail on loopback: a real HTTP server that gives recorded answers."""

import json
from pathlib import Path
from typing import Any

from reach.server import page

from publisher.delivery.message.message import Recipient, compose_message
from publisher.delivery.outcome import Message

from .world import QUEUED, a_body, values_for

DATA = Path(__file__).parents[1] / "data"
RECIPIENT = "r1@readers.test"
DIGEST = "digest@cities.test"


def recorded(provider: str, name: str) -> bytes:
    """Return a recorded answer as it comes over the line."""
    answer = json.loads((DATA / provider / f"{name}.json").read_text(encoding="utf-8"))
    body = answer["body"]
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = [f"{key}: {value}" for key, value in answer["headers"].items()]
    return page(data, answer["status"], *headers)


def names(provider: str) -> list[str]:
    """Return the names of all recorded answers of a provider."""
    return sorted(path.stem for path in (DATA / provider).glob("*.json"))


def a_message(recipient: str = RECIPIENT, **changes: Any) -> Message:
    """Return a message as the sender composes it, from a body with some changes."""
    body = a_body(**changes)
    person = Recipient(1, "p1", recipient, ("en",), None)
    identity = f"<0123456789abcdef@{DIGEST.partition('@')[2]}>"
    data = compose_message(body, person, values_for(person, body), identity, QUEUED)
    return Message(identity, DIGEST, recipient, data, not recipient.isascii())


class InTurn:
    """Answers each request with the next of some answers, and the last one for ever."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)

    def __call__(self, method: str, path: str) -> bytes:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
