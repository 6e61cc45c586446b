"""What transports over HTTP share: the way out, reading an answer, and what a bare status means.

An answer of any kind is proof of something only if it says so. What is certain is that a request
was not taken when not all of it had left, when the server says that it did not take it (4xx, 429,
503), or when it sends us elsewhere. A 500, a 502, a 504 or silence after the whole request is no
such proof: the message is in doubt.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Event
from typing import Any

from publisher.delivery.outcome import Kind, Message, Outcome, without_address
from publisher.errors import Problem, SettingsError, TransportDown
from publisher.reach import Answer, Channel, Limits, Sent, open_reach, place_of
from publisher.settings.model import Settings

ANSWER_SECONDS = 60.0  # what Amazon's own clients wait for an answer
STOP_SECONDS = 8.0  # after a wish to stop, which is to be met within ten
MOST_BYTES = 65_536  # of an answer; real ones have a few hundred
# Between two tries of a request that was refused because another came just before.
TOO_FAST_WAITS = (0.25, 0.5, 1.0, 2.0)
SOON = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)

NOT_ASCII = Outcome(
    Kind.REFUSED,
    "5.6.7",  # RFC 6531 section 3.5
    "the address is not ASCII, and the provider takes no such addresses",
)


def open_channel(settings: Settings, url: str, stop: Event | None, *, is_ours: bool) -> Channel:
    """Return a way to post to a provider; it connects when first used.

    stop     once set, the message under way is waited for seconds, not minutes
    is_ours  the operator named the server: it may lie on a private network
    """
    only = frozenset({place_of(url)}) if is_ours else frozenset()
    limits = Limits(seconds=ANSWER_SECONDS, size=MOST_BYTES, redirects=0)
    return open_reach(settings, only=only, limits=limits).channel(
        url, stop=stop, stop_seconds=STOP_SECONDS
    )


def need(name: str, **secrets: str) -> None:
    """See that a transport has its secrets; raises SettingsError naming those it lacks."""
    lacking = [key for key, value in secrets.items() if not value]
    if lacking:
        variables = ", ".join(f"PUBLISHER_DELIVERY_{name}_{key}".upper() for key in lacking)
        files = ", ".join(f"{key}_file" for key in lacking)
        problem = Problem(
            "publisher.toml",
            0,
            f"transport {name} has no {' and no '.join(lacking)}",
            f"set {variables}, or [delivery.{name}] {files}",
        )
        raise SettingsError([problem])


def patiently(
    post: Callable[[], Answer], is_too_fast: Callable[[Answer], bool], stop: Event
) -> Answer:
    """Return the answer to a request, which is made anew as long as it came only too fast.

    A provider's limit per second is no reason to end a run: the next second has room again.
    """
    for wait in TOO_FAST_WAITS:
        answer = post()
        if not is_too_fast(answer) or stop.wait(wait):
            return answer
    return post()


def told(answer: Answer) -> dict[str, Any]:
    """Return the JSON object that an answer holds, or an empty one."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def words(answer: Answer, said: str, message: Message, *secrets: str) -> str:
    """Return what a provider said, on one line, without our secrets and the recipient's address.

    The domain goes too: a family's own says as much as the address, and providers name it alone.
    """
    text = f"{answer.detail}: {said}" if said else answer.detail
    for secret in secrets:
        text = text.replace(secret, "<secret>") if secret else text
    text = without_address(text, message.recipient)
    domain = message.recipient.rpartition("@")[2]
    if domain == message.sender.rpartition("@")[2]:
        return text
    return re.sub(re.escape(domain), "<domain>", text, flags=re.IGNORECASE)


def retry_after(answer: Answer, now: datetime, otherwise: timedelta = SOON) -> timedelta:
    """Return how long a provider wants to be left alone, a day at most.

    Source: RFC 9110 section 10.2.3: seconds, or a date.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return otherwise
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(timedelta(0), min(until - now, LONGEST_WAIT))


def unanswered(transport: str, answer: Answer, message: Message) -> Outcome:
    """Return what is known of a message when no server answered.

    Raises TransportDown when there was no connection.
    """
    text = without_address(answer.detail, message.recipient)
    match answer.sent:
        case Sent.NOTHING:
            raise TransportDown(transport, f"{answer.url}: {text}", retry_after=SOON)
        case Sent.PART:
            return Outcome(Kind.DEFERRED, "", text)
        case Sent.WHOLE:
            return Outcome(Kind.UNKNOWN, "", text)


def by_status(transport: str, answer: Answer, text: str, now: datetime, *, hint: str) -> Outcome:
    """Return what a status alone says of a message, when the provider's words say no more.

    text  the words to keep
    hint  what to look at when the provider does not want us

    Raises TransportDown for what is a matter of the account, the address or the provider.
    """
    status = answer.status
    if status == 413:
        return Outcome(Kind.REFUSED, "5.3.4", text)  # RFC 3463: too big for the system
    if status in (429, 503):
        raise TransportDown(transport, text, retry_after=retry_after(answer, now))
    if 300 <= status < 400 or status in (401, 402, 403, 404, 407):
        raise TransportDown(transport, text, hint=hint)
    if 400 <= status < 500:
        # It names nobody's fault: others get their turn, and a person reads the words meanwhile.
        return Outcome(Kind.DEFERRED, str(status), text)
    return Outcome(Kind.UNKNOWN, "", text)
