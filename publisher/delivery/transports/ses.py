"""Deliver through Amazon SES, API version 2: the whole message as we made it, one recipient a call.

SES keeps what we wrote but for two fields: it puts a Date and a Message-ID of its own in their
place. So a repeat after a crash cannot be recognised by its Message-ID.
Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html and
https://docs.aws.amazon.com/ses/latest/dg/header-fields.html (both November 2026).
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event

from publisher.delivery.http.api import (
    NOT_ASCII,
    SOON,
    by_status,
    need,
    open_channel,
    patiently,
    retry_after,
    told,
    unanswered,
    words,
)
from publisher.delivery.http.aws_signature import Credentials, signed
from publisher.delivery.outcome import Kind, Message, Outcome
from publisher.errors import TransportDown
from publisher.reach import Answer, Channel
from publisher.settings.model import Ses, Settings

PATH = "/v2/email/outbound-emails"
# "wait for an interval of up to 10 minutes, and then retry": the daily quota is one of the last 24
# hours, so room comes back bit by bit.
# Source: https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
QUOTA_REST = timedelta(minutes=10)
_HINT = (
    "look at [delivery.ses] region, the keys and what they allow, this machine's clock, and whether "
    "the SES console shows your domain as verified and the account out of the sandbox"
)

# Errors that say we ask too much; LimitExceeded is what SES has for other limits of an account.
_TOO_MUCH = frozenset({"TooManyRequests", "Throttling", "RequestThrottled", "LimitExceeded"})
# Errors that are a matter of the account or of the keys: nobody's delivery fails by them.
_ACCOUNT = frozenset(
    (
        *("AccessDenied", "AccountSuspended", "ExpiredToken", "IncompleteSignature"),
        *("InvalidClientTokenId", "InvalidSignature", "MailFromDomainNotVerified"),
        *("MissingAuthenticationToken", "NotAuthorized", "NotFound", "OptInRequired"),
        *("RequestExpired", "SendingPaused", "SignatureDoesNotMatch", "UnrecognizedClient"),
    )
)
# In the sandbox it is the recipient that is "not verified", else the sender: a matter of the
# account both times.
_NOT_VERIFIED = re.compile(r"not verified|failed the check in region", re.IGNORECASE)
_BAD_ADDRESS = re.compile(
    r"final '@domain'|(?:local address|domain) (?:contains|starts|ends)|missing (?:domain|local)"
    r"|illegal (?:address|character|whitespace|semicolon)",
    re.IGNORECASE,
)
_BAD_REQUEST = frozenset({"BadRequest", "InvalidParameterValue"})
_DAILY = re.compile(r"daily|quota", re.IGNORECASE)


def open_ses(settings: Settings, stop: Event | None) -> "SesTransport":
    """Return a transport for the site's account; raises SettingsError when it has no keys."""
    ses = settings.delivery.ses
    need("ses", access_key=ses.access_key, secret_key=ses.secret_key)
    channel = open_channel(settings, ses.url + PATH, stop, is_ours=bool(ses.endpoint))
    return SesTransport(ses, channel, stop=stop)


class SesTransport:
    """One connection to SES, opened when first needed and again when the server ended it."""

    name = "ses"

    def __init__(
        self,
        settings: Ses,
        channel: Channel,
        *,
        stop: Event | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare a transport.

        stop  once set, nothing is waited for that is not under way
        now   the real time, whatever clock the site goes by: Amazon refuses another
        """
        self._settings, self._channel = settings, channel
        self._stop, self._now = stop or Event(), now
        self._credentials = Credentials(
            settings.access_key, settings.secret_key, settings.session_token, settings.region
        )

    def send(self, message: Message) -> Outcome:
        """Hand one message over.

        Raises TransportDown when SES cannot be reached, or does not want mail of this account now.
        """
        if message.needs_smtputf8:
            return NOT_ASCII
        body = self._request(message)
        answer = patiently(lambda: self._post(body), _is_too_fast, self._stop)
        return self._judged(answer, message)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _request(self, message: Message) -> bytes:
        wanted = {
            "FromEmailAddress": message.sender,
            "Destination": {"ToAddresses": [message.recipient]},
            "Content": {"Raw": {"Data": b64encode(message.data).decode()}},
        }
        if self._settings.configuration_set:
            wanted["ConfigurationSetName"] = self._settings.configuration_set
        return json.dumps(wanted).encode()

    def _post(self, body: bytes) -> Answer:
        headers = {"Content-Type": "application/json"}
        url = self._channel.url
        return self._channel.post(
            signed("POST", url, headers, body, self._credentials, self._now()), body
        )

    def _judged(self, answer: Answer, message: Message) -> Outcome:
        if not answer.status:
            return unanswered(self.name, answer, message)
        said, error, keys = told(answer), _error(answer), self._credentials
        about = f"{error} {_said(said, error)}".strip()
        text = words(answer, about, message, keys.secret_key, keys.session_token, keys.access_key)
        if answer.is_ok:
            return _accepted(answer, said, text)
        if error in _TOO_MUCH:
            rest = QUOTA_REST if _is_quota(said, error) else SOON
            raise TransportDown(self.name, text, retry_after=retry_after(answer, self._now(), rest))
        if error in _ACCOUNT or (error == "MessageRejected" and _NOT_VERIFIED.search(text)):
            raise TransportDown(self.name, text, hint=_HINT)
        if error and answer.status >= 500:
            # "returns an error message to your application and does not send the email"
            # Source: https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
            raise TransportDown(self.name, text, retry_after=retry_after(answer, self._now()))
        if error == "MessageRejected":
            return Outcome(Kind.REFUSED, "554", text)
        if error in _BAD_REQUEST and _BAD_ADDRESS.search(text):
            # "553" and not 5.1.3, which would suppress the address: SES does not say whose it is.
            return Outcome(Kind.REFUSED, "553", text)
        return by_status(self.name, answer, text, self._now(), hint=_HINT)


def _accepted(answer: Answer, said: dict[str, object], text: str) -> Outcome:
    remote_id = said.get("MessageId")
    if isinstance(remote_id, str) and remote_id:
        return Outcome(Kind.ACCEPTED, str(answer.status), answer.detail, remote_id)
    return Outcome(Kind.UNKNOWN, "", f"an answer that SES never gives: {text}")


def _error(answer: Answer) -> str:
    """Return the name of an error: it stands in a header or in the body, in one of three forms.

    Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html (operation errors)
    """
    said = told(answer)
    name = answer.headers.get("x-amzn-errortype") or said.get("__type") or said.get("code") or ""
    return str(name).partition(":")[0].rpartition("#")[2].removesuffix("Exception")


def _said(said: dict[str, object], error: str) -> str:
    text = str(said.get("message") or said.get("Message") or "")
    # What follows the first sentence repeats the request, with the token of the session in it.
    return (
        text.partition(".")[0] if error in ("InvalidSignature", "SignatureDoesNotMatch") else text
    )


def _is_quota(said: dict[str, object], error: str) -> bool:
    return error == "LimitExceeded" or bool(_DAILY.search(_said(said, error)))


def _is_too_fast(answer: Answer) -> bool:
    error = _error(answer)
    return error in _TOO_MUCH and not _is_quota(told(answer), error)
