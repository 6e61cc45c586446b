"""Templates: where they lie, what they can say, and errors that name template and line.

Text of authors and readers is never a template, only a value. Values are escaped in every
template but plain text. Templates run in Jinja's sandbox, so that a site's own can reach what
they are given and nothing behind it.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from publisher import language as languages
from publisher.errors import RenderError
from publisher.render.dates import format_date, format_range
from publisher.render.numbers import format_number, format_size
from publisher.render.phrases import Phrases, Word, phrases
from publisher.render.plain import isolated
from publisher.settings import packaged

if TYPE_CHECKING:
    from jinja2 import Template

    from publisher.settings.model import Settings

_PLAIN = ".txt.j2"
# What no mail reader shows and XML cannot hold: one of these in a site's name stops MJML.
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# One value in text of another direction, without touching what stands around it.
_ISOLATE = ("\u2068", "\u2069")


class Templates:
    """The templates of a site: its own `templates/` first, then the packaged ones.

    Each knows t(), tn() (sentences of the interface, marked up when borrowed from English),
    bare() (the same without markup, for attributes), language, dir, is_rtl, site, look, and the
    filters date, date_range, number, size, isolate and pick (of words in several languages).
    """

    def __init__(self, settings: "Settings") -> None:
        from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        from publisher.render.compiled import Compiled

        self.settings = settings
        self.folders = (settings.root / "templates", packaged("templates"))
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in self.folders]),
            autoescape=lambda name: not (name or "").endswith(_PLAIN),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            bytecode_cache=Compiled(),
        )
        self._environment.filters.update(_filters(self))

    def html(self, name: str, language: str, /, **values: object) -> str:
        """Return a page or a part of one; name is "feeds/index", or with its ending."""
        return self._render(name, ".html.j2", language, values)

    def plain(self, name: str, language: str, /, **values: object) -> str:
        """Return text in which nothing is escaped and no HTML belongs."""
        return self._render(name, _PLAIN, language, values)

    def mail(self, name: str, language: str, /, **values: object) -> str:
        """Return the HTML of an e-mail, made from an MJML template."""
        from publisher.render import mjml

        template = _named(name, ".mjml.j2")
        source = self._render(name, ".mjml.j2", language, values)
        return mjml.to_html(source, lambda place: self._place(template, language, values, place))

    def words(self, language: str) -> Phrases:
        """Return the interface's words as this site has them."""
        places = tuple(folder / "locale" for folder in self.folders)
        return phrases(language, places)

    def _render(self, name: str, ending: str, language: str, values: Mapping[str, object]) -> str:
        template = _named(name, ending)
        try:
            text = self._load(template).render(self._given(template, language, values))
        except RenderError:
            raise
        except Exception as error:
            raise _named_error(error, template) from error
        return _UNREADABLE.sub(" ", text)  # as long as before, so that places in it stay true

    def _load(self, template: str) -> "Template":
        from jinja2 import TemplateNotFound

        try:
            return self._environment.get_template(template)
        except TemplateNotFound as error:
            raise RenderError(template, 0, f"there is no template {error.name}") from error

    def _given(
        self, template: str, language: str, values: Mapping[str, object]
    ) -> dict[str, object]:
        settings = self.settings
        given: dict[str, object] = {
            "language": language,
            "dir": languages.direction(language),
            "is_rtl": languages.is_rtl(language),
            "site": settings.site,
            "look": settings.look,
            **values,
        }
        words = self.words(language)
        return given | _sentences(words, given["site"], is_html=not template.endswith(_PLAIN))

    def _place(
        self, template: str, language: str, values: Mapping[str, object], offset: int
    ) -> tuple[str, int]:
        """Return the template and line that wrote the character at an offset of the output."""
        from publisher.render.trace import writer_of

        return writer_of(self._load(template), self._given(template, language, values), offset)


def _named(name: str, ending: str) -> str:
    return name if name.endswith(".j2") else name + ending


def _sentences(words: Phrases, site: Any, *, is_html: bool) -> dict[str, object]:
    """Return t, tn and bare for one language; in HTML their values are escaped."""
    from markupsafe import Markup, escape

    def filled(values: Mapping[str, object]) -> dict[str, object]:
        return {name: escape(value) for name, value in values.items()} if is_html else dict(values)

    def marked(word: Word) -> str:
        if not is_html:
            return word if not word.is_borrowed else "".join((_ISOLATE[0], word, _ISOLATE[1]))
        if not word.is_borrowed:
            return Markup(word)  # noqa: S704  (our own words; their values are escaped above)
        return Markup('<bdi lang="en" dir="ltr">{}</bdi>').format(Markup(word))  # noqa: S704

    def t(message: str, /, **values: object) -> str:
        return marked(words.t(message, **filled(values)))

    def tn(one: str, many: str, n: int, /, **values: object) -> str:
        written = format_number(n, words.language, site)
        return marked(words.tn(one, many, n, **{"n": written, **filled(values)}))

    def bare(message: str, /, **values: object) -> str:
        return str(words.t(message, **values))

    return {"t": t, "tn": tn, "bare": bare}


def _filters(templates: Templates) -> dict[str, Any]:
    from jinja2 import pass_context
    from markupsafe import Markup

    @pass_context
    def show_date(context: Any, moment: datetime | date, with_time: bool = False) -> str:
        return format_date(moment, context["language"], context["site"], with_time=with_time)

    @pass_context
    def date_range(
        context: Any,
        start: datetime,
        end: datetime | None,
        whole_day: bool = False,
        offset: int | None = None,
    ) -> str:
        return format_range(start, end, context["language"], context["site"], whole_day, offset)

    @pass_context
    def number(context: Any, n: float) -> str:
        return format_number(n, context["language"], context["site"])

    @pass_context
    def size(context: Any, count: int) -> str:
        words = templates.words(context["language"])
        return format_size(count, context["language"], context["site"], words)

    @pass_context
    def pick(context: Any, words: Mapping[str, str]) -> str:
        return languages.pick(words, context["language"], context["site"].languages)

    @pass_context
    def isolate(context: Any, text: object) -> str:
        if context.eval_ctx.autoescape:
            return Markup("<bdi>{}</bdi>").format(text)
        return isolated(str(text), context["language"])

    return {
        "date": show_date,
        "date_range": date_range,
        "number": number,
        "size": size,
        "isolate": isolate,
        "pick": pick,
    }


def _named_error(error: Exception, template: str) -> RenderError:
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    if isinstance(error, TemplateSyntaxError):
        return RenderError(error.name or template, error.lineno, str(error.message))
    name, line = _last_template(error.__traceback__, template)
    if isinstance(error, TemplateNotFound):
        return RenderError(name, line, f"there is no template {error.name}")
    if isinstance(error, KeyError):
        return RenderError(name, line, f"a sentence lacks its %({error.args[0]})s")
    return RenderError(name, line, f"{type(error).__name__}: {error}")


def _last_template(trace: TracebackType | None, template: str) -> tuple[str, int]:
    """Return the innermost template and line of a traceback, which Jinja rewrites to templates."""
    place = (template, 0)
    while trace:
        path = trace.tb_frame.f_code.co_filename
        if path.endswith(".j2"):
            # Jinja says the file; people know it by its name below templates/.
            place = (_below_templates(path), trace.tb_lineno)
        trace = trace.tb_next
    return place


def _below_templates(path: str) -> str:
    parts = Path(path).parts
    return "/".join(parts[-(parts[::-1].index("templates")) :]) if "templates" in parts else path
