from datetime import UTC, datetime

import pytest

from publisher.errors import RenderError
from publisher.render import Templates

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}"


@pytest.fixture
def templates(site):
    return Templates(site.settings)


def test_values_are_escaped_in_pages_and_not_in_plain_text(site, templates):
    site.write("templates/x.html.j2", '<a title="{{ words }}">{{ words }}</a>')
    site.write("templates/x.txt.j2", "{{ words }}")
    html = templates.html("x", "en", words=HOSTILE)
    assert "<script" not in html
    assert "<img" not in html
    assert "&#34;" in html
    assert "{{ 7 * 7 }}" in html
    assert templates.plain("x", "en", words=HOSTILE) == HOSTILE


def test_included_files_are_escaped_too(site, templates):
    site.write("templates/x.html.j2", '{% include "part.j2" %}')
    site.write("templates/part.j2", "{{ words }}")
    assert "<script" not in templates.html("x", "en", words=HOSTILE)


def test_a_site_s_template_overrides_the_packaged_one(site, templates):
    site.write("templates/email/_masthead.html.j2", "<h1>ours</h1>")
    assert templates.html("email/_masthead", "en") == "<h1>ours</h1>"


def test_a_name_may_carry_its_ending(site, templates):
    site.write("templates/x.html.j2", "x")
    assert templates.html("x.html.j2", "en") == templates.html("x", "en") == "x"


def test_templates_know_language_and_direction(site, templates):
    site.write("templates/x.html.j2", "{{ language }} {{ dir }} {{ is_rtl }} {{ site.url }}")
    assert templates.html("x", "ar") == "ar rtl True https://example.org"
    assert templates.html("x", "en") == "en ltr False https://example.org"


def test_filters_follow_the_language(site, templates):
    site.write(
        "templates/x.txt.j2",
        "{{ day | date }}|{{ day | date_range(last, True) }}|{{ 1234 | number }}|{{ 2400000 | size }}"
        "|{{ site.name | pick }}",
    )
    day, last = datetime(2023, 9, 19, tzinfo=UTC), datetime(2023, 9, 21, tzinfo=UTC)
    shown = [templates.plain("x", tag, day=day, last=last) for tag in ("fr", "ar")]
    assert shown == [
        "19 septembre 2023|19–21 septembre 2023|1\u202f234|2,4\u00a0Mo|Example Cities",
        "19 سبتمبر 2023|19–21 سبتمبر 2023|1,234|2.4 ميغابايت|مدن المثال",
    ]


def test_isolate_is_markup_in_pages_and_signs_in_text(site, templates):
    site.write("templates/x.html.j2", "{{ name | isolate }}")
    site.write("templates/x.txt.j2", "{{ name | isolate }}")
    assert templates.html("x", "ar", name="<b>") == "<bdi>&lt;b&gt;</bdi>"
    assert templates.plain("x", "ar", name="<b>") == "\u2068<b>\u2069"


def test_values_in_sentences_are_escaped(site, templates):
    site.write("templates/x.html.j2", '{{ t("Test: %(subject)s", subject=words) }}')
    assert "<script" not in templates.html("x", "fr", words=HOSTILE)


def test_counted_sentences_write_numbers_in_the_reader_s_digits(site):
    site.write("templates/x.txt.j2", '{{ tn("%(n)s minute", "%(n)s minutes", n) }}')
    settings = site.settings
    arabic = settings.site.model_copy(update={"digits": {"ar": "arab"}})
    templates = Templates(settings)
    assert templates.plain("x", "ar", n=3, site=arabic) == "٣ دقائق"
    assert templates.plain("x", "ar", n=3) == "3 دقائق"


def test_borrowed_words_carry_their_own_language_and_direction(site, templates):
    site.write("templates/x.html.j2", '{{ t("Unsubscribe") }}|{{ bare("Unsubscribe") }}')
    site.write("templates/x.txt.j2", '{{ t("Unsubscribe") }}')
    assert templates.html("x", "ur") == '<bdi lang="en" dir="ltr">Unsubscribe</bdi>|Unsubscribe'
    assert templates.plain("x", "ur") == "\u2068Unsubscribe\u2069"
    assert templates.html("x", "en") == "Unsubscribe|Unsubscribe"


def test_an_unknown_name_is_an_error_with_template_and_line(site, templates):
    site.write("templates/x.html.j2", "a\nb\n{{ nothing }}")
    with pytest.raises(RenderError, match=r"^x\.html\.j2:3: .*'nothing' is undefined"):
        templates.html("x", "en")


def test_an_error_in_an_include_names_the_included_file(site, templates):
    site.write("templates/x.html.j2", 'a\n{% include "email/part.html.j2" %}')
    site.write("templates/email/part.html.j2", "\n\n{{ 1 / 0 }}")
    with pytest.raises(RenderError, match=r"^email/part\.html\.j2:3: ZeroDivisionError"):
        templates.html("x", "en")


def test_a_slip_in_the_syntax_names_template_and_line(site, templates):
    site.write("templates/x.html.j2", "a\n{% if %}")
    with pytest.raises(RenderError, match=r"^x\.html\.j2:2: "):
        templates.html("x", "en")


def test_a_sentence_without_its_value_says_which(site, templates):
    site.write("templates/x.html.j2", '{{ t("Test: %(subject)s", other="x") }}')
    with pytest.raises(RenderError, match=r"a sentence lacks its %\(subject\)s"):
        templates.html("x", "en")


def test_a_missing_template_is_named(templates):
    with pytest.raises(RenderError, match="there is no template nowhere"):
        templates.html("nowhere", "en")


@pytest.mark.parametrize(
    "expression",
    [
        "{{ t.__globals__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ site.__class__ }}",
        "{{ self._TemplateReference__context }}",
        "{% for n in range(10**9) %}{% endfor %}",
        "{% set _ = site.languages.append('xx') %}",
    ],
)
def test_a_site_s_template_reaches_nothing_behind_its_values(site, templates, expression):
    site.write("templates/x.html.j2", expression)
    with pytest.raises(RenderError):
        templates.html("x", "en")


def test_templates_never_see_the_settings_of_other_rooms(site, templates):
    site.write("templates/x.html.j2", "{{ settings }}")
    with pytest.raises(RenderError, match="undefined"):
        templates.html("x", "en")


def test_mail_errors_point_into_the_template_that_wrote_them(site, templates):
    site.write(
        "templates/x.mjml.j2",
        "<mjml><mj-body>\n<mj-section><mj-column>\n{% for n in [1, 2] %}\n"
        '{% include "part.html.j2" %}\n{% endfor %}\n</mj-column></mj-section>\n</mj-body></mjml>',
    )
    site.write(
        "templates/part.html.j2",
        "<mj-text>مدن</mj-text>\n{% if n == 2 %}\n<mj-tixt />\n{% endif %}",
    )
    with pytest.raises(RenderError, match=r"^part\.html\.j2:3: <mj-tixt> is no MJML element"):
        templates.mail("x", "en")


def test_characters_that_mjml_cannot_hold_become_spaces(site, templates):
    site.write(
        "templates/x.mjml.j2",
        "<mjml><mj-body><mj-section><mj-column><mj-text>{{ title }}</mj-text>"
        "</mj-column></mj-section></mj-body></mjml>",
    )
    assert "a b c" in templates.mail("x", "en", title="a\x00b\x1fc")


def test_a_template_changed_since_another_site_compiled_it_is_compiled_anew(site, templates):
    site.write("templates/sign.html.j2", "old {{ site.url }}")
    assert templates.html("sign", "en") == "old https://example.org"
    site.configure((site.root / "publisher.toml").read_text().replace("example.org", "other.org"))
    assert Templates(site.settings).html("sign", "en") == "old https://other.org"
    site.write("templates/sign.html.j2", "new {{ site.url }}")
    assert Templates(site.settings).html("sign", "en") == "new https://other.org"
