"""What one key alone cannot tell: values that must fit each other, and what is not built yet."""

import re
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import get_args

from publisher.language import base, is_tag
from publisher.settings.model import Digest, Dkim, KindName, Settings

Told = tuple[tuple[str, ...], str, str]  # key, what is wrong, what to do

_SLUG = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LINK_WORDS = ("url", "language", "slug", "key", "year", "month", "day")
_LOCALE = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?(?:-u(?:-\w{2,8})+)?", re.ASCII
)
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>]+\.[^\s@<>.]+")
_EXAMPLE_HOST = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|net|org|edu))?|test|invalid)", re.I)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_DNS_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_LONGEST_FEEDBACK_DOMAIN = 189  # 254 less the longest local part and "@"
_MAKE_A_KEY = "run `publisher dkim-key`, which makes a key and says what to write here"
_HOUR = r"([01]\d|2[0-3]):[0-5]\d"
_SEARCH = "search"  # /archive/search
_FEED = re.compile(rf"all|events|{'|'.join(get_args(KindName))}|category-[\w.-]+")
_RHYTHMS = {  # `digests.period` reads these forms; a test keeps the two in step
    "day": (re.compile(_HOUR, re.ASCII), '"07:00"'),
    "week": (re.compile(rf"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s+{_HOUR}", re.ASCII), '"Tue 07:00"'),
    "month": (
        re.compile(rf"(0?[1-9]|1\d|2[0-8]|last)\s+{_HOUR}", re.ASCII),
        '"1 07:00" (up to "28 07:00") or "last 07:00"',
    ),
}


def broken_rules(settings: Settings, *, is_test: bool = False) -> Iterator[Told]:
    """Yield every value that cannot be honoured, though each is well written by itself.

    is_test  the process is a test, which may talk to servers of its own without TLS
    """
    yield from _names(settings)
    yield from _customs(settings)
    yield from _links(settings)
    yield from _retired(settings)
    yield from _mail(settings)
    yield from _dkim(settings.delivery.dkim)
    yield from _feedback(settings)
    yield from _providers(settings, is_test)
    for name, digest in settings.digests.items():
        yield from _rhythm(name, digest)
    yield from _editors(settings)
    yield from _keeping(settings)


def is_dns_name(text: str) -> bool:
    """Return whether a text can stand in DNS, as a domain or a part of one: ASCII, no empty part."""
    return bool(_DNS_NAME.fullmatch(text))


def _names(settings: Settings) -> Iterator[Told]:
    for table, names in (("categories", settings.categories), ("digests", settings.digests)):
        for name in names:
            if not _SLUG.fullmatch(name) or name != name.lower():
                yield (
                    (table, name),
                    f'"{name}" is part of addresses and file names',
                    "write it in small letters and digits, with single hyphens between words",
                )
    if _SEARCH in settings.digests:
        yield (
            ("digests", _SEARCH),
            f'a digest cannot be named "{_SEARCH}": at that address the archive is searched',
            "give it another name",
        )
    languages = settings.site.languages
    for tag in sorted({tag for tag in languages if languages.count(tag) > 1}):
        yield ("site", "languages"), f'site.languages names "{tag}" twice', "write it once"


def _customs(settings: Settings) -> Iterator[Told]:
    """Yield what `locale` and `digits` say of a language in vain: dates would stay as they were."""
    site = settings.site
    known = {base(tag) for tag in site.languages}
    for name, table in (("locale", site.locale), ("digits", site.digits)):
        for tag in table:
            if base(tag) not in known:
                said = f'site.{name} speaks of "{tag}", which site.languages does not name'
                yield ("site", name, tag), said, f"take it out, or add {tag} to the languages"
    for tag, wanted in site.locale.items():
        if not _LOCALE.fullmatch(wanted) or base(wanted) != base(tag):
            yield (
                ("site", "locale", tag),
                f'site.locale is "{wanted}" for {tag}, which is no country of that language',
                f'write for instance "{base(tag)}-CH": the language, a hyphen, two capital letters',
            )


def _links(settings: Settings) -> Iterator[Told]:
    pattern, key = settings.site.item_url, ("site", "item_url")
    words = re.findall(r"\{([^{}]*)\}", pattern)
    for word in words:
        if word not in _LINK_WORDS:
            close = get_close_matches(word, _LINK_WORDS, n=1)
            known = ", ".join(f"{{{known}}}" for known in _LINK_WORDS)
            advice = f'did you mean "{{{close[0]}}}"?' if close else f"known are {known}"
            yield key, f"site.item_url has an unknown part {{{word}}}", advice
    if not {"slug", "key"} & set(words):
        yield (
            key,
            "site.item_url gives all items one address",
            "add {slug} or {key}, for instance {url}/{language}/{slug}/",
        )
    if not pattern.startswith(("{url}", "https://", "http://")):
        yield key, "site.item_url is not a full web address", "begin it with {url}"


def _retired(settings: Settings) -> Iterator[Told]:
    for entry in settings.feeds.retired:
        language, slash, name = entry.rpartition("/")
        is_language = is_tag(name) and not slash
        is_feed = entry == "all" or (is_tag(language) and _FEED.fullmatch(name))
        if not (is_language or is_feed):
            yield (
                ("feeds", "retired"),
                f'feeds.retired names "{entry}", which can be no feed',
                'write a feed without its format, as in "fr/news", or a whole language, as in "fr"',
            )


def _mail(settings: Settings) -> Iterator[Told]:
    sender, transport = settings.sender, settings.delivery.transport
    for name, address in (("address", sender.address), ("reply_to", sender.reply_to)):
        if address and not _ADDRESS.fullmatch(address):
            yield (
                ("sender", name),
                f'sender.{name} is "{address}", which is not an e-mail address',
                'write for instance "digest@example.org"; its name goes into sender.name',
            )
    if not sender.address:
        yield ("sender", "address"), "sender.address is empty", 'write "digest@your-domain"'
    domain = sender.address.rpartition("@")[2]
    if transport != "maildir" and _EXAMPLE_HOST.fullmatch(domain):
        yield (
            ("sender", "address"),
            f"sender.address is at {domain}, which nobody owns, and would leave through {transport}",
            'write an address of your own, or keep delivery.transport = "maildir"',
        )
    if settings.delivery.smtp.password and not settings.delivery.smtp.username:
        yield (
            ("delivery", "smtp", "username"),
            "a password for SMTP is given, and no delivery.smtp.username",
            "write the user name that the password belongs to",
        )
    if not settings.database.url.startswith(("sqlite:///", "postgresql://")):
        yield (
            ("database", "url"),
            "database.url is of a kind that publisher does not know",
            'write "sqlite:///var/publisher.sqlite3" or "postgresql://host/name"',
        )


def _dkim(dkim: Dkim) -> Iterator[Told]:
    key = ("delivery", "dkim", "domain")
    if dkim.domain and not is_dns_name(dkim.domain):
        yield (
            key,
            f'delivery.dkim.domain is "{dkim.domain}", which is no name as DNS has it',
            'write for instance "example.org"; letters beyond a to z in their form with "xn--"',
        )
    if dkim.domain and not dkim.selector:
        said = "delivery.dkim.domain is given, and no delivery.dkim.selector"
        yield key, said, f"empty it and {_MAKE_A_KEY}"
    yield from _dkim_key(dkim, "")
    yield from _dkim_key(dkim, "ed25519_")
    if dkim.selector and dkim.selector == dkim.ed25519_selector:
        yield (
            ("delivery", "dkim", "ed25519_selector"),
            "delivery.dkim.selector and delivery.dkim.ed25519_selector are the same",
            "give each key a selector of its own; a name in DNS holds one key",
        )


def _dkim_key(dkim: Dkim, which: str) -> Iterator[Told]:
    key, file = ("delivery", "dkim", f"{which}selector"), f"{which}key_file"
    dotted, selector = ".".join(key), getattr(dkim, key[-1])
    is_given = bool(getattr(dkim, f"{which}key") or getattr(dkim, file))
    if selector and not is_dns_name(selector):
        yield (
            key,
            f'{dotted} is "{selector}", which cannot be a part of a name in DNS',
            "write letters, digits and hyphens, for instance news2026",
        )
    if selector and not dkim.domain:
        said = f"{dotted} is given, and no delivery.dkim.domain"
        yield key, said, "write the domain that signs, mostly that of sender.address"
    if selector and not is_given:
        yield (
            key,
            f"{dotted} is given, and no delivery.dkim.{file}",
            f"empty all of [delivery.dkim] and {_MAKE_A_KEY}",
        )
    if is_given and not selector:
        yield (
            ("delivery", "dkim", file),
            f"a key for DKIM is given, and no {dotted}",
            "write the selector under which its record stands in DNS",
        )


def _feedback(settings: Settings) -> Iterator[Told]:
    domain, key = settings.feedback.domain, ("feedback", "domain")
    if domain and (not is_dns_name(domain) or len(domain) > _LONGEST_FEEDBACK_DOMAIN):
        yield (
            key,
            f'feedback.domain is "{domain}", which is no name as DNS has it',
            'write for instance "bounces.example.org", without @; letters beyond a to z in their '
            'form with "xn--"',
        )
    elif settings.delivery.transport != "maildir" and _EXAMPLE_HOST.fullmatch(domain):
        yield (
            key,
            f"feedback.domain is {domain}, which nobody owns, and bounces would go there",
            "write a domain whose mail reaches this machine, or leave it empty",
        )


def _providers(settings: Settings, is_test: bool) -> Iterator[Told]:
    delivery = settings.delivery
    if delivery.transport == "ses" and not delivery.ses.region:
        yield (
            ("delivery", "ses", "region"),
            "delivery.ses.region is missing, and delivery.transport is ses",
            'write the region of your SES account, for instance "eu-west-1"',
        )
    for name, section in (("ses", delivery.ses), ("postmark", delivery.postmark)):
        if section.endpoint.startswith("http://") and not is_test:
            yield (
                ("delivery", name, "endpoint"),
                f"delivery.{name}.endpoint would send your keys and your readers unencrypted",
                "begin it with https://",
            )
    if delivery.transport in ("ses", "postmark") and delivery.dkim.domain:
        yield (
            ("delivery", "dkim", "domain"),
            f"a signature of ours would not survive {delivery.transport}, which writes the Date anew",
            "leave it empty and let the provider sign for your domain",
        )


def _editors(settings: Settings) -> Iterator[Told]:
    key, addresses = ("editors", "addresses"), settings.editors.addresses
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            yield (
                key,
                f'editors.addresses has "{address}", which is not an e-mail address',
                'write for instance "editor@example.org", without a name',
            )
    folded = [address.lower() for address in addresses]
    for address in sorted({one for one in folded if folded.count(one) > 1}):
        yield key, f'editors.addresses has "{address}" twice', "write it once"


def _keeping(settings: Settings) -> Iterator[Told]:
    """Yield a time that would forget what a digest must still know; the usual one just waits."""
    if "retention" not in settings.model_fields_set:
        return
    kept = settings.retention.deliveries
    for name, digest in settings.digests.items():
        if kept < digest.longest_memory:
            days = -(-digest.longest_memory // timedelta(days=1))
            yield (
                ("retention", "deliveries"),
                f"retention.deliveries is shorter than digests.{name}.max_age and "
                f"digests.{name}.wait_for_translation together, so that what readers had already "
                "would be forgotten too early",
                f'write "{days}d" or more',
            )


def _rhythm(name: str, digest: Digest) -> Iterator[Told]:
    key = ("digests", name, "at")
    dotted = ".".join(key)
    if digest.every == "item":
        if digest.at:
            yield key, f'{dotted} has no meaning with every = "item"', "take it out"
        return
    pattern, example = _RHYTHMS[digest.every]
    if digest.at.strip() and not pattern.fullmatch(digest.at.strip()):
        yield (
            key,
            f'{dotted} is "{digest.at}", which does not fit every = "{digest.every}"',
            f"write {example}",
        )
