"""Requests to Amazon signed with AWS Signature Version 4.

A pure function of a request, a pair of keys and a moment. Amazon's own client is not used for it:
it is 20 MB of descriptions of services, and this is a page.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs, and for what."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)  # of temporary keys
    region: str = "us-east-1"
    service: str = "ses"


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a request with those that prove who sends it.

    url      without a query
    headers  all that are given are signed, and those that follow from URL, keys and time
    now      the real time (aware): Amazon refuses what is more than five minutes off
    """
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "X-Amz-Date": moment}
    if credentials.session_token:
        sent["X-Amz-Security-Token"] = credentials.session_token
    lines = {name.lower(): " ".join(value.split()) for name, value in sent.items()}
    lines["host"] = _host(url)
    names = ";".join(sorted(lines))
    canonical = "\n".join(
        (
            method,
            quote(urlsplit(url).path or "/", safe="/-_.~"),
            "",  # the query
            *(f"{name}:{lines[name]}" for name in sorted(lines)),
            "",
            names,
            sha256(body).hexdigest(),
        )
    )
    scope = f"{moment[:8]}/{credentials.region}/{credentials.service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, scope, sha256(canonical.encode()).hexdigest()))
    signature = hmac.digest(_key(credentials, moment[:8]), to_sign.encode(), "sha256").hex()
    proof = f"Credential={credentials.access_key}/{scope}, SignedHeaders={names}, "
    return {**sent, "Authorization": f"{_ALGORITHM} {proof}Signature={signature}"}


def _key(credentials: Credentials, day: str) -> bytes:
    key = b"AWS4" + credentials.secret_key.encode()
    for part in (day, credentials.region, credentials.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _host(url: str) -> str:
    """Return the Host that the request will have: without a port that goes without saying."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)):
        return host
    return f"{host}:{parts.port}"
