"""The units of systemd: read without a word by systemd itself, closed where they can be, and true."""

import re
import shutil
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from publisher.settings.secrets import SECRETS, file_variable
from publisher.web.serve import GRACE_SECONDS

from .pieces import DEPLOY, fitted, program, read

UNITS = DEPLOY / "systemd"
SERVICES = ("publisher.service", "publisher-worker.service", "publisher-content.service")
SENDER_SECONDS = 10  # what is being sent when a stop is asked for
WRITTEN = ("var", "feeds", "outbox", "content")  # of the site's folders


def service(name: str) -> dict[str, str]:
    """Return the lines of [Service]; of a key that stands twice the last."""
    unit = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((UNITS / name).read_text(encoding="utf-8"))
    return dict(unit["Service"])


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """All units in one folder, with this machine's program in place of the one in /opt."""
    folder = tmp_path / "units"
    folder.mkdir()
    venv = str(Path(sys.executable).with_name("publisher"))
    for name in SERVICES:
        text = fitted(UNITS / name, [("/opt/publisher/.venv/bin/publisher", venv)])
        (folder / name).write_text(text.replace("/opt/publisher/deploy", str(DEPLOY)))
    shutil.copy(UNITS / "publisher-content.timer", folder)
    (folder / "publisher.service.d").mkdir()
    shutil.copy(UNITS / "secrets.conf", folder / "publisher.service.d")
    return folder


def test_systemd_reads_every_unit_without_a_word(installed):
    units = [path for path in installed.iterdir() if path.is_file()]
    done = read(program("systemd-analyze"), "verify", "--man=no", *units)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_does_not_need_is_closed_to_it(name, installed):
    done = read(
        program("systemd-analyze"), "security", "--offline=yes", "--threshold=20", installed / name
    )
    assert done.returncode == 0, done.stdout


def test_all_services_stand_in_the_same_sandbox():
    told = ("ExecStart", "Description", "ReadWritePaths", "Type", "Environment", "TimeoutStartSec")
    first, second, third = (
        {key: value for key, value in service(name).items() if key not in told} for name in SERVICES
    )
    assert first == second
    assert third.items() <= first.items()


def test_the_services_may_write_where_the_program_does_and_nowhere_else():
    paths = service("publisher.service")["ReadWritePaths"].split()
    assert sorted(paths) == sorted(f"/srv/news/{folder}" for folder in WRITTEN)
    worker = service("publisher-worker.service")["ReadWritePaths"].split()
    assert sorted(path.removeprefix("-") for path in worker) == sorted(paths)


def test_a_stop_waits_for_what_the_program_finishes():
    for name in ("publisher.service", "publisher-worker.service"):
        assert int(service(name)["TimeoutStopSec"]) > GRACE_SECONDS + SENDER_SECONDS


def test_the_secrets_handed_over_are_those_that_the_program_takes():
    text = (UNITS / "secrets.conf").read_text(encoding="utf-8")
    named = re.findall(r"^Environment=(\w+)=%d/([\w-]+)$", text, re.MULTILINE)
    loaded = re.findall(r"^LoadCredential=([\w-]+):/", text, re.MULTILINE)
    assert named
    assert {variable for variable, _ in named} <= set(map(file_variable, SECRETS))
    assert [credential for _, credential in named] == loaded


@pytest.mark.parametrize(
    ("called", "package"),
    [
        ("curl ", "curl"),
        ("git clone", "git"),
        ("python3 -m venv", "python3-venv"),
        ("/etc/caddy", "caddy"),
        ("/etc/cron.d", "cron"),
    ],
)
def test_the_guide_installs_what_it_calls_and_an_empty_debian_lacks(called, package):
    guide = (DEPLOY.parent / "docs/how-to/a-small-server.md").read_text(encoding="utf-8")
    installed = re.search(r"^apt-get install (.*)$", guide, re.MULTILINE)
    assert installed
    assert called in guide
    assert package in installed[1].split()


def test_the_maildir_of_the_guide_lies_where_the_service_may_write():
    guide = (DEPLOY.parent / "docs/how-to/receive-bounces.md").read_text(encoding="utf-8")
    base = re.search(r"virtual_mailbox_base=(\S+)", guide)
    name = re.search(r"virtual_mailbox_maps=static:(\S+)/", guide)
    assert base
    assert name
    assert base[1] in service("publisher.service")["ReadWritePaths"].split()
    assert f'maildir = "{Path(base[1]).name}/{name[1]}"' in guide


def test_the_paths_of_the_guides_are_those_of_the_units():
    guide = (DEPLOY.parent / "docs/how-to/a-small-server.md").read_text(encoding="utf-8")
    lines = [service(name) for name in SERVICES]
    assert {one["WorkingDirectory"] for one in lines} == {"/srv/news"}
    assert {one["User"] for one in lines} == {"publisher"}
    for word in ("/opt/publisher/.venv", "/srv/news", "adduser --system --group"):
        assert word in guide
    for path in re.findall(r"/opt/publisher/(deploy/[\w./-]*\w)", guide):
        assert (DEPLOY.parent / path).exists(), path
