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
        ("[digests.weekly]", "[digests.search]", "another name"),
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
        ("[delivery]", 'transport = "mailgun"'),
    ],
)
def test_what_this_version_lacks_is_refused_never_ignored(site, small, where, key):
    toml = (small + EVERY_SECTION).replace(where, f"{where}\n{key}")
    (found,) = refused(site, toml)
    assert "this version has no" in found
    assert found.startswith(f"publisher.toml:{line_of(toml, key)}: ")


@pytest.mark.parametrize(
    ("section", "key", "wrong"),
    [
        ("editors", 'addresses = ["ed"]', 'editors.addresses has "ed"'),
        ("editors", 'addresses = ["Ed <ed@example.org>"]', "is not an e-mail address"),
        ("editors", 'addresses = ["ed@example.org", "Ed@example.org"]', "twice"),
        ("ops", 'heartbeat = "hc.example.org/1"', "write a full web address"),
        ("ops", 'heartbeat = "ftp://hc.example.org/1"', "write a full web address"),
        ("ops", 'heartbeat = "https://me:pw@hc.example.org/1"', "write a full web address"),
    ],
)
def test_what_no_editor_and_no_heartbeat_can_be_is_refused(site, small, section, key, wrong):
    toml = f"{small}\n[{section}]\n{key}\n"
    (found,) = refused(site, toml)
    assert wrong in found
    assert found.startswith(f"publisher.toml:{line_of(toml, key)}: ")


def test_editors_and_a_heartbeat_are_taken_as_written(site, small):
    url = "https://hc.example.org/ping/1?x=2"
    site.configure(
        f'{small}\n[editors]\naddresses = ["ed@example.org"]\nproof = "90m"\n'
        f'[ops]\nheartbeat = "{url}"\n'
    )
    settings = load(site.root, {})
    assert settings.editors.proof == timedelta(minutes=90)
    assert settings.ops.heartbeat == url


SIGNING = """\
[delivery.dkim]
domain = "example.org"
selector = "news"
key_file = "var/dkim.pem"
ed25519_selector = "news-ed"
ed25519_key_file = "var/ed.pem"
"""


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ('domain = "example.org"', 'domain = "exa mple"', "no name as DNS has it"),
        ('domain = "example.org"', 'domain = "bücher.example"', 'their form with "xn--"'),
        (
            'domain = "example.org"\nselector = "news"',
            'domain = "a.org"',
            "no delivery.dkim.selector",
        ),
        ('selector = "news"', 'selector = "new.s."', "cannot be a part of a name in DNS"),
        ('selector = "news"', 'selector = "news-ed"', "are the same"),
        ('key_file = "var/dkim.pem"\n', "", "no delivery.dkim.key_file; empty all of"),
        ('ed25519_key_file = "var/ed.pem"', "", "no delivery.dkim.ed25519_key_file"),
        ('ed25519_selector = "news-ed"\n', "", "no delivery.dkim.ed25519_selector"),
        ('domain = "example.org"', "", "no delivery.dkim.domain"),
    ],
)
def test_what_is_wanting_for_signing_is_named(site, small, line, instead, said):
    assert line in SIGNING
    assert said in "\n".join(refused(site, small + SIGNING.replace(line, instead, 1)))


def test_signing_is_set_and_no_key_read_before_it_is_needed(site, small):
    site.configure(small + SIGNING)
    dkim = load(site.root, {"PUBLISHER_DELIVERY_DKIM_ED25519_KEY": "s3cret"}).delivery.dkim
    assert (dkim.key_file, dkim.key, dkim.ed25519_key) == ("var/dkim.pem", "", "s3cret")
    assert "s3cret" not in repr(dkim)


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


@pytest.fixture
def owned(small):
    """The settings of a site with a sender of its own."""
    return small.replace("digest@example.org", "digest@our-town.org")


def test_the_environment_may_name_a_secrets_file_in_place_of_the_settings(site, owned):
    toml = owned + (
        '[delivery.smtp]\nusername = "u"\npassword_file = "var/other"\n'
        '[delivery.dkim]\ndomain = "our-town.org"\nselector = "news"\n'
    )
    site.configure(toml)
    handed = site.write("run/credentials/smtp-password", "s3cret\n")
    environ = {
        "PUBLISHER_DELIVERY_SMTP_PASSWORD_FILE": str(handed),
        "PUBLISHER_DELIVERY_DKIM_KEY_FILE": "run/dkim.pem",
        "PUBLISHER_WEB_METRICS_TOKEN_FILE": "run/credentials/smtp-password",
    }
    settings = load(site.root, environ)
    assert settings.delivery.smtp.password == settings.web.metrics_token == "s3cret"
    assert settings.delivery.dkim.key_file == "run/dkim.pem"
    environ["PUBLISHER_DELIVERY_SMTP_PASSWORD"] = "nearer"
    assert load(site.root, environ).delivery.smtp.password == "nearer"


def test_the_keys_of_providers_come_from_the_environment_or_from_files(site, owned):
    site.configure(
        owned + '[delivery]\ntransport = "ses"\n[delivery.ses]\nregion = "eu-west-1"\n'
        'secret_key_file = "var/ses"\n[delivery.postmark]\ntoken_file = "var/postmark"\n'
    )
    site.write("var/ses", "s3cret\n")
    site.write("var/postmark", "t0ken\n")
    environ = {
        "PUBLISHER_DELIVERY_SES_ACCESS_KEY": "AKIA",
        "PUBLISHER_DELIVERY_SES_SESSION_TOKEN": "s3ssion",
    }
    delivery = load(site.root, environ).delivery
    ses = delivery.ses
    assert (ses.access_key, ses.secret_key, ses.session_token) == ("AKIA", "s3cret", "s3ssion")
    assert delivery.postmark.token == "t0ken"
    for word in ("AKIA", "s3cret", "s3ssion", "t0ken"):
        assert word not in repr(delivery)


def test_ses_needs_a_region(site, owned):
    (found,) = refused(site, owned + '[delivery]\ntransport = "ses"\n')
    assert "delivery.ses.region is missing" in found
    (found,) = refused(site, owned + '[delivery.ses]\nregion = "Ireland"\n')
    assert 'delivery.ses.region is "Ireland"; write region = "eu-west-1"' in found


@pytest.mark.parametrize("name", ["ses", "postmark"])
def test_keys_leave_unencrypted_in_a_test_only(site, owned, name):
    toml = owned + f'[delivery.{name}]\nendpoint = "http://127.0.0.1:8081"\n'
    (found,) = refused(site, toml)
    assert found.startswith(f"publisher.toml:{line_of(toml, 'endpoint')}: ")
    assert "unencrypted" in found
    site.configure(toml)
    settings = load(site.root, {"PUBLISHER_TESTING": "1"})
    assert getattr(settings.delivery, name).url == "http://127.0.0.1:8081"


def test_a_signature_of_ours_goes_with_no_provider_that_writes_the_date_anew(site, owned):
    toml = owned + '[delivery]\ntransport = "postmark"\n[delivery.dkim]\ndomain = "our-town.org"\n'
    assert any("would not survive postmark" in each for each in refused(site, toml))


@pytest.mark.parametrize(
    "wrong",
    [
        '[delivery.smtp]\npassword = "s3cret"\n',
        SIGNING + 'key = "s3cret"\n',
        SIGNING + 'ed25519_key = "s3cret"\n',
        '[delivery.ses]\naccess_key = "s3cret"\n',
        '[delivery.ses]\nsecret_key = "s3cret"\n',
        '[delivery.ses]\nsession_token = "s3cret"\n',
        '[delivery.postmark]\ntoken = "s3cret"\n',
        '[database]\nurl = "postgresql://u:s3cret@h/d"\n',
    ],
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


@pytest.mark.parametrize(
    "entry",
    ["fr/all.rss", "FR", "french", "news", "/fr", "fr/", "fr/nothing", "../x", "", "fr/news/2026"],
)
def test_what_can_be_no_feed_cannot_be_retired(site, small, entry):
    toml = small.replace("[feeds]\n", f'[feeds]\nretired = ["en/all", "{entry}"]\n')
    (found,) = refused(site, toml)
    assert found.startswith(f"publisher.toml:{line_of(toml, 'retired')}: ")
    assert f'feeds.retired names "{entry}"' in found


@pytest.mark.parametrize(
    "entry", ["fr", "pt-BR", "all", "pt-BR/all", "fr/event-report", "fr/category-a.b", "fr/events"]
)
def test_feeds_and_languages_can_be_retired(site, small, entry):
    site.configure(small.replace("[feeds]\n", f'[feeds]\nretired = ["{entry}"]\n'))
    assert load(site.root, {}).feeds.retired == [entry]


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


@pytest.mark.parametrize(
    ("domain", "more", "said"),
    [
        ("b@example.org", "", "which is no name as DNS has it"),
        ("مثال.test", "", "which is no name as DNS has it"),
        ("a." * 100 + "org", "", "which is no name as DNS has it"),
        ("bounces.example.org", '\ntransport = "smtp"', "which nobody owns"),
        ("bounces.example.org", "", ""),
        ("bounces.our-town.org", '\ntransport = "smtp"', ""),
    ],
)
def test_a_domain_for_what_comes_back_can_be_written_to(site, small, domain, more, said):
    ours = small.replace("digest@example.org", "digest@our-town.org") + EVERY_SECTION
    toml = ours.replace("[feedback]", f'[feedback]\ndomain = "{domain}"')
    toml = toml.replace("[delivery]", f"[delivery]{more}")
    if said:
        (found,) = refused(site, toml)
        assert said in found
    else:
        site.configure(toml)
        assert load(site.root, {}).feedback.domain == domain
