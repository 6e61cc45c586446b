import threading

import pytest

from publisher.feeds.packing import Packing, packed, unpacked

TEXT = b"words " * 1000


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_what_is_packed_unpacks_to_the_same(coding):
    assert unpacked(coding, packed(TEXT)[coding]) == TEXT


def test_a_coding_that_makes_nothing_smaller_is_left_out():
    assert packed(b"ab") == {}


@pytest.mark.parametrize("coding", ["gzip", "br"])
@pytest.mark.parametrize("harm", [lambda data: data[:-5], lambda data: b"x" + data])
def test_what_is_not_whole_is_told(coding, harm):
    with pytest.raises(ValueError, match=r"."):
        unpacked(coding, harm(packed(TEXT)[coding]))


def test_many_are_packed_at_a_time_as_each_alone():
    packing = Packing()
    for number in range(20):
        packing.give(str(number), TEXT * (number + 1))
    assert packing.wait() == {str(number): packed(TEXT * (number + 1)) for number in range(20)}


def test_what_a_thread_fails_at_is_told_to_who_waits():
    packing = Packing()
    packing.give("no text", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        packing.wait()


def test_closing_ends_its_threads_and_leaves_the_rest():
    before = threading.active_count()
    packing = Packing()
    for number in range(50):
        packing.give(str(number), TEXT * 50)
    packing.close()
    assert threading.active_count() == before
    assert len(packing.wait()) < 50
