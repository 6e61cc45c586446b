"""The one way out of the program for any address that an editor's text or a stranger may have named.

`Reach.ask` looks a name up once, refuses every address that is not a public one, and connects to
exactly the address it checked, while Host, SNI and certificate stay those of the name; each
redirect is judged anew. A `Channel` asks one server many times over one connection and follows no
redirect. Time, size and redirects have limits; no cookie is kept, no proxy used, no password sent.
What became of a request is a value, an `Answer`, never an exception. `requests` is loaded with the
first request.
"""

from publisher.reach.answer import Answer, Kind, Sent
from publisher.reach.ask import Limits, Reach, open_reach
from publisher.reach.channel import Channel
from publisher.reach.places import Resolver, is_public, is_reserved
from publisher.reach.target import place_of

__all__ = [
    "Answer",
    "Channel",
    "Kind",
    "Limits",
    "Reach",
    "Resolver",
    "Sent",
    "is_public",
    "is_reserved",
    "open_reach",
    "place_of",
]
