import hmac

from hypothesis import given
from hypothesis import strategies as st

from publisher.keyed import keyed_hash


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_it_is_the_hmac_of_the_standard_library(secret, told):
    assert keyed_hash(secret, told) == hmac.digest(secret, told, "sha256")
