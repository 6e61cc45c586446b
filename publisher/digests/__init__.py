"""Editions: which slot is due, what goes into it, who gets which body, from open to sent.

`open_due` does all that is due and `close_settled` ends it; `make_body` is what the sender asks
for a body not made yet. `forecast` and `preview` look ahead and change nothing. The rule of who
gets what stands in `select`, pure and with its specification as tests; `delivery` carries the
messages and knows nothing of any of this.
"""

from publisher.digests.body import Preview, body_for_test, make_body, preview, settings_of
from publisher.digests.edition import Edition, State, purpose_of
from publisher.digests.forecast import Forecast, forecast
from publisher.digests.lifecycle import Opened, close_settled, open_due
from publisher.digests.period import Slot, next_slot, read_at, slots_between
from publisher.digests.queue import record_seen, start
from publisher.digests.reasons import Reasons, reasons

__all__ = [
    "Edition",
    "Forecast",
    "Opened",
    "Preview",
    "Reasons",
    "Slot",
    "State",
    "body_for_test",
    "close_settled",
    "forecast",
    "make_body",
    "next_slot",
    "open_due",
    "preview",
    "purpose_of",
    "read_at",
    "reasons",
    "record_seen",
    "settings_of",
    "slots_between",
    "start",
]
