import pytest

from publisher.delivery.transports import TRANSPORTS, open_transport
from publisher.errors import SettingsError
from publisher.settings.model import Delivery, Feeds, Sender, Settings, Site


def settings(tmp_path, address, transport):
    return Settings(
        root=tmp_path,
        site=Site(url="https://cities.test", name="Cities", languages=["en"]),
        feeds=Feeds(id_authority="cities.test,2026"),
        sender=Sender(address=address),
        delivery=Delivery(transport=transport),
    )


@pytest.mark.parametrize(
    "address", ["digest@example.org", "a@mail.example.com", "a@example.museum", "a@x.example"]
)
def test_an_example_address_never_sends_to_real_people(tmp_path, address):
    with pytest.raises(SettingsError, match="is an example"):
        open_transport(settings(tmp_path, address, "smtp"))
    assert open_transport(settings(tmp_path, address, "maildir")).name == "maildir"


@pytest.mark.parametrize(
    "address", ["digest@cities.test", "a@example-cities.org", "a@myexample.org"]
)
def test_other_addresses_may_use_any_transport(tmp_path, address):
    for name in TRANSPORTS:
        assert open_transport(settings(tmp_path, address, name)).name == name
