import os
import re
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

from publisher.cli.demo_sink import Sink

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demo_kills_its_sender_and_loses_nobody(tmp_path):
    command = [sys.executable, "-m", "publisher", "demo", "--kill", "--out", tmp_path / "demo"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert "killed 5 times" in ran.stdout
    assert re.search(r"  200 readers, 2[0-4]\d ", ran.stdout), ran.stdout  # 8 connections, 5 kills
    assert "  0 lost" in ran.stdout
    assert "NOT ALIKE" not in ran.stdout


def test_the_demos_server_keeps_a_message_that_came_twice():
    with Sink() as sink:
        for text in ("one", "one", "two"):
            with smtplib.SMTP("127.0.0.1", sink.port, timeout=5) as client:
                client.sendmail(
                    "a@b.test", [f"{text}@c.test"], f"Message-ID: <{text}@b>\r\n\r\nx\r\n"
                )
        assert sink.wait_for(3, 5)
        assert sink.messages == 3
        assert sink.repeated() == ["one@c.test"]
        assert sink.all_equal()
        sink.take("one@c.test", b"Message-ID: <one@b>\r\n\r\nother\r\n")
        assert not sink.all_equal()


def test_the_demos_server_counts_no_message_whose_end_did_not_come():
    with Sink() as sink:
        client = smtplib.SMTP("127.0.0.1", sink.port, timeout=5)
        client.ehlo()
        client.mail("a@b.test")
        client.rcpt("r@c.test")
        client.docmd("DATA")
        client.send(b"Message-ID: <1@b>\r\n\r\nhalf\r\n")
        client.close()
        assert not sink.wait_for(1, 0.2)
        assert sink.messages == 0
