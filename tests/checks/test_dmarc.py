"""Source: RFC 9989 section 4.10."""

import pytest

from publisher.checks.dmarc import dmarc_records, organisation, policy_of, read_tags, walk


def test_tags_are_read_with_spaces_and_a_last_semicolon():
    assert read_tags(" v=DMARC1 ; p = none;rua=mailto:a@b.org?x=1; ") == {
        "v": "DMARC1",
        "p": "none",
        "rua": "mailto:a@b.org?x=1",
    }


def test_only_records_of_dmarc_count(nameserver, lookup):
    nameserver.zone["_dmarc.a.org TXT"] = ["v=DMARC1;p=none", "v=spf1 -all", "v=DMARC2; p=none"]
    assert dmarc_records(lookup, "a.org") == ["v=DMARC1;p=none"]


def test_the_walk_goes_up_label_by_label(nameserver, lookup):
    walk(lookup, "news.our-town.org")
    assert nameserver.asked == [
        "_dmarc.news.our-town.org TXT",
        "_dmarc.our-town.org TXT",
        "_dmarc.org TXT",
    ]


def test_the_walk_of_a_long_name_takes_eight_steps(nameserver, lookup):
    walk(lookup, "a.b.c.d.e.f.g.h.i.org")
    assert len(nameserver.asked) == 8
    assert nameserver.asked[1] == "_dmarc.d.e.f.g.h.i.org TXT"


@pytest.mark.parametrize(
    ("zone", "domain", "expected", "at"),
    [
        ({}, "news.a.org", "news.a.org", None),
        ({"a.org": "p=none"}, "news.a.org", "a.org", "a.org"),
        ({"a.org": "p=none", "news.a.org": "p=reject"}, "news.a.org", "a.org", "news.a.org"),
        ({"a.org": "p=none", "b.a.org": "p=reject; psd=n"}, "c.b.a.org", "b.a.org", "b.a.org"),
        ({"bank": "p=reject; psd=y"}, "news.a.bank", "a.bank", "bank"),
        ({"bank": "p=reject; psd=y", "a.bank": "p=none"}, "news.a.bank", "a.bank", "a.bank"),
        ({"bank": "p=reject; psd=y"}, "bank", "bank", "bank"),
    ],
)
def test_policy_and_organisation(nameserver, lookup, zone, domain, expected, at):
    for name, tags in zone.items():
        nameserver.zone[f"_dmarc.{name} TXT"] = [f"v=DMARC1; {tags}"]
    found = walk(lookup, domain)
    assert organisation(domain, found) == expected
    policy = policy_of(domain, found)
    assert (policy and policy.domain) == at


def test_two_records_at_one_name_are_none(nameserver, lookup):
    nameserver.zone["_dmarc.a.org TXT"] = ["v=DMARC1; p=none", "v=DMARC1; p=reject"]
    assert walk(lookup, "a.org") == []
