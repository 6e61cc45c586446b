"""The one way out of the program for any address that an editor's text or a stranger may have named.

`Reach.ask` looks a name up once, refuses every address that is not a public one, and connects to
exactly the address it checked, while Host, SNI and certificate stay those of the name; each
redirect is judged anew. Time, size and redirects have limits; no cookie is kept, no proxy used, no
password sent. What became of a request is a value, an `Answer`, never an exception. `requests` is
loaded with the first request.
"""

from publisher.reach.answer import Answer, Kind
from publisher.reach.ask import Limits, Reach, open_reach
from publisher.reach.places import Resolver, is_public, is_reserved

__all__ = [
    "Answer",
    "Kind",
    "Limits",
    "Reach",
    "Resolver",
    "is_public",
    "is_reserved",
    "open_reach",
]
