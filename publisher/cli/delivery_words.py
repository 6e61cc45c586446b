"""What one row of the ledger is called: the same words wherever somebody asks about it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.delivery import Attempt

_STATES = {
    "queued": "waits to be sent",
    "sending": "is being sent, or its sender was ended; `publisher send` goes on",
    "sent": "sent",
    "failed": "not delivered",
    "in doubt": "in doubt: they may have it",
    "held": "held: they may have it, and somebody should decide",
    "skipped": "skipped when its turn came: they were no longer to be mailed",
}
# By state and code: who stopped a row says more than the state.
_STOPPED = {
    ("held", "held"): "held by an editor, with its whole edition",
    ("held", "operator"): "held by the operator; `publisher deliveries release` lets it go",
    ("held", "restored"): "held since a copy was brought back; "
    "`publisher deliveries release` lets it go",
    ("skipped", "cancelled"): "not sent: an editor cancelled the edition",
}
_BY = {"held": "by an editor", "operator": "by the operator", "restored": "restored"}
LONGEST_ANSWER = 72  # signs of an answer in a table; `explain` and --json have all of it


def state_words(state: str, code: str) -> str:
    """Return a row's state as a sentence about its reader, with the answer's code."""
    if (state, code) in _STOPPED:
        return _STOPPED[state, code]
    return _STATES[state]


def is_told(state: str, code: str) -> bool:
    """Return whether the words of a state say already what its code means."""
    return (state, code) in _STOPPED


def short_state(state: str, code: str) -> str:
    """Return a row's state in a table: "failed", "held (in doubt)", "skipped (suppressed)"."""
    if state == "held":
        return f"held ({_BY.get(code, 'in doubt')})"
    if state == "skipped" and code:
        return f"skipped ({code})"
    return state


def answer_words(attempt: "Attempt") -> str:
    """Return what a server said, or what became of an attempt without an answer."""
    return " ".join(part for part in (attempt.code, attempt.answer) if part) or attempt.outcome


def shortened(text: str) -> str:
    """Return an answer as it fits a table."""
    return text if len(text) <= LONGEST_ANSWER else text[: LONGEST_ANSWER - 1] + "…"
