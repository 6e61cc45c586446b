"""Whoever waits for a start hears that it is done."""

import socket

from publisher.cli.ready import say_ready


def test_a_socket_in_a_folder_hears_of_it(tmp_path, monkeypatch):
    place = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waiting:
        waiting.bind(place)
        monkeypatch.setenv("NOTIFY_SOCKET", place)
        say_ready()
        assert waiting.recv(100, socket.MSG_DONTWAIT) == b"READY=1"


def test_a_socket_that_is_gone_stops_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    say_ready()
