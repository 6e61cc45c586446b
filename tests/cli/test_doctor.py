import socket
from datetime import timedelta
from pathlib import Path

from publisher.checks import NUMBERS
from publisher.store import MACHINES, Lease, open_engine


def test_every_check_answers_under_its_number(publisher, site):
    site.item("a.en.md", "A")
    ran = publisher("doctor", "--json")
    assert ran.code == 0
    assert [each["check"] for each in ran.json["checks"]] == list(NUMBERS)
    assert ran.json["ok"]
    assert {each["result"] for each in ran.json["checks"]} == {"ok"}
    assert not (site.root / "var/publisher.sqlite3").exists()
    assert not (site.root / "var/secret").exists()


def test_the_same_for_people(publisher, site):
    ran = publisher("doctor")
    assert ran.code == 0
    assert "P001" in ran.out
    assert f"{len(NUMBERS)} checks: 0 failed, 0 warnings" in ran.out


def found(ran, number: str) -> dict[str, str]:
    return next(each for each in ran.json["checks"] if each["check"] == number)


def test_a_failed_check_is_exit_1_with_a_hint(publisher, site):
    site.write("content/b.en.md", "---\ntitle: B\ndate: never\n---\n")
    ran = publisher("doctor", "--json")
    assert ran.code == 1
    assert found(ran, "P002")["result"] == "failed"
    assert "publisher check" in found(ran, "P002")["hint"]


def test_a_secret_that_others_can_read_fails(publisher, site):
    publisher("subscribers", "add", "a@example.net")
    assert found(publisher("doctor", "--json"), "P008")["result"] == "ok"
    secret = site.root / "var/secret"
    secret.chmod(0o644)
    ran = publisher("doctor", "--json")
    assert found(ran, "P008")["result"] == "failed"
    assert "chmod 600" in found(ran, "P008")["hint"]
    secret.unlink()
    assert "backup" in found(publisher("doctor", "--json"), "P008")["hint"]


def test_a_clock_before_the_last_edition_fails(publisher, site):
    site.item("a.en.md", "A")
    publisher("subscribers", "add", "a@example.net", "--consent", "asked")
    publisher("send")
    publisher("send", at="2026-03-03T07:00:30Z")
    assert found(publisher("doctor", "--json"), "P006")["result"] == "failed"
    late = publisher("doctor", "--json", at="2026-03-03T08:00:00Z")
    assert found(late, "P006")["result"] == "ok"
    assert found(publisher("doctor", "--json", at="1970-01-02T00:00:00Z"), "P006")["result"] == (
        "failed"
    )


def test_a_mail_server_that_does_not_answer_fails(publisher, site, nameserver):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        text = (site.root / "publisher.toml").read_text()
        site.configure(
            text.replace("digest@example.org", "digest@our-town.org")
            + '[delivery]\ntransport = "smtp"\n'
            + f"[delivery.smtp]\nport = {taken.getsockname()[1]}\n"
        )
        assert found(publisher("doctor", "--json"), "P014")["result"] == "failed"


def test_values_show_defaults_and_no_secret(publisher, site, monkeypatch):
    monkeypatch.setenv("PUBLISHER_DATABASE_URL", "postgresql://u:s3cret@h/d")
    monkeypatch.setenv("PUBLISHER_DELIVERY_SMTP_PASSWORD", "s3cret")
    text = (site.root / "publisher.toml").read_text()
    site.configure(text + '[delivery.smtp]\nusername = "u"\n')
    ran = publisher("doctor", "--values")
    assert "digests.weekly.max_age = 30d" in ran.out
    assert "database.url = postgresql://u:(set)@h/d" in ran.out
    assert "s3cret" not in ran.out + publisher("doctor", "--values", "--json").out


def test_upgrade_makes_the_database_once(publisher, site):
    assert "now has" in publisher("upgrade").out
    assert "nothing to do" in publisher("upgrade").out


def test_with_sqlite_there_is_one_machine(publisher):
    assert found(publisher("doctor", "--json"), "P040")["message"].startswith("machines: this one")


def test_machines_at_work_are_shown_and_one_must_have_content(publisher, monkeypatch, shared_url):
    monkeypatch.setenv("PUBLISHER_DATABASE_URL", shared_url)
    assert "none at work" in found(publisher("doctor", "--json"), "P040")["message"]
    engine = open_engine(shared_url, Path())
    minute = timedelta(minutes=1)
    Lease.take(engine, f"{MACHINES}b", "mail2:811", minute)
    alone = found(publisher("doctor", "--json"), "P040")
    assert alone["result"] == "warning"
    assert "publisher run" in alone["hint"]
    Lease.take(engine, f"{MACHINES}a", "mail1:4711 with content", minute)
    engine.dispose()
    both = found(publisher("doctor", "--json"), "P040")
    assert both["result"] == "ok"
    assert "2 at work, mail1:4711 with content, mail2:811" in both["message"]


def test_a_machine_that_only_sends_needs_no_content(publisher, monkeypatch, site, shared_url):
    monkeypatch.setenv("PUBLISHER_DATABASE_URL", shared_url)
    (site.root / "content").rmdir()
    checked = found(publisher("doctor", "--json"), "P002")
    assert checked["result"] == "ok"
    assert "only sends" in checked["message"]
