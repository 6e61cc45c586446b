import re
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.digests import read_at
from publisher.errors import SettingsError
from publisher.settings import Digest, load, packaged

ROOT = Path(__file__).parents[2]
EVERY_SECTION = """
[content]
[delivery]
[delivery.smtp]
[delivery.dkim]
[feedback]
[database]
[editors]
[look]
[retention]
"""


@pytest.fixture
def small(site) -> str:
    """The settings of the small site, to be spoilt in one place."""
    return (site.root / "publisher.toml").read_text(encoding="utf-8")


def refused(site, toml: str, environ: dict[str, str] | None = None) -> list[str]:
    site.configure(toml)
    with pytest.raises(SettingsError) as caught:
        load(site.root, environ or {})
    return [str(problem) for problem in caught.value.problems]


def line_of(toml: str, start: str) -> int:
    return next(n for n, line in enumerate(toml.splitlines(), 1) if line.startswith(start))


def test_small_site_loads_with_defaults(site):
    settings = load(site.root, {})
    assert settings.site.languages == ["en", "ar", "fr"]
    assert settings.digests["weekly"].wait_for_translation == timedelta(days=3)
    assert settings.feeds_url == "https://news.example.org/feeds"


def test_sample_settings_load(tmp_path):
    assert load(packaged("sample"), {}).digests


def test_sample_settings_name_every_key():
    text = (packaged("sample") / "publisher.toml").read_text(encoding="utf-8")
    for name in ("warm_up", "id_authority", "postal_address", "max_lateness", "deliveries"):
        assert re.search(rf"^{name} = ", text, re.MULTILINE)


def test_missing_file_says_how_to_make_a_site(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {})
    assert "publisher init" in caught.value.problems[0].hint
    assert caught.value.exit_code == 3


def test_all_problems_come_at_once_in_the_order_of_their_lines(site, small):
    toml = small.replace("time_zone", "timezone").replace('every = "week"', 'every = "fortnight"')
    found = refused(site, toml + "\n[delivery.smtp]\nport = 0\n")
    assert len(found) == 3
    places = [int(problem.split(":")[1]) for problem in found]
    assert places == sorted(places)
    assert places[0] == line_of(toml, "timezone")
    assert 'did you mean "time_zone"?' in found[0]
    assert '"item", "day", "week" or "month"' in found[1]
    assert "at least 1" in found[2]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("[feed]\nitems = 3\n", '"feeds"'),
        ("[delivery]\nhub = 'x'\n", '"feeds.hub"'),
        ("[delivery.smtp]\nprot = 25\n", '"port"'),
        ("[digests.daily]\nevry = 'day'\n", '"every"'),
        ("[categories.x]\nnames = 'X'\n", '"name"'),
    ],
)
def test_unknown_key_names_the_nearest_known_one(site, small, wrong, meant):
    (found,) = refused(site, small + wrong)
    assert f"did you mean {meant}?" in found


def test_missing_keys_are_named_with_an_example(site):
    found = refused(site, '[site]\nurl = "https://example.org"\n')
    assert any("site.languages is missing" in each and '["en", "ar"]' in each for each in found)
    assert any("feeds is missing" in each and "id_authority" in each for each in found)
    assert any("sender is missing" in each for each in found)


@pytest.mark.parametrize(
    ("toml", "line", "advice"),
    [
        ("[site]\nurl = example\n", 2, "quotes"),
        ('a = 1\na = 2\n"', 2, "twice"),
        ('[site]\n\nurl = "https://x.org\n', 3, "quote"),
        ("x = [1,\n", 1, ""),
    ],
)
def test_a_file_that_is_not_toml_names_the_line(site, toml, line, advice):
    (found,) = refused(site, toml)
    assert found.startswith(f"publisher.toml:{line}: ")
    assert advice in found


def test_a_file_that_is_not_utf8_names_the_line(site):
    site.write("publisher.toml", b'[site]\nname = "\xe9"\n')
    with pytest.raises(SettingsError, match=r"publisher\.toml:2: .*UTF-8"):
        load(site.root, {})


def test_windows_line_ends_and_a_byte_order_mark_are_read(site, small):
    site.write("publisher.toml", b"\xef\xbb\xbf" + small.replace("\n", "\r\n").encode())
    assert load(site.root, {}).site.languages[0] == "en"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"Europe/London"', '"Europe/Londn"', "tz database"),
        ('languages = ["en", "ar", "fr"]', 'languages = "en"', "must be a list"),
        ('languages = ["en", "ar", "fr"]', "languages = []", "is empty"),
        ('languages = ["en", "ar", "fr"]', 'languages = ["en", "en"]', "twice"),
        ('languages = ["en", "ar", "fr"]', 'languages = ["english"]', "not a language tag"),
        ('url = "https://example.org"', 'url = "example.org"', "https://example.org"),
        ('"example.org,2026"', '"example"', '"example.org,2026"'),
        ("digest@example.org", "digest", "not an e-mail address"),
        ("[categories.prevention]", '[categories."Pre vention"]', "small letters"),
        ("[digests.weekly]", "[digests.Weekly]", "small letters"),
        ('every = "week"', 'every = "week"\nmax_age = "30"', '"3d"'),
        ('every = "week"', 'every = "week"\nmax_age = "9999999w"', "hundred years"),
        ('every = "week"', 'every = "week"\nsince = "soon"', "write a date"),
        ('every = "week"', 'every = "week"\nfallback = "maybe"', "true or false"),
    ],
)
def test_wrong_values_are_explained_in_our_own_words(site, small, before, after, said):
    assert before in small
    (found,) = refused(site, small.replace(before, after))
    assert said in found
    assert "pydantic" not in found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{url}/{slgu}/{key}", 'did you mean "{slug}"?'),
        ("{url}/{language}/", "one address"),
        ("/news/{slug}", "begin it with {url}"),
    ],
)
def test_item_url_is_understood_before_it_is_used(site, small, pattern, said):
    toml = small.replace("time_zone", f'item_url = "{pattern}"\ntime_zone')
    (found,) = refused(site, toml)
    assert found.startswith(f"publisher.toml:{line_of(toml, 'item_url')}: ")
    assert said in found


@pytest.mark.parametrize(
    ("every", "at"),
    [
        ("day", "07:00"),
        ("day", "7:00"),
        ("day", "24:00"),
        ("day", "Tue 07:00"),
        ("week", "Tue 07:00"),
        ("week", "tue 07:00"),
        ("week", "Tuesday 07:00"),
        ("week", "07:00"),
        ("month", "1 07:00"),
        ("month", "01 07:00"),
        ("month", "28 07:00"),
        ("month", "29 07:00"),
        ("month", "0 07:00"),
        ("month", "last 07:00"),
        ("item", ""),
        ("item", "07:00"),
        ("week", ""),
        ("week", "Tue  07:00 "),
    ],
)
def test_settings_and_digests_agree_on_what_at_may_be(site, small, every, at):
    toml = small.replace('every = "week"', f'every = "{every}"').replace("Tue 07:00", at)
    try:
        read_at(Digest(every=every, at=at))
    except ValueError:
        (found,) = refused(site, toml)
        assert found.startswith(f"publisher.toml:{line_of(toml, 'at =')}: ")
    else:
        site.configure(toml)
        load(site.root, {})


@pytest.mark.parametrize(
    ("where", "key"),
    [
        ("[delivery]", 'transport = "ses"'),
        ("[delivery]", 'warm_up = "500/day"'),
        ("[delivery.dkim]", 'domain = "example.org"'),
        ("[delivery.dkim]", 'key_file = "dkim.pem"'),
        ("[feedback]", 'domain = "bounces.example.org"'),
        ("[editors]", 'addresses = ["a@example.org"]'),
        ("[editors]", 'proof = "1h"'),
    ],
)
def test_what_this_version_lacks_is_refused_never_ignored(site, small, where, key):
    toml = (small + EVERY_SECTION).replace(where, f"{where}\n{key}")
    (found,) = refused(site, toml)
    assert "this version has no" in found
    assert found.startswith(f"publisher.toml:{line_of(toml, key)}: ")


def test_an_example_sender_never_leaves_by_smtp(site, small):
    (found,) = refused(site, small + '[delivery]\ntransport = "smtp"\n')
    assert "example.org, which nobody owns" in found


def test_a_secret_comes_from_the_environment(site, small):
    site.configure(small + '[delivery.smtp]\nusername = "u"\n')
    settings = load(site.root, {"PUBLISHER_DELIVERY_SMTP_PASSWORD": "s3cret"})
    assert settings.delivery.smtp.password == "s3cret"
    assert "s3cret" not in repr(settings)


def test_a_secret_comes_from_a_file_of_its_own(site, small):
    site.configure(
        small + '[delivery.smtp]\nusername = "u"\npassword_file = "var/smtp"\n'
        '[database]\nurl_file = "var/url"\n'
    )
    site.write("var/smtp", " s3cret\n")
    site.write("var/url", "postgresql://u:p@h/d\n")
    settings = load(site.root, {})
    assert settings.delivery.smtp.password == "s3cret"
    assert settings.database.url == "postgresql://u:p@h/d"


@pytest.mark.parametrize(
    "wrong",
    ['[delivery.smtp]\npassword = "s3cret"\n', '[database]\nurl = "postgresql://u:s3cret@h/d"\n'],
)
def test_a_secret_in_the_file_itself_is_refused_and_not_repeated(site, small, wrong):
    (found,) = refused(site, small + wrong)
    assert "must not stand in this file" in found
    assert "PUBLISHER_" in found
    assert "s3cret" not in found


def test_a_secret_file_that_is_not_there_is_named_with_its_line(site, small):
    toml = small + '[delivery.smtp]\npassword_file = "var/nothing"\n'
    (found,) = refused(site, toml)
    assert found.startswith(f"publisher.toml:{line_of(toml, 'password_file')}: ")
    assert "var/nothing" in found


def test_dumped_settings_are_read_back(site):
    settings = load(site.root, {})
    assert type(settings).model_validate(settings.model_dump(mode="json")) == settings


def test_brackets_nested_without_end_are_a_problem_of_the_file(site):
    assert "brackets" in refused(site, "x = " + "[" * 5000)[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('locale = { en = "fr-FR" }', '"fr-FR" for en, which is no country of that language'),
        ('locale = { en = "en-GBR" }', "the language, a hyphen, two capital letters"),
        ('locale = { xx = "xx-YY" }', 'site.locale speaks of "xx"'),
        ('digits = { xx = "latn" }', 'site.digits speaks of "xx"'),
    ],
)
def test_dates_of_no_country_of_a_language_are_refused(site, small, line, said):
    toml = small.replace("[site]\n", f"[site]\n{line}\n", 1)
    (found,) = refused(site, toml)
    assert found.startswith(f"publisher.toml:{line_of(toml, line)}: ")
    assert said in found


@pytest.mark.parametrize("wanted", ["en-US", "en-001", "en-Latn-GB", "en-u-ca-gregory", "en"])
def test_dates_of_a_country_of_the_language_are_taken(site, small, wanted):
    site.configure(small.replace("[site]\n", f'[site]\nlocale = {{ en = "{wanted}" }}\n', 1))
    assert load(site.root, {}).site.locale == {"en": wanted}


def test_deliveries_are_not_forgotten_while_a_digest_may_still_need_them(site, small):
    kept = small + '[retention]\ndeliveries = "33d"\n'
    (problem,) = refused(site, kept)
    assert (
        f"publisher.toml:{line_of(kept, 'deliveries')}: retention.deliveries is shorter" in problem
    )
    assert "digests.weekly.max_age and digests.weekly.wait_for_translation" in problem
    assert 'write "34d" or more' in problem
    site.configure(kept.replace("33d", "34d"))
    assert load(site.root, {}).retention.deliveries == timedelta(days=34)


def test_a_digest_with_a_long_memory_needs_no_word_about_retention(site, small):
    site.configure(small.replace('at = "Tue 07:00"\n', 'at = "Tue 07:00"\nmax_age = "300d"\n'))
    assert load(site.root, {}).retention.deliveries == timedelta(days=90)
