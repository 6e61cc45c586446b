"""Signatures are those of Amazon's own test suite.

Source: aws-sig-v4-test-suite, as published with
https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html and kept in
https://github.com/awslabs/aws-c-auth (tests/aws-signing-test-suite). Cases with a query or with a
path that is to be normalised are left out: nothing here makes such requests.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from publisher.delivery.http.aws_signature import Credentials, signed

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
KEYS = Credentials(
    "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", "us-east-1", "service"
)
URL = "https://example.amazonaws.com/"
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP"
    "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT"
    "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz"
    "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
SHORT_TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "token", "names", "signature"),
    [
        pytest.param(
            *("GET", "", {}, b"", "", "host;x-amz-date"),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            id="get-vanilla",
        ),
        pytest.param(
            *("GET", UNRESERVED, {}, b"", "", "host;x-amz-date"),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            id="get-unreserved",
        ),
        pytest.param(
            *("GET", "", {"My-Header1": " value1", "My-Header2": ' "a   b   c"'}, b"", ""),
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            id="get-header-value-trim",
        ),
        pytest.param(
            *("GET", "", {}, b"", SHORT_TOKEN, "host;x-amz-date;x-amz-security-token"),
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
            id="get-vanilla-with-session-token",
        ),
        pytest.param(
            *("POST", "", {}, b"", "", "host;x-amz-date"),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            id="post-vanilla",
        ),
        pytest.param(
            *("POST", "", {"My-Header1": "value1"}, b"", "", "host;my-header1;x-amz-date"),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            id="post-header-key-sort",
        ),
        pytest.param(
            *("POST", "", {"MY-HEADER1": "value1"}, b"", "", "host;my-header1;x-amz-date"),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            id="post-header-key-case",
        ),
        pytest.param(
            *("POST", "", {"My-Header1": "VALUE1"}, b"", "", "host;my-header1;x-amz-date"),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
            id="post-header-value-case",
        ),
        pytest.param(
            *("POST", "", {}, b"", TOKEN, "host;x-amz-date;x-amz-security-token"),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            id="post-sts-header-before",
        ),
        pytest.param(
            *("POST", "", {"Content-Type": "application/x-www-form-urlencoded"}),
            *(b"Param1=value1", "", "content-type;host;x-amz-date"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            id="post-x-www-form-urlencoded",
        ),
    ],
)
def test_the_signature_is_the_published_one(method, path, headers, body, token, names, signature):
    keys = replace(KEYS, session_token=token)
    found = signed(method, URL + path, headers, body, keys, NOW)
    assert found["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    assert found["X-Amz-Date"] == "20150830T123600Z"
    assert found.get("X-Amz-Security-Token", "") == token


def test_a_moment_is_the_same_in_every_zone():
    amman = NOW.astimezone(timezone(timedelta(hours=3)))
    assert signed("GET", URL, {}, b"", KEYS, amman) == signed("GET", URL, {}, b"", KEYS, NOW)


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://h.test:443/", "https://h.test/"),
        ("http://h.test:80/", "http://h.test/"),
        ("https://H.test/", "https://h.test/"),
        ("https://h.test", "https://h.test/"),
    ],
)
def test_the_host_is_signed_as_it_is_sent(url, same):
    assert signed("GET", url, {}, b"", KEYS, NOW) == signed("GET", same, {}, b"", KEYS, NOW)
    other = "https://h.test:8443/"
    assert signed("GET", url, {}, b"", KEYS, NOW) != signed("GET", other, {}, b"", KEYS, NOW)


def test_keys_do_not_show():
    assert "wJalr" not in repr(KEYS)
    assert "t0ken" not in repr(replace(KEYS, session_token="t0ken"))
