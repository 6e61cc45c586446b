import threading

from publisher.schedule.watch import Quiet, watch_folders


def test_a_change_is_acted_on_after_the_quiet_time():
    assert Quiet(5, 60).changed(100.0) == 105.0


def test_every_further_change_puts_it_off():
    quiet = Quiet(5, 60)
    quiet.changed(100.0)
    assert quiet.changed(104.0) == 109.0


def test_changes_that_never_end_do_not_put_it_off_for_ever():
    quiet = Quiet(5, 60)
    for second in range(100, 158, 4):
        quiet.changed(float(second))
    assert quiet.changed(158.0) == 160.0


def test_after_acting_the_waiting_begins_anew():
    quiet = Quiet(5, 60)
    quiet.changed(100.0)
    quiet.acted()
    assert quiet.changed(300.0) == 305.0


def test_a_file_written_in_a_new_folder_is_noticed(tmp_path):
    seen, stop = threading.Event(), threading.Event()
    thread = watch_folders([tmp_path], seen.set, stop)
    try:
        for number in range(100):
            (tmp_path / "new").mkdir(exist_ok=True)
            (tmp_path / "new" / f"item-{number}.md").write_text("x")
            if seen.wait(0.2):
                break
        assert seen.is_set()
    finally:
        stop.set()
        thread.join(10)


def test_without_a_folder_there_is_nothing_to_watch(tmp_path):
    assert not watch_folders([tmp_path / "none"], lambda: None, threading.Event()).is_alive()
