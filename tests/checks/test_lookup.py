import socket
import time

import pytest

from publisher.checks.lookup import Lookup, Unanswered


def test_records_are_put_together_from_their_strings(nameserver, lookup):
    nameserver.zone["a.org TXT"] = ["v" * 600]
    assert lookup.texts("a.org") == ("v" * 600,)


def test_what_is_not_there_has_no_records(nameserver, lookup):
    nameserver.zone["a.org A"] = ["192.0.2.1"]
    assert lookup.texts("a.org") == ()
    assert lookup.texts("b.org") == ()
    assert lookup.mail_hosts("b.org") == ()


def test_a_name_that_dns_cannot_hold_has_no_answer(lookup):
    with pytest.raises(Unanswered):
        lookup.texts("x" * 64 + ".org")


def test_hosts_come_in_the_order_of_their_preference(nameserver, lookup):
    nameserver.zone["a.org MX"] = ["20 second.org.", "5 first.org."]
    nameserver.zone["b.org MX"] = ["0 ."]
    assert lookup.mail_hosts("a.org") == ("first.org", "second.org")
    assert lookup.mail_hosts("b.org") == ("",)


def test_addresses_are_of_both_kinds(nameserver, lookup):
    nameserver.zone |= {"h.org A": ["192.0.2.1"], "h.org AAAA": ["2001:db8::1"]}
    assert [str(each) for each in lookup.addresses("h.org")] == ["192.0.2.1", "2001:db8::1"]


def test_each_name_is_asked_once(nameserver, lookup):
    nameserver.broken.add("broken.org")
    for _ in range(3):
        lookup.texts("a.org")
        lookup.texts("A.org.")
        with pytest.raises(Unanswered, match=r"broken\.org could not be looked up"):
            lookup.texts("broken.org")
    assert nameserver.asked.count("a.org TXT") == 1


def test_a_silent_resolver_takes_a_limited_time_in_all():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        lookup = Lookup(silent.getsockname(), each_seconds=0.2, all_seconds=0.5)
        begun = time.monotonic()
        for n in range(50):
            with pytest.raises(Unanswered):
                lookup.texts(f"n{n}.org")
        assert time.monotonic() - begun < 5


def test_a_silent_name_leaves_the_others_their_answers(nameserver):
    lookup = Lookup(nameserver.place, each_seconds=0.3, all_seconds=5)
    nameserver.silent.add("silent.org")
    nameserver.zone["a.org TXT"] = ["text"]
    with pytest.raises(Unanswered, match="no answer in time"):
        lookup.texts("silent.org")
    assert lookup.texts("a.org") == ("text",)
