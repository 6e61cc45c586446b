"""The states of a delivery and the only moves between them."""

from enum import StrEnum

from publisher.errors import StateError

# Who stopped a row that is held. One with any other code, or none, is held because it is in doubt.
HELD_CODE = "held"  # an editor, with its whole edition
OPERATOR_CODE = "operator"  # somebody, this row by itself
RESTORED_CODE = "restored"  # a restored copy, which may be older than what was sent
STOPPED_CODES = (HELD_CODE, OPERATOR_CODE, RESTORED_CODE)
CANCELLED_CODE = "cancelled"


class State(StrEnum):
    """Where one delivery is; the words stand in the database."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    HELD = "held"
    SKIPPED = "skipped"


MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENDING, State.SKIPPED, State.HELD}),
    State.SENDING: frozenset({State.SENT, State.QUEUED, State.FAILED, State.IN_DOUBT}),
    # Whoever may have the message is never called failed: we do not know it.
    State.IN_DOUBT: frozenset({State.QUEUED, State.HELD}),
    State.HELD: frozenset({State.QUEUED, State.SKIPPED}),
    State.SENT: frozenset(),
    State.FAILED: frozenset({State.QUEUED}),  # an operator's `retry`
    State.SKIPPED: frozenset(),
}


def move(thing: str, state: State, wanted: State) -> State:
    """Return the wanted state if it may follow, so that every change passes through here.

    Raises StateError, which lists the legal moves.
    """
    if wanted not in MOVES[state]:
        raise StateError(thing, state, wanted, sorted(MOVES[state]))
    return wanted
