"""Feedback: what comes back of messages, and what it means for those they went to.

Bounces, complaints and unsubscribing by mail are read from single messages and from Maildirs. Whom
one is about says a token that this site signed, in the address it came to or in the copy of our
message that it holds; what else it says only decides the class. Without such a token nobody is
touched.
"""

from publisher.feedback.addresses import bounce_address
from publisher.feedback.apply import Effect, Taken
from publisher.feedback.keeping import forget_unproved, last_report
from publisher.feedback.mime import MOST_BYTES
from publisher.feedback.report import Kind
from publisher.feedback.taking import Tally, take_folder, take_message

__all__ = [
    "MOST_BYTES",
    "Effect",
    "Kind",
    "Taken",
    "Tally",
    "bounce_address",
    "forget_unproved",
    "last_report",
    "take_folder",
    "take_message",
]
