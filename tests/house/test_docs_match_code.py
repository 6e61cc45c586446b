"""The reference tells all there is, and nothing that is not."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from publisher import errors
from publisher.cli.main import cli
from publisher.content.fields import NAMES
from publisher.settings.model import Category, Digest, Receivers, Settings
from publisher.settings.secrets import DATABASE, SECRETS, variable

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def in_code(text: str) -> set[str]:
    """Everything that stands in backticks, blocks of code left out."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


def setting_names(model: type[BaseModel], above: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            yield from setting_names(kind, f"{above}{name}.")
        elif kind == dict[str, Category]:
            yield from setting_names(Category, f"{above}categories.<slug>.")
        elif kind == dict[str, Digest]:
            yield from setting_names(Digest, f"{above}digests.<name>.")
        elif kind == dict[str, Receivers]:
            yield from setting_names(Receivers, f"{above}receivers.<name>.")
        elif name != "root":
            yield f"{above}{name}"


def commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                yield from commands(command, f"{above}{name} ")
            else:
                yield f"{above}{name}", command


def test_every_setting_is_in_the_reference_and_every_setting_there_exists():
    names = set(setting_names(Settings, ""))
    told = in_code(page("settings.md"))
    assert sorted(names - told) == []
    sections = {name.partition(".")[0] for name in names}
    shaped = {
        word
        for word in told
        if re.fullmatch(r"[a-z_]+(\.[a-z_<>]+)+", word) and word.partition(".")[0] in sections
    }
    assert sorted(shaped - names) == []


def test_no_setting_stands_twice_in_the_reference():
    told = re.findall(r"^\| `([a-z_.*]+)` \|", page("settings.md"), re.M)
    assert sorted(told) == sorted(set(told))


def test_every_page_is_reached_from_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")]
    assert [name for name in pages if f"({name})" not in readme] == []


def test_every_key_of_the_sample_settings_exists_and_none_is_missing_there():
    import tomllib

    text = (ROOT / "publisher.toml").read_text(encoding="utf-8")
    tomllib.loads(text)
    secrets = {".".join(key) for key in SECRETS if key != DATABASE}  # they never stand in the file
    for name in sorted(set(setting_names(Settings, "")) - secrets):
        key = name.rpartition(".")[2]
        assert re.search(rf"^#? ?{key} = ", text, re.MULTILINE), f"{name} is not in publisher.toml"


def test_every_command_and_option_is_in_the_reference():
    text = page("commands.md")
    missing = []
    for name, command in commands(cli):
        if f"publisher {name}" not in text:
            missing.append(name)
            continue
        section = text.partition(f"## `publisher {name}")[2].partition("\n## ")[0] or text
        options = {
            option
            for parameter in command.params
            if isinstance(parameter, click.Option) and not parameter.hidden
            for option in parameter.opts
            if option.startswith("--")
        }
        missing += [f"{name} {option}" for option in sorted(options) if option not in section]
    assert missing == []


def test_every_command_in_the_docs_exists():
    known = {name for name, _ in commands(cli)}
    groups = {name.partition(" ")[0] for name in known if " " in name}
    wrong = []
    for path in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]:
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"`publisher ((?:--site \S+ )?[a-z][a-z-]*(?: [a-z]+)?)", text):
            words = re.sub(r"--site \S+ ", "", found[1]).split()
            name = " ".join(words[:2]) if words[0] in groups else words[0]
            if name not in known | groups:
                wrong.append(f"{path.relative_to(ROOT)}: publisher {name}")
    assert wrong == []


def test_every_front_matter_name_is_in_the_reference():
    told = in_code(page("front-matter.md"))
    assert sorted(set(NAMES) - told) == []


def test_every_error_is_in_the_reference():
    text = page("errors.md")
    classes = [
        name
        for name, thing in vars(errors).items()
        if inspect.isclass(thing) and issubclass(thing, errors.PublisherError)
    ]
    assert [name for name in classes if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PUBLISHER_TESTING",
            "PUBLISHER_NOW",
            "PUBLISHER_CRASH_AT",
            "PUBLISHER_REACH",
            "PUBLISHER_DNS",
            "NO_COLOR",
        ),
        *map(variable, SECRETS),
    ],
)
def test_every_environment_variable_is_in_the_reference(name):
    assert f"`{name}" in page("environment.md")


def test_every_route_and_every_metric_is_in_the_reference_and_none_besides(tmp_path):
    from publisher.app import open_app
    from publisher.ops import Clock
    from publisher.web import make_web
    from publisher.web.metrics import METRICS

    (tmp_path / "publisher.toml").write_text((ROOT / "publisher.toml").read_text("utf-8"))
    text = page("web.md")
    routes = {one.path for one in make_web(open_app(tmp_path, Clock())).table}
    # The files of feeds/ have no row: they are answered before the table is looked at.
    assert set(re.findall(r"^\| `(/[^`]*)`", text, re.MULTILINE)) - {"/feeds/…"} == routes
    names = {f"{name}_info" if kind == "info" else name for name, kind, _, _ in METRICS}
    assert {word for word in in_code(text) if word.startswith("publisher_")} == names


def test_links_between_pages_lead_somewhere():
    broken = []
    pages = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "feeds/README.md"]
    for path in pages:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|href)=\"([^\"#]+)\"", text):
            link = "".join(target)
            if (
                "://" not in link
                and not link.startswith("mailto:")
                and not (path.parent / link).exists()
            ):
                broken.append(f"{path.relative_to(ROOT)}: {link}")
    assert broken == []
