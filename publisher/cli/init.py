"""`publisher init`: a new site that works, or settings for a folder that has content."""

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.report import say
from publisher.cli.start import Start
from publisher.errors import PublisherError, SettingsError
from publisher.settings import FILE_NAME, read_settings

if TYPE_CHECKING:
    from publisher.cli.moving_in import Found

IGNORED = ("/var/", "/outbox/", "/feeds/")
EPILOG = """\b
Examples:
  publisher init my-site
  publisher init my-site --url https://our-town.org --name "Our Town" --languages en,ar
  publisher init                      beside the content of a Hugo or Jekyll site
"""


@click.command(epilog=EPILOG)
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--url", default="", help="The address of your website.")
@click.option("--name", default="", help="What readers know you as.")
@click.option("--languages", default="", help="The languages you publish in, the original first.")
@click.pass_obj
def command(start: Start, folder: Path | None, url: str, name: str, languages: str) -> None:
    """Make a new site in FOLDER: settings, and two sample items in two languages.

    In a folder that already has content, only publisher.toml is written, with what hugo.toml or
    _config.yml say, and lines in .gitignore. Nothing that is there is ever overwritten.
    """
    from publisher.cli.moving_in import has_content, look_around

    if folder is not None and not str(folder).strip():
        raise click.BadParameter(
            "it is empty; name a folder, or . for this one", param_hint="FOLDER"
        )
    root = folder or start.root
    if os.path.lexists(root / FILE_NAME):
        raise PublisherError(
            f"{root / FILE_NAME} is there already; this is a site, and init changed nothing",
            hint="edit the file, or name another folder",
        )
    is_moving_in = root.is_dir() and has_content(root)
    found = _asked(look_around(root) if is_moving_in else None, url, name, languages)
    written = _write(root, found, start, with_items=not is_moving_in)
    if not is_moving_in:
        _start_digests(root, start)
    _tell(root, found, written, is_moving_in)


def _asked(found: "Found | None", url: str, name: str, languages: str) -> "Found":
    """Return what is known, the words of the command line first."""
    from publisher import language
    from publisher.cli.moving_in import Found

    known = found or Found()
    try:
        tags = tuple(language.normalise(tag) for tag in languages.replace(",", " ").split())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--languages") from None
    if url and not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"write a full address, https://{url}", param_hint="--url")
    tags = tuple(dict.fromkeys(tags))
    return replace(
        known,
        url=url.rstrip("/") or known.url,
        name=name or known.name,
        languages=tags or known.languages or (("en",) if found else ("en", "ar")),
    )


def _write(root: Path, found: "Found", start: Start, *, with_items: bool) -> list[str]:
    from publisher.cli.first_items import sample_items, settings_text
    from publisher.files import write_if_changed

    now = start.clock.now()
    files = {FILE_NAME: settings_text(found, now)}
    _see_that_it_works(files[FILE_NAME], root)
    if with_items:
        files |= sample_items(found.languages, now)
    lines = _gitignore(root)
    if lines:
        files[".gitignore"] = lines
    root.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        write_if_changed(root / path, text.encode(errors="surrogateescape"))
    return list(files)


def _see_that_it_works(text: str, root: Path) -> None:
    """Refuse before anything is written: a site that no command opens is worse than none."""
    try:
        read_settings(text, root.absolute())
    except SettingsError as error:
        first = error.problems[0]
        raise PublisherError(
            f"with these words {first.path} would be wrong, so nothing was written: "
            f"{first.message}",
            hint=first.hint,
        ) from error


def _gitignore(root: Path) -> str:
    """Return .gitignore with what is built, sent or secret left out; "" when it says so already."""
    path = root / ".gitignore"
    text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.is_file() else ""
    there = {line.strip().strip("/") for line in text.splitlines()}
    missing = [line for line in IGNORED if line.strip("/") not in there]
    if not missing:
        return ""
    if text and not text.endswith("\n"):
        text += "\n"
    return (
        text
        + "# made by publisher: built files, sent messages, database and secret\n"
        + ("\n".join(missing) + "\n")
    )


def _start_digests(root: Path, start: Start) -> None:
    """Make the database and let the digests begin: what is dated from now on is news."""
    from publisher.app.editions import start_digests

    with Start(root, start.testing, start.verbosity).app() as app:
        start_digests(app)


def _tell(root: Path, found: "Found", written: list[str], is_moving_in: bool) -> None:
    place = "" if root.resolve() == Path.cwd() else f"cd {shlex.quote(str(root))} && "
    for path in written:
        say(f"wrote {root / path}")
    if is_moving_in:
        source = f"{found.source} says" if found.source else "the files' names say"
        say(f"languages: {', '.join(found.languages)}, as {source}")
        if (root / "_posts").is_dir() and not (root / "content").exists():
            say("publisher reads what lies in content/: move the folder _posts into it")
        say("look through publisher.toml: url, name and sender address above all")
        say(f"next: {place}publisher check")
    elif not any(path.startswith("content/") for path in written):
        say(f"there are no sample items in {', '.join(found.languages)}; write the first one")
        say(f'next: {place}publisher new news "…"')
    else:
        say(f"next: {place}publisher build, then publisher digest preview weekly")
