import click
import pytest

from publisher.cli import main
from publisher.cli.main import COMMANDS, cli


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(publisher, name):
    ran = publisher(name, "--help")
    assert ran.code == 0
    assert "Example" in ran.out
    assert f"publisher {name}" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parameter_says_what_it_is(name):
    def commands(command: click.Command) -> list[click.Command]:
        inner = command.commands.values() if isinstance(command, click.Group) else ()
        return [command, *inner]

    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    for command in commands(found):
        assert command.help
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or parameter.help, parameter.name


def test_a_command_typed_wrong_is_usage_and_names_the_nearest(publisher):
    ran = publisher("biuld")
    assert ran.code == 2
    assert 'did you mean "build"?' in ran.err


def test_an_unknown_option_is_usage(publisher):
    assert publisher("build", "--wrong").code == 2


def test_no_site_here_is_exit_3_with_a_hint(publisher, tmp_path):
    ran = publisher("--site", tmp_path / "nowhere", "build")
    assert ran.code == 3
    assert "publisher init" in ran.err
    assert ran.out == ""


def test_all_wrong_settings_are_shown_at_once(publisher, site):
    site.configure('[site]\nurl = "x"\nnmae = "y"\n')
    ran = publisher("build")
    assert ran.code == 3
    assert "publisher.toml:2: " in ran.err
    assert 'publisher.toml:3: there is no key site.nmae; did you mean "name"?' in ran.err


def test_a_database_of_another_version_is_exit_4(publisher, site):
    import sqlite3

    assert publisher("upgrade").code == 0
    with sqlite3.connect(site.root / "var/publisher.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    database.close()
    ran = publisher("send")
    assert ran.code == 4
    assert "newer publisher" in ran.err


def test_a_json_command_that_fails_still_prints_one_document(publisher, site):
    site.configure("[site]\n")
    ran = publisher("queue", "--json")
    assert ran.code == 3
    assert "site.url is missing" in ran.json["error"]["message"]


def test_a_full_disk_or_a_wrong_mode_is_no_mistake_of_ours(publisher, site):
    site.item("a.en.md", "A")
    site.write("feeds", "a file where a folder belongs")
    ran = publisher("build")
    assert ran.code == 1
    assert "mistake" not in ran.err
    assert "feeds" in ran.err


def test_our_own_mistake_says_so_and_where_to_report_it(publisher, monkeypatch):
    def broken(_ctx: click.Context) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(main.cli, "invoke", broken)
    ran = publisher("build")
    assert ran.code == 1
    assert "publisher made a mistake: ZeroDivisionError" in ran.err
    assert "report it" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in publisher("-v", "build").err


def test_ctrl_c_is_exit_130(publisher, monkeypatch):
    def interrupted(_ctx: click.Context) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main.cli, "invoke", interrupted)
    assert publisher("build").code == 130


def test_a_wish_of_a_test_is_told_on_standard_error(publisher):
    ran = publisher("queue", "--json")
    assert "PUBLISHER_NOW" in ran.err
    assert ran.json["now"].startswith("2026-03-02T12:00:0")


def test_a_stage_that_a_crash_left_is_settled_by_any_command(publisher, site):
    site.item("a.en.md", "A")
    assert publisher("build").code == 0
    site.write("feeds/.next/en/all.rss", "half a file")
    assert publisher("queue").code == 0
    assert not (site.root / "feeds/.next").exists()


def test_the_process_ends_where_a_test_asks_for_it(site, process):
    site.item("a.en.md", "A")
    ran = process("build", cwd=site.root, PUBLISHER_TESTING="1", PUBLISHER_CRASH_AT="2")
    assert ran.code == 9
    assert "PUBLISHER_CRASH_AT" in ran.err
    assert process("build", cwd=site.root).code == 0


def test_version_is_one_line(process, tmp_path):
    ran = process("--version", cwd=tmp_path)
    assert ran.code == 0
    assert ran.out.startswith("publisher ")
    assert ran.out.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("check", "--json", "--bogus"), ("check", "nowhere", "--json"), ("queue", "--json")]
)
def test_who_asks_for_json_gets_json_when_it_fails(publisher, site, words):
    if words[0] == "queue":
        (site.root / "content").rmdir()
    ran = publisher(*words)
    assert ran.code != 0
    assert ran.json["error"]["message"]


def test_words_and_file_names_are_utf8_whatever_the_locale(process, site):
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = process("new", "news", "مرحبا", cwd=site.root, **old)
    assert ran.code == 0, ran.err
    assert [path.name for path in site.root.rglob("*.md")] == ["مرحبا.en.md"]


def test_a_full_standard_output_is_told_without_a_trace(process, site):
    import os
    import subprocess
    import sys
    from pathlib import Path

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "publisher", "queue", "--json"],
            cwd=site.root,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
