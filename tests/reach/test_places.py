import pytest

from publisher.reach import is_public, is_reserved


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.80",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "::8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::c0a8:101",
        "64:ff9b:1::808:808",
        "2001::1",
        "2001:0:53aa:64c:0:fbff:f5ff:fffe",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "2001:db8::1",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "100::1",
        "5f00::1",
        "127.1",
        "2130706433",
        "",
        "localhost",
    ],
)
def test_no_address_but_a_public_one_may_be_asked(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e", "64:ff9b::808:808"],
)
def test_public_addresses_may_be_asked(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("example.org", True),
        ("www.example.com", True),
        ("example.de", True),
        ("news.example", True),
        ("a.test", True),
        ("A.INVALID.", True),
        ("localhost", True),
        ("printer.local", True),
        ("example.org.evil.net", False),
        ("counterexample.org", False),
        ("wikipedia.org", False),
        ("test.org", False),
        ("localhost.org", False),
    ],
)
def test_names_of_examples_are_known(host, expected):
    assert is_reserved(host) is expected
