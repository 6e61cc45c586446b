"""`publisher doctor` with a DNS server and `publisher dkim-key`, as people use them together."""

import json
import stat

import pytest

SMTP = '[delivery]\ntransport = "smtp"\n[delivery.smtp]\nport = 1\n'


@pytest.fixture
def sending(site):
    """The small site, sending for our-town.org; returns a function that adds settings."""
    text = (site.root / "publisher.toml").read_text().replace("@example.org", "@our-town.org")

    def configure(*lines: str) -> None:
        site.configure(text + SMTP + "\n".join(lines) + "\n")

    configure()
    return configure


def found(ran, number: str) -> dict[str, str]:
    return next(each for each in ran.json["checks"] if each["check"] == number)


def test_from_a_key_to_a_record_that_doctor_finds_right(publisher, sending, nameserver, site):
    made = publisher("dkim-key", "--json").json
    assert made["made"]
    assert stat.S_IMODE((site.root / made["key_file"]).stat().st_mode) == 0o600
    assert made["record"]["name"] == "publisher._domainkey.our-town.org"
    assert "".join(made["record"]["strings"]) == made["record"]["value"]
    sending(*made["settings"])
    assert "has no record" in found(publisher("doctor", "--json"), "P016")["message"]

    nameserver.zone |= {
        f"{made['record']['name']} TXT": [made["record"]["value"]],
        "our-town.org TXT": ["v=spf1 mx -all"],
        "our-town.org MX": ["10 mail.our-town.org."],
        "mail.our-town.org A": ["192.0.2.25"],
        "_dmarc.our-town.org TXT": ["v=DMARC1; p=none"],
    }
    ran = publisher("doctor", "--json")
    assert {
        number: found(ran, number)["result"] for number in ("P016", "P017", "P018", "P019")
    } == (dict.fromkeys(("P016", "P017", "P018", "P019"), "ok"))
    assert "names are looked up at 127.0.0.1:" in ran.err

    again = publisher("dkim-key", "--json").json
    assert again == {**made, "made": False, "settings": []}


def test_a_resolver_that_fails_is_a_warning(publisher, sending, nameserver):
    nameserver.broken |= {"our-town.org", "_dmarc.our-town.org"}
    ran = publisher("doctor", "--json")
    for number in ("P017", "P018", "P019"):
        assert found(ran, number)["result"] == "warning"
        assert "could not be looked up" in found(ran, number)["message"]


def test_the_record_for_people_is_that_of_the_zone_file(publisher, sending, site):
    said = publisher("dkim-key", "--selector", "news2027", "--domain", "mail.our-town.org").out
    record = publisher("dkim-key", "--selector", "news2027", "--domain", "mail.our-town.org")
    value = next(line.split(None, 1)[1] for line in said.splitlines() if "  value" in line)
    zone = next(line for line in said.splitlines() if " IN TXT " in line)
    assert value.startswith("v=DKIM1; k=rsa; p=MII")
    assert zone.startswith("news2027._domainkey.mail.our-town.org. 3600 IN TXT ( ")
    assert "".join(zone.split('"')[1::2]) == value
    assert max(map(len, zone.split('"')[1::2])) <= 255
    assert 'key_file = "var/dkim-news2027.pem"' in said
    assert "there already; this is its record" in record.out
    assert value in record.out


def test_an_ed25519_key_has_a_file_and_a_selector_of_its_own(publisher, sending, site):
    rsa = publisher("dkim-key", "--json").json
    short = publisher("dkim-key", "--ed25519", "--json").json
    assert short["selector"] == "publisher-ed25519"
    assert short["record"]["value"].startswith("v=DKIM1; k=ed25519; p=")
    assert short["key_file"] != rsa["key_file"]
    sending(*rsa["settings"], *short["settings"][2:])
    assert publisher("dkim-key", "--ed25519", "--json").json["settings"] == []


def test_the_key_that_the_settings_name_is_the_one_that_is_made(publisher, sending, site):
    sending(
        "[delivery.dkim]",
        'domain = "our-town.org"',
        'selector = "s1"',
        'key_file = "keys/mail.pem"',
    )
    assert publisher("dkim-key", "--json").json["key_file"] == "keys/mail.pem"
    assert (site.root / "keys/mail.pem").is_file()


def test_a_key_to_change_to_asks_only_for_what_changes(publisher, sending):
    sending(*publisher("dkim-key", "--json").json["settings"])
    assert publisher("dkim-key", "--selector", "news2027", "--json").json["settings"] == [
        "[delivery.dkim]",
        'selector = "news2027"',
        'key_file = "var/dkim-news2027.pem"',
    ]


def test_a_key_from_the_environment_is_shown_and_none_is_made(
    publisher, sending, site, monkeypatch
):
    publisher("dkim-key")
    path = site.root / "var/dkim-publisher.pem"
    monkeypatch.setenv("PUBLISHER_DELIVERY_DKIM_KEY", path.read_text())
    path.unlink()
    sending("[delivery.dkim]", 'domain = "our-town.org"', 'selector = "s1"')
    ran = publisher("dkim-key")
    assert ran.out.startswith("the key from the environment (rsa, 2048 bits): there already")
    assert list((site.root / "var").glob("*.pem")) == []
    for words in (("--values",), ("--values", "--json")):
        assert "PRIVATE KEY" not in publisher("doctor", *words).out


def test_a_file_that_is_no_key_is_left_as_it_is(publisher, sending, site):
    path = site.write("var/dkim-publisher.pem", "something else")
    path.chmod(0o600)
    ran = publisher("dkim-key", "--json")
    assert ran.code == 3
    assert "is no private RSA key in PEM" in json.loads(ran.out)["error"]["message"]
    assert path.read_text() == "something else"


@pytest.mark.parametrize("option", ["--domain", "--selector"])
def test_a_name_that_dns_cannot_hold_is_refused(publisher, sending, site, option):
    ran = publisher("dkim-key", option, "../up")
    assert ran.code == 2
    assert "cannot stand in DNS" in ran.err
    assert not list(site.root.rglob("*.pem"))
