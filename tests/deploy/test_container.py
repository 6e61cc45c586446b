"""The Containerfile: the same Python throughout, one the project supports, and all that a wheel is made of."""

import re
import tomllib

from .pieces import DEPLOY, ROOT

TEXT = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_both_stages_have_one_python_that_the_project_supports():
    versions = re.findall(r"^FROM docker\.io/library/python:(\d+)\.(\d+)-slim", TEXT, re.MULTILINE)
    assert len(versions) == 2
    assert len(set(versions)) == 1
    least = re.fullmatch(r">=(\d+)\.(\d+)", PROJECT["project"]["requires-python"])
    assert least
    assert tuple(map(int, versions[0])) >= tuple(map(int, least.groups()))


def test_it_installs_extras_that_exist():
    extras = re.findall(r"\.whl\)\[([\w,]+)\]", TEXT)
    assert extras
    for extra in extras[0].split(","):
        assert extra in PROJECT["project"]["optional-dependencies"]


def test_all_that_the_wheel_is_made_of_is_copied_into_the_first_stage():
    copied = {
        word for line in re.findall(r"^COPY (.*) \S+$", TEXT, re.MULTILINE) for word in line.split()
    }
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", PROJECT["project"]["readme"], *wheel["packages"]}
    assert copied == needed | set(wheel["force-include"])


def test_the_guide_gives_the_site_to_the_number_of_its_user():
    guide = (ROOT / "docs/how-to/run-as-a-service.md").read_text(encoding="utf-8")
    number = re.search(r"useradd --uid (\d+) --user-group", TEXT)
    assert number
    assert f"chown -R {number[1]}:{number[1]} /srv/news" in guide


def test_it_runs_as_nobody_special_and_asks_for_its_health():
    assert re.search(r"^USER publisher$", TEXT, re.MULTILINE)
    assert TEXT.index("USER publisher") < TEXT.index("ENTRYPOINT")
    assert "/healthz" in TEXT.partition("HEALTHCHECK")[2]
    assert "STOPSIGNAL SIGTERM" in TEXT
