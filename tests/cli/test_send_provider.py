"""Sending through a provider's API with the whole program, the provider being a server on loopback."""

import json
from base64 import b64decode
from email import message_from_bytes, policy

import pytest
from delivery.provider import InTurn, recorded
from reach.server import serve

__all__ = ["serve"]

AT_SLOT = "2026-03-03T07:00:30Z"
KEYS = {
    "PUBLISHER_DELIVERY_SES_ACCESS_KEY": "AKIDEXAMPLE",
    "PUBLISHER_DELIVERY_SES_SECRET_KEY": "s3cret-key",
    "PUBLISHER_DELIVERY_POSTMARK_TOKEN": "t0ken-of-the-server",
}


@pytest.fixture
def provider(site, serve, monkeypatch):
    """Let the small site send through a provider that gives some answers in turn."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)

    def start(name, *answers, connections=4):
        server = serve(InTurn(*(recorded(name, answer) for answer in answers)), keeps=True)
        monkeypatch.setenv("PUBLISHER_REACH", server.place)
        site.configure(
            (site.root / "publisher.toml")
            .read_text()
            .replace("digest@example.org", "digest@our-town.org")
            + f'[delivery]\ntransport = "{name}"\n[delivery.{name}]\nendpoint = "{server.url}"\n'
            + f"connections = {connections}\n"
            + ('region = "eu-west-1"\n' if name == "ses" else "")
        )
        return server

    return start


@pytest.fixture
def begun(publisher, site):
    """Add two readers and an item, and let the digest begin."""

    def begin():
        site.item("a.en.md", "First news")
        for address in ("ann@example.net", "ben@example.net"):
            publisher("subscribers", "add", address, "--consent", "asked")
        assert publisher("send").code == 0

    return begin


def test_an_edition_leaves_through_ses(publisher, provider, begun):
    server = provider("ses", "sent")
    begun()
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 0
    assert "2 sent" in ran.out
    sent = [json.loads(body) for body in server.bodies]
    assert sorted(each["Destination"]["ToAddresses"][0] for each in sent) == [
        "ann@example.net",
        "ben@example.net",
    ]
    raw = b64decode(sent[0]["Content"]["Raw"]["Data"])
    message = message_from_bytes(raw, policy=policy.default)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "First news" in message.get_body(("plain",)).get_content()
    again = publisher("send", at=AT_SLOT)
    assert (again.code, len(server.bodies)) == (0, 2)


def test_an_edition_leaves_through_postmark(publisher, provider, begun):
    server = provider("postmark", "sent", "inactive")
    begun()
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 5
    assert "1 sent, 1 failed, 0 waiting" in ran.out
    sent = [json.loads(body) for body in server.bodies]
    assert sorted(each["To"] for each in sent) == ["ann@example.net", "ben@example.net"]
    assert "First news" in sent[0]["HtmlBody"]
    assert "First news" in sent[0]["TextBody"]
    listed = publisher("subscribers", "list", "--json").json["subscribers"]
    assert [each["suppressed"] for each in listed] == [False, False]


def test_a_paused_account_fails_nobody_and_the_rest_goes_out_later(publisher, provider, begun):
    # Over several, what one was refused another may take up again before it hears of that.
    server = provider("ses", "sent", "paused", "sent", connections=1)
    begun()
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 5
    assert "1 sent, 0 failed, 1 waiting" in ran.out
    assert "currently paused" in ran.out + ran.err
    assert "[delivery.ses]" in ran.out + ran.err
    later = publisher("send", at="2026-03-03T07:02:00Z")
    assert (later.code, len(server.bodies)) == (0, 3)
    assert "1 sent" in later.out


def test_a_quota_is_no_failure_and_says_when_to_go_on(publisher, provider, begun):
    provider("ses", "daily-quota")
    begun()
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 5
    assert "Daily message quota exceeded" in ran.out + ran.err
    assert "0 sent, 0 failed, 2 waiting" in ran.out
    assert "07:10" in ran.out, "ten minutes later"


def test_why_somebody_got_nothing_is_told_without_the_address(publisher, provider, begun):
    provider("postmark", "inactive")
    begun()
    publisher("send", at=AT_SLOT)
    told = publisher("explain", "ann@example.net", at=AT_SLOT)
    assert "marked as inactive" in told.out


def test_no_keys_is_said_before_anything_is_asked(publisher, provider, begun, monkeypatch):
    server = provider("ses", "sent")
    begun()
    monkeypatch.delenv("PUBLISHER_DELIVERY_SES_SECRET_KEY")
    ran = publisher("send", at=AT_SLOT)
    assert ran.code == 3
    assert "transport ses has no secret_key" in ran.err
    assert server.heads == []


def found(ran) -> dict[str, str]:
    return next(each for each in ran.json["checks"] if each["check"] == "P014")


@pytest.mark.parametrize(
    ("name", "answer", "result", "said"),
    [
        ("ses", "account", "ok", "SES has sent 1,200 of 50,000 in 24 hours, 14 a second at most"),
        ("ses", "account-in-sandbox", "warning", "SES has sent 0 of 200"),
        ("ses", "not-allowed", "ok", "may not look at the account"),
        ("ses", "wrong-key", "failed", "does not know us (403 Forbidden)"),
        ("postmark", "stream", "ok", 'Postmark sends by its stream "broadcast"'),
        ("postmark", "stream-with-links-of-theirs", "warning", "stream"),
        ("postmark", "wrong-token", "failed", "does not know us (401 Unauthorized)"),
    ],
)
def test_the_doctor_asks_for_the_account_and_sends_nothing(
    publisher, provider, name, answer, result, said
):
    server = provider(name, answer)
    check = found(publisher("doctor", "--json"))
    assert check["result"] == result
    assert said in check["message"]
    assert bool(check["hint"]) is (result != "ok")
    (asked,) = server.asked
    assert asked.startswith("GET /")


def test_the_doctor_says_which_keys_are_missing(publisher, provider, monkeypatch):
    provider("postmark", "stream")
    monkeypatch.delenv("PUBLISHER_DELIVERY_POSTMARK_TOKEN")
    check = found(publisher("doctor", "--json"))
    assert check["result"] == "failed"
    assert "PUBLISHER_DELIVERY_POSTMARK_TOKEN" in check["hint"]


def test_the_doctor_knows_the_token_that_delivers_nothing(publisher, provider, monkeypatch):
    server = provider("postmark", "stream")
    monkeypatch.setenv("PUBLISHER_DELIVERY_POSTMARK_TOKEN", "POSTMARK_API_TEST")
    assert found(publisher("doctor", "--json"))["result"] == "warning"
    assert server.heads == []


def test_a_provider_that_does_not_answer_fails_the_check(publisher, provider, monkeypatch):
    provider("ses", "account")
    monkeypatch.setenv("PUBLISHER_REACH", "127.0.0.1:9")
    check = found(publisher("doctor", "--json"))
    assert check["result"] == "failed"
    assert "cannot be reached" in check["message"]


@pytest.mark.parametrize("name", ["ses", "postmark"])
def test_no_secret_is_printed(publisher, provider, begun, name):
    provider(name, "wrong-key" if name == "ses" else "wrong-token")
    begun()
    ran = [publisher("doctor"), publisher("doctor", "--values"), publisher("send", at=AT_SLOT)]
    said = "".join(each.out + each.err for each in ran)
    assert f"delivery.{name}." in said
    for secret in KEYS.values():
        assert secret not in said
