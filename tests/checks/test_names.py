import pytest

from publisher.checks import Result, names
from publisher.settings.model import Feedback

from .conftest import SIGNING, SMTP

OK, WARNING, FAILED = Result.OK, Result.WARNING, Result.FAILED
ALL = (names.dkim, names.spf, names.dmarc, names.mail_hosts)
NAME = "news._domainkey.our-town.org TXT"


@pytest.mark.parametrize("check", ALL)
def test_what_never_leaves_the_machine_is_not_looked_up(check, nameserver, lookup, our_town, key):
    settings = our_town('[delivery]\ntransport = "maildir"\n' + SIGNING, sender="d@example.org")
    result, said, _ = check(settings, lookup)
    assert result is OK
    assert "not used, since messages go to outbox/" in said
    assert nameserver.asked == []


@pytest.mark.parametrize("check", ALL[1:])
def test_a_domain_outside_the_public_internet_is_not_looked_up(check, nameserver, lookup, our_town):
    settings = our_town(SMTP, sender="digest@our-town.internal")
    result, said, _ = check(settings, lookup)
    assert result is OK
    assert "not used, since our-town.internal is no name of the public Internet" in said
    assert nameserver.asked == []


def test_without_a_key_nothing_is_compared(nameserver, lookup, our_town):
    assert names.dkim(our_town(), lookup) == (
        OK,
        "dkim: publisher does not sign; the mail server may",
        "",
    )
    assert nameserver.asked == []


def test_a_key_that_cannot_be_read_fails(lookup, our_town):
    result, said, hint = names.dkim(our_town(SMTP + SIGNING), lookup)
    assert result is FAILED
    assert said == "dkim: delivery.dkim.key_file, var/rsa.pem, is not there"
    assert "publisher dkim-key" in hint


def test_the_right_key_in_dns_is_found(nameserver, lookup, our_town, key):
    nameserver.zone[NAME] = [key.record]
    assert names.dkim(our_town(SMTP + SIGNING), lookup) == (
        OK,
        "dkim: news._domainkey.our-town.org is this site's key (rsa, 2048 bits)",
        "",
    )


@pytest.mark.parametrize(
    ("change", "result", "said"),
    [
        (lambda text: text.replace("v=DKIM1; ", ""), OK, "is this site's key"),
        (lambda text: text + "; h=sha1:sha256; s=email; n=note", OK, "is this site's key"),
        (lambda text: f"{text[:200]} {text[200:]}", OK, "is this site's key"),
        (lambda text: text + "; t=y:s", WARNING, "t=y, for testing"),
        (lambda text: "v=DKIM1; k=rsa; p=", FAILED, "withdrawn"),
        (lambda text: text.replace("k=rsa", "k=ed25519"), FAILED, "is for keys of ed25519"),
        (lambda text: text + "; h=sha1", FAILED, "does not allow sha256"),
        (lambda text: text + "; s=other", FAILED, "is not for mail"),
        (lambda text: text[:255], FAILED, "no base64; a part may be missing"),
        (lambda text: text.replace("p=MIIBIj", "p=MIIBIk"), FAILED, "another key"),
        (lambda text: text.replace("DKIM1", "DKIM2"), FAILED, "no record of DKIM"),
        (lambda text: "v=spf1 -all", FAILED, "no record of DKIM"),
    ],
)
def test_what_the_record_says(nameserver, lookup, our_town, key, change, result, said):
    nameserver.zone[NAME] = [change(key.record)]
    found = names.dkim(our_town(SMTP + SIGNING), lookup)
    assert found[0] is result
    assert said in found[1]
    assert bool(found[2]) == (result is not OK)


def test_no_record_fails(nameserver, lookup, our_town, key):
    assert "has no record" in names.dkim(our_town(SMTP + SIGNING), lookup)[1]


def test_several_records_fail(nameserver, lookup, our_town, key):
    nameserver.zone[NAME] = [key.record, "v=DKIM1; k=rsa; p="]
    assert "has 2 records" in names.dkim(our_town(SMTP + SIGNING), lookup)[1]


def test_the_worse_of_two_keys_is_the_result(nameserver, lookup, our_town, key, site):
    from publisher.delivery import make_key_file

    make_key_file(site.root / "var/ed.pem", "ed25519-sha256")
    nameserver.zone[NAME] = [key.record]
    more = 'ed25519_selector = "ed"\ned25519_key_file = "var/ed.pem"\n'
    result, said, _ = names.dkim(our_town(SMTP + SIGNING + more), lookup)
    assert result is FAILED
    assert said.startswith("dkim: ed._domainkey.our-town.org has no record; ")


SPF = "our-town.org TXT"


@pytest.mark.parametrize(
    ("records", "result", "said"),
    [
        ([], WARNING, "has no record"),
        (["v=spf1 -all", "v=spf1 ~all"], FAILED, "2 records"),
        (["v=spf1 +all"], FAILED, "lets everybody send"),
        (["v=spf1 ?all"], WARNING, "says nothing of others"),
        (["v=spf1 a"], WARNING, "says nothing of others"),
        (["v=spf1 nonsense:x -all"], FAILED, "cannot use"),
        (["verify=me", "v=spf1 a ~all"], OK, "the public address of 127.0.0.1"),
    ],
)
def test_spf(nameserver, lookup, our_town, records, result, said):
    nameserver.zone |= {SPF: records, "our-town.org A": ["192.0.2.1"]}
    found = names.spf(our_town(), lookup)
    assert found[0] is result
    assert said in found[1]
    assert bool(found[2]) == (result is not OK)


@pytest.mark.parametrize(
    ("network", "said"),
    [("8.8.8.0/24", "it names the mail server, relay.net"), ("9.9.9.9", "does not name relay.net")],
)
def test_spf_and_the_mail_server(nameserver, lookup, our_town, network, said):
    nameserver.zone |= {SPF: [f"v=spf1 ip4:{network} -all"], "relay.net A": ["8.8.8.8"]}
    settings = our_town(SMTP + '[delivery.smtp]\nhost = "relay.net"\n')
    result, found, _ = names.spf(settings, lookup)
    assert result is OK
    assert said in found


@pytest.mark.parametrize(
    ("record", "result", "said"),
    [
        ("v=DMARC1; p=none", OK, "our-town.org goes by _dmarc.our-town.org, p=none"),
        ("v=DMARC1; p=reject; t=y", OK, "on trial"),
        ("v=DMARC1; p=quarantine; pct=20", WARNING, "pct=, which receivers read no more"),
        ("v=DMARC1; p=monitor", WARNING, "no policy"),
        ("v=DMARC1; rua=mailto:a@b.org", WARNING, "no policy"),
    ],
)
def test_dmarc(nameserver, lookup, our_town, record, result, said):
    nameserver.zone["_dmarc.our-town.org TXT"] = [record]
    found = names.dmarc(our_town(), lookup)
    assert found[0] is result
    assert said in found[1]


def test_dmarc_of_the_organisation_is_used(nameserver, lookup, our_town):
    nameserver.zone["_dmarc.our-town.org TXT"] = ["v=DMARC1; p=reject; sp=none"]
    settings = our_town(SMTP, sender="digest@news.our-town.org")
    assert "goes by _dmarc.our-town.org, sp=none" in names.dmarc(settings, lookup)[1]


def test_no_record_of_dmarc_is_a_warning(lookup, our_town):
    assert names.dmarc(our_town(), lookup)[0] is WARNING


def test_two_records_of_dmarc_fail(nameserver, lookup, our_town):
    nameserver.zone["_dmarc.our-town.org TXT"] = ["v=DMARC1; p=none"] * 2 + ["v=DMARC1; p=reject"]
    assert names.dmarc(our_town(), lookup)[0] is FAILED


@pytest.mark.parametrize(
    ("sender", "record", "result"),
    [
        ("digest@our-town.org", "p=none; adkim=s", OK),
        ("digest@news.our-town.org", "p=none", OK),
        ("digest@news.our-town.org", "p=none; adkim=s", FAILED),
        ("digest@other-town.org", "p=none", FAILED),
    ],
)
def test_a_signature_counts_within_one_organisation(
    nameserver, lookup, our_town, sender, record, result
):
    for domain in ("our-town.org", "other-town.org"):
        nameserver.zone[f"_dmarc.{domain} TXT"] = [f"v=DMARC1; {record}"]
    found = names.dmarc(our_town(SMTP + SIGNING, sender=sender), lookup)
    assert found[0] is result
    assert ("does not count" in found[1]) == (result is FAILED)


@pytest.mark.parametrize(
    ("zone", "result", "said"),
    [
        ({}, FAILED, "takes no mail: it has no MX record and no address"),
        ({"our-town.org A": ["192.0.2.1"]}, WARNING, "has no MX record"),
        ({"our-town.org MX": ["0 ."]}, FAILED, "says that it takes no mail"),
        ({"our-town.org MX": ["5 mx.our-town.org."]}, FAILED, "mx.our-town.org, which has no"),
        (
            {"our-town.org MX": ["5 mx.our-town.org."], "mx.our-town.org A": ["192.0.2.1"]},
            OK,
            "mail to our-town.org goes to mx.our-town.org",
        ),
    ],
)
def test_mail_hosts(nameserver, lookup, our_town, zone, result, said):
    nameserver.zone |= zone
    found = names.mail_hosts(our_town(), lookup)
    assert found[0] is result
    assert said in found[1]


def test_bounces_must_find_somebody_too(nameserver, lookup, our_town):
    nameserver.zone |= {"our-town.org MX": ["5 mx.net."], "mx.net A": ["192.0.2.1"]}
    settings = our_town().model_copy(update={"feedback": Feedback(domain="bounces.our-town.org")})
    result, said, _ = names.mail_hosts(settings, lookup)
    assert result is FAILED
    assert said.startswith("mx: bounces.our-town.org takes no mail")
    assert said.endswith("; mail to our-town.org goes to mx.net")
