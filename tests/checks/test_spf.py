"""Sources: RFC 7208 sections 4.6.4, 5 and 6."""

from ipaddress import ip_address

import pytest

from publisher.checks.spf import follow, spf_records


def followed(lookup, record: str):
    return follow(lookup, "our-town.org", record)


def test_only_records_of_spf_count(nameserver, lookup):
    nameserver.zone["a.org TXT"] = ["v=spf10 -all", "other", "V=SPF1 -all", "v=spf1"]
    assert set(spf_records(lookup, "a.org")) == {"V=SPF1 -all", "v=spf1"}


def test_networks_are_found_through_all_that_is_named(nameserver, lookup):
    nameserver.zone |= {
        "our-town.org A": ["192.0.2.1"],
        "our-town.org MX": ["10 mx.our-town.org."],
        "mx.our-town.org A": ["192.0.2.33"],
        "mx.our-town.org AAAA": ["2001:db8::33"],
        "host.org A": ["198.51.100.7"],
        "in.org TXT": ["v=spf1 ip4:203.0.113.0/24 include:deeper.org ?all"],
        "deeper.org TXT": ["v=spf1 ip6:2001:db8:1::/48 -all"],
    }
    found = followed(lookup, "v=spf1 a mx/28//64 a:host.org include:in.org -ip4:192.0.2.9 ~all")
    assert found.rest == "~"
    assert found.lookups == 5
    assert (found.wrong, found.opened_by) == ([], [])
    inside = ("192.0.2.1", "192.0.2.40", "198.51.100.7", "203.0.113.99", "2001:db8:1::1")
    assert all(found.names(ip_address(each)) for each in inside)
    assert found.names(ip_address("2001:db8::77"))
    assert not found.names(ip_address("192.0.2.9"))


def test_a_redirect_says_what_becomes_of_the_rest(nameserver, lookup):
    nameserver.zone["there.org TXT"] = ["v=spf1 ip4:192.0.2.1 -all"]
    assert followed(lookup, "v=spf1 redirect=there.org").rest == "-"
    assert followed(lookup, "v=spf1 ?all redirect=there.org").rest == "?"


def test_nothing_behind_all_is_looked_at(nameserver, lookup):
    assert followed(lookup, "v=spf1 -all include:nowhere.org").lookups == 0
    assert nameserver.asked == []


@pytest.mark.parametrize("record", ["v=spf1 +all", "v=spf1 all", "v=spf1 include:open.org -all"])
def test_who_lets_everybody_send_is_named(nameserver, lookup, record):
    nameserver.zone["open.org TXT"] = ["v=spf1 all"]
    assert followed(lookup, record).opened_by in (["our-town.org"], ["open.org"])


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("v=spf1 ipv4:192.0.2.1 -all", 'no such word as "ipv4:192.0.2.1"'),
        ("v=spf1 ip4:192.0.2.300 -all", 'no such word as "ip4:192.0.2.300"'),
        ("v=spf1 include: -all", 'no such word as "include:"'),
        ("v=spf1 <html> -all", 'no such word as "<html>"'),
        ("v=spf1 include:nothing.org -all", "nothing.org, which has no SPF record"),
        ("v=spf1 include:two.org -all", "two.org, which has 2 SPF records"),
        ("v=spf1 include:round.org -all", "round.org includes itself"),
        ("v=spf1 redirect=our-town.org", "our-town.org includes itself"),
        ("v=spf1 a:x1.org a:x2.org mx:x3.org -all", "more than 2 of the hosts"),
    ],
)
def test_what_receivers_cannot_read_is_named(nameserver, lookup, record, said):
    nameserver.zone["two.org TXT"] = ["v=spf1 -all", "v=spf1 ~all"]
    nameserver.zone["round.org TXT"] = ["v=spf1 include:round.org -all"]
    assert said in followed(lookup, record).wrong[0]


def test_too_many_lookups_are_told_and_not_followed_for_ever(nameserver, lookup):
    for n in range(100):
        nameserver.zone[f"i{n}.org TXT"] = [f"v=spf1 include:i{n + 1}.org -all"]
    found = followed(lookup, "v=spf1 include:i0.org -all")
    assert found.wrong == ["it takes more than 10 lookups"]
    assert len(nameserver.asked) <= 20


def test_ten_lookups_are_not_too_many(nameserver, lookup):
    for n in range(10):
        nameserver.zone[f"i{n}.org TXT"] = ["v=spf1 ip4:192.0.2.1 -all"]
    includes = " ".join(f"include:i{n}.org" for n in range(10))
    assert followed(lookup, f"v=spf1 {includes} -all").wrong == []


def test_what_only_a_message_decides_is_counted_and_left(nameserver, lookup):
    found = followed(lookup, "v=spf1 exists:%{i}.l.org ptr a:%{d}.org include:%{h}.org -all")
    assert found.lookups == 4
    assert len(found.blind) == 4
    assert found.wrong == []
