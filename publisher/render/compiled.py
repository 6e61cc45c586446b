"""What Jinja made of templates, kept for as long as the process lives.

Code follows from a template's file and text alone; nothing of a site's settings goes into it. So
whoever opens a site again, as `publisher run` does when the settings change, need not compile the
same text again, which takes longer than rendering it.
"""

from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_codes: dict[str, tuple[str, CodeType]] = {}  # by file: the checksum of its text, and the code


class Compiled(BytecodeCache):
    """Hands Jinja the code of a template whose text is still the same."""

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = _codes.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        _codes[bucket.key] = (bucket.checksum, bucket.code)
