"""What a provider says of our account when it is asked, without sending anything."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from publisher.delivery.http.api import MOST_BYTES, need, told
from publisher.delivery.http.aws_signature import Credentials, signed
from publisher.reach import Answer, Limits, open_reach, place_of
from publisher.settings.model import Settings

ASK_SECONDS = 10.0
SES_ACCOUNT = "/v2/email/account"
POSTMARK_STREAM = "/message-streams/"
TEST_TOKEN = "POSTMARK_API_TEST"  # noqa: S105  everybody's: Postmark checks a message and drops it


@dataclass(frozen=True, slots=True)
class Account:
    """What a provider says of our account."""

    said: str
    hint: str = ""  # what to do, when mail would not go out, or not as it should
    is_usable: bool = True


def look_at_account(settings: Settings) -> Account | None:
    """Ask the provider of the site's transport; None when it has none.

    Raises SettingsError when there are no keys.
    """
    look = {"ses": _ses, "postmark": _postmark}.get(settings.delivery.transport)
    return look(settings) if look else None


def _ses(settings: Settings) -> Account:
    """Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html"""
    ses = settings.delivery.ses
    need("ses", access_key=ses.access_key, secret_key=ses.secret_key)
    keys = Credentials(ses.access_key, ses.secret_key, ses.session_token, ses.region)
    url = ses.url + SES_ACCOUNT
    headers = signed("GET", url, {}, b"", keys, datetime.now(UTC))
    answer = _asked(settings, url, headers, is_ours=bool(ses.endpoint))
    if answer.status == 403 and "AccessDenied" in answer.headers.get("x-amzn-errortype", ""):
        return Account("SES knows the keys; they may not look at the account (ses:GetAccount)")
    if not answer.is_ok:
        return _no_answer(
            answer, "look at [delivery.ses] region, the keys and this machine's clock"
        )
    return _ses_account(told(answer))


def _ses_account(account: dict[str, Any]) -> Account:
    quota = _inside(account, "SendQuota")
    sent, most, rate = (
        float(quota.get(name) or 0) for name in ("SentLast24Hours", "Max24HourSend", "MaxSendRate")
    )
    of = f"of {most:,.0f}" if most >= 0 else "without a limit"  # -1 is how SES says that
    said = f"SES has sent {sent:,.0f} {of} in 24 hours, {rate:g} a second at most"
    if not account.get("SendingEnabled"):
        hint = "look into the SES console why sending is paused"
        return Account("SES does not send for this account now", hint, is_usable=False)
    if not account.get("ProductionAccessEnabled"):
        hint = "ask for production access in the SES console: in the sandbox only verified addresses get mail"
        return Account(said, hint)
    status = account.get("EnforcementStatus", "HEALTHY")
    if status != "HEALTHY":
        return Account(f"{said}; status {status}", "look into the SES console for the reason")
    return Account(said)


def _postmark(settings: Settings) -> Account:
    """Source: https://postmarkapp.com/developer/api/message-streams-api"""
    postmark = settings.delivery.postmark
    need("postmark", token=postmark.token)
    if postmark.token == TEST_TOKEN:
        hint = "set the token of your own server in Postmark"
        return Account("the token is Postmark's test token, so nothing is delivered", hint)
    stream = postmark.message_stream
    url = postmark.url + POSTMARK_STREAM + quote(stream, safe="")
    headers = {"Accept": "application/json", "X-Postmark-Server-Token": postmark.token}
    answer = _asked(settings, url, headers, is_ours=bool(postmark.endpoint))
    if not answer.is_ok:
        return _no_answer(answer, "look at [delivery.postmark] message_stream and the token")
    said = f'Postmark sends by its stream "{stream}"'
    handling = _inside(told(answer), "SubscriptionManagementConfiguration")
    if str(handling.get("UnsubscribeHandlingType")).lower() == "postmark":
        hint = (
            "Postmark puts its own links to unsubscribe into the place of ours, and keeps what comes "
            'of them to itself; ask its support for "manage unsubscribes on your own"'
        )
        return Account(said, hint)
    return Account(said)


def _asked(settings: Settings, url: str, headers: dict[str, str], *, is_ours: bool) -> Answer:
    only = frozenset({place_of(url)}) if is_ours else frozenset()
    limits = Limits(seconds=ASK_SECONDS, size=MOST_BYTES, redirects=0)
    return open_reach(settings, only=only, limits=limits).ask("GET", url, headers=headers)


def _inside(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _no_answer(answer: Answer, hint: str) -> Account:
    where = place_of(answer.url)
    if not answer.status:
        return Account(f"{where} cannot be reached ({answer.detail})", hint, is_usable=False)
    return Account(f"{where} does not know us ({answer.detail})", hint, is_usable=False)
