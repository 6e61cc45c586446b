"""HMAC-SHA256 under the site's secrets, of which a message takes several.

The state after the key is the same each time and is kept: OpenSSL's own call looks its algorithms up
anew and takes three times as long.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Any

_BLOCK = 64  # bytes; longer keys are hashed first (RFC 2104)
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def keyed_hash(secret: bytes, told: bytes) -> bytes:
    """Return the HMAC-SHA256 of what is told, 32 bytes."""
    inner, outer = (state.copy() for state in _states(secret))
    inner.update(told)
    outer.update(inner.digest())
    return bytes(outer.digest())


@lru_cache(maxsize=64)
def _states(secret: bytes) -> tuple[Any, Any]:
    key = secret if len(secret) <= _BLOCK else sha256(secret).digest()
    block = key.ljust(_BLOCK, b"\0")
    return sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))
