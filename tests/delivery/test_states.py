import pytest

from publisher.delivery.ledger.states import MOVES, State, move
from publisher.errors import StateError
from publisher.store.tables import deliveries


def test_every_state_has_its_moves_and_the_database_knows_it():
    assert set(MOVES) == set(State)
    (words,) = [str(check.sqltext) for check in deliveries.constraints if hasattr(check, "sqltext")]
    assert all(f"'{state}'" in words for state in State)


def test_a_message_that_may_have_arrived_is_never_called_failed_or_sent():
    assert MOVES[State.IN_DOUBT] == {State.QUEUED, State.HELD}


def test_a_row_is_sent_only_from_the_mark_sending():
    assert [state for state in State if State.SENT in MOVES[state]] == [State.SENDING]


def test_an_illegal_move_names_the_legal_ones():
    with pytest.raises(StateError, match="delivery 7 is sent and cannot become queued"):
        move("delivery 7", State.SENT, State.QUEUED)
    with pytest.raises(StateError) as caught:
        move("delivery 7", State.QUEUED, State.SENT)
    assert "sending" in caught.value.hint
