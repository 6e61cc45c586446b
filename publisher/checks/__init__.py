"""Numbered checks of a site and of what is around it: files, database, machine, mail server, names
in DNS, words.

Each check keeps its number for ever, so that it can be looked up, filtered and talked about.
`examine` runs them all, `look_ready` the few that say whether a process can work now;
`look_problems` gives those that are about files people wrote.
"""

from publisher.checks.finding import Finding, Result
from publisher.checks.table import NUMBERS, examine, look_ready
from publisher.checks.written import look_problems

__all__ = ["NUMBERS", "Finding", "Result", "examine", "look_problems", "look_ready"]
