import smtplib

import pytest

from publisher.cli.demo_sink import Sink


@pytest.mark.slow
def test_the_demo_kills_its_sender_and_loses_nobody(process, tmp_path):
    ran = process("demo", "--kill", "--out", tmp_path / "demo", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "killed 5 times" in ran.out
    assert "  200 readers, 20" in ran.out
    assert "  0 lost" in ran.out
    assert "NOT ALIKE" not in ran.out


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
