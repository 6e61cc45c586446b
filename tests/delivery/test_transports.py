import asyncio

import pytest

from publisher.delivery.transports import TRANSPORTS, open_transport
from publisher.errors import SettingsError
from publisher.settings.model import Delivery, Feeds, Postmark, Sender, Ses, Settings, Site

KEYS = {
    "ses": Ses(region="eu-west-1", access_key="a", secret_key="b"),
    "postmark": Postmark(token="t"),
}


def settings(tmp_path, address, transport, keys=KEYS):
    return Settings(
        root=tmp_path,
        site=Site(url="https://cities.test", name="Cities", languages=["en"]),
        feeds=Feeds(id_authority="cities.test,2026"),
        sender=Sender(address=address),
        delivery=Delivery(transport=transport, **keys),
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


@pytest.mark.parametrize(
    ("name", "lacks"), [("ses", "no access_key and no secret_key"), ("postmark", "no token")]
)
def test_a_transport_without_its_keys_says_which(tmp_path, name, lacks):
    with pytest.raises(SettingsError, match=f"transport {name} has {lacks}"):
        open_transport(settings(tmp_path, "digest@cities.test", name, {}))


@pytest.mark.parametrize("name", list(TRANSPORTS))
def test_a_transport_that_was_never_used_can_be_closed(tmp_path, name):
    async def connect_and_close():
        connection = open_transport(settings(tmp_path, "digest@cities.test", name)).connect()
        await connection.close()
        await connection.close()

    asyncio.run(connect_and_close())
