"""What is wrong with the files people wrote beside their content: templates, words, settings."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from publisher.errors import Level, Problem

if TYPE_CHECKING:
    from publisher.settings import Settings


def look_problems(settings: "Settings") -> Iterator[Problem]:
    """Yield what is wrong with the site's templates, words, keys and colours, as problems of files."""
    yield from template_problems(settings)
    yield from word_problems(settings)
    yield from country_problems(settings)
    from publisher.render import weaknesses

    for weak in weaknesses(settings.look):
        yield Problem(
            "publisher.toml",
            0,
            f"[look] {weak.name} {weak.colour} on {weak.ground} ({weak.scheme}) has a contrast of "
            f"{weak.ratio:g}:1, and text needs 4.5:1",
            f"{weak.suggestion} is a near colour that can be read",
            Level.WARNING,
        )


def template_problems(settings: "Settings") -> Iterator[Problem]:
    folder = settings.root / "templates"
    if not folder.is_dir():
        return
    from jinja2 import Environment, TemplateSyntaxError

    parser = Environment(autoescape=True)
    for path in sorted(folder.rglob("*.j2")):
        name = path.relative_to(settings.root).as_posix()
        try:
            parser.parse(path.read_text(encoding="utf-8"))
        except TemplateSyntaxError as error:
            yield Problem(name, error.lineno, error.message or "not a template", "mend this line")
        except UnicodeDecodeError:
            yield Problem(name, 0, "it is not UTF-8", "save the file as UTF-8")


def shipped_languages() -> tuple[str, ...]:
    """Return the languages whose words are shipped and have to be complete.

    A country's way of a language (pt-PT) is none of them: it says only what differs from it.
    """
    from publisher.language import base
    from publisher.settings import packaged

    tags = {path.stem for path in (packaged("templates") / "locale").glob("*.po")}
    return tuple(sorted(tag for tag in tags if tag == base(tag) or base(tag) not in tags))


def word_problems(settings: "Settings") -> Iterator[Problem]:
    from publisher.language import base
    from publisher.render import missing
    from publisher.settings import packaged

    for tag in shipped_languages():
        for wrong in missing(tag):
            yield Problem(f"templates/locale/{tag}.po", 0, wrong.partition(": ")[2] or wrong)
    folders = (settings.root / "templates" / "locale", packaged("templates") / "locale")
    lacking = [
        tag
        for tag in settings.site.languages
        if not any(
            (folder / f"{each}.po").is_file() for folder in folders for each in (tag, base(tag))
        )
    ]
    if lacking:
        yield Problem(
            "publisher.toml",
            0,
            f"there are no words of the interface in {', '.join(lacking)}, so they stay English",
            f"put a templates/locale/{lacking[0]}.po into the site",
            Level.WARNING,
        )


def country_problems(settings: "Settings") -> Iterator[Problem]:
    """Yield the countries that nothing is known of: dates would be those of no country named."""
    from publisher.render import is_known

    for tag, wanted in settings.site.locale.items():
        if not is_known(wanted):
            yield Problem(
                "publisher.toml",
                0,
                f'site.locale is "{wanted}" for {tag}, and no such place is known',
                "write the country's two letters, as in en-GB for Britain",
                Level.WARNING,
            )
