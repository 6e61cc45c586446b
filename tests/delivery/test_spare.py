from publisher.delivery.sender.spare import SIZE, Spare


def test_room_is_kept_given_up_once_and_kept_again(tmp_path):
    spare = Spare(tmp_path)
    assert not spare.give_up()
    spare.keep()
    spare.keep()
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size == SIZE
    assert spare.give_up()
    assert not spare.give_up()
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_room_to_keep_nothing_is_left_behind(tmp_path):
    spare = Spare(tmp_path / "missing")
    spare.keep()
    assert not spare.give_up()
