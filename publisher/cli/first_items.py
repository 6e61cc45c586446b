"""What `init` writes into a new site: its settings and two sample items in two languages."""

import json
from datetime import datetime
from urllib.parse import urlsplit

from publisher.cli.moving_in import Found

SETTINGS = """\
# The settings of this site. Only the most usual ones stand here; all of them, each with what it
# means, are in the sample site that comes with publisher and in docs/reference/settings.md.
# After a change, `publisher check` finds every mistake.

[site]
# The address of your website; links to your items begin with it.
url = {url}
# What readers know you as.
name = {name}
# The first is the original, and what readers get when all else is missing.
languages = {languages}
# Digests leave by the clocks of this place.
time_zone = {time_zone}
# Where an item's page is: {{language}}, {{slug}}, {{key}}, {{year}}, {{month}} and {{day}} are filled in.
item_url = {item_url}

[feeds]
# The stem of your items' ids. Never change it: readers' programs know your items by these ids.
id_authority = {authority}

# A category has a feed of its own, and readers can choose it.
# [categories.culture]
# name = {{ en = "Culture" }}

[digests.weekly]
title = {title}
every = "week"
at = "Tue 07:00"

[sender]
# The address digests come from. With transport = "maildir" nothing leaves this machine.
address = {sender}
# Your postal address, at the foot of each digest; many countries ask for one.
postal_address = ""

[delivery]
# "maildir" writes messages to the folder outbox/; "smtp" hands them to the server below.
transport = "maildir"

# [delivery.smtp]
# host = "mail.example.org"
# port = 587
# security = "starttls"
# username = "digest"            # the password: PUBLISHER_DELIVERY_SMTP_PASSWORD, or password_file
"""
_TITLES = {
    "en": "Weekly digest",
    "ar": "النشرة الأسبوعية",
    "fr": "La lettre de la semaine",
    "es": "Boletín semanal",
}
_WELCOME = {
    "en": (
        "Welcome to our news",
        "This is the first item of this site. It is one file, `{path}`.\n\n"
        "Change it, or delete it and write your own with `publisher new`.",
    ),
    "ar": (
        "أهلًا بكم في أخبارنا",
        "هذه أول مادة في هذا الموقع، وهي ملف واحد: `{path}`.\n\n"
        "عدّلها، أو احذفها واكتب مادتك بالأمر `publisher new`.",
    ),
    "fr": (
        "Bienvenue dans nos nouvelles",
        "Voici le premier article de ce site. C’est un fichier, `{path}`.\n\n"
        "Modifiez-le, ou supprimez-le et écrivez le vôtre avec `publisher new`.",
    ),
    "es": (
        "Bienvenida a nuestras noticias",
        "Este es el primer artículo del sitio. Es un archivo, `{path}`.\n\n"
        "Cámbielo, o bórrelo y escriba el suyo con `publisher new`.",
    ),
}
_LAUNCH = {
    "en": (
        "How our feeds and digests work",
        "Every item appears in the feeds as soon as `publisher build` runs, "
        "and in the next digest of readers who chose its language.",
    ),
    "ar": (
        "كيف تعمل الخلاصات والنشرات",
        "تظهر كل مادة في الخلاصات بعد تشغيل `publisher build`، "
        "ثم في النشرة التالية للقراء الذين اختاروا لغتها.",
    ),
    "fr": (
        "Comment marchent nos flux et nos lettres",
        "Chaque article paraît dans les flux dès que `publisher build` est lancé, "
        "puis dans la prochaine lettre de ceux qui ont choisi sa langue.",
    ),
    "es": (
        "Cómo funcionan los canales y boletines",
        "Cada artículo aparece en los canales en cuanto se ejecuta `publisher build`, "
        "y en el próximo boletín de quienes eligieron su idioma.",
    ),
}


def settings_text(found: Found, now: datetime) -> str:
    """Return publisher.toml for what is known of a site; what is not known is an example.

    The ids' stem is made here once: the site's host, and the year.
    """
    host = (urlsplit(found.url).hostname or "example.org").removeprefix("www.")
    languages = list(found.languages)
    return SETTINGS.format(
        url=_toml(found.url or "https://example.org"),
        name=_toml(found.name or "My site"),
        languages=json.dumps(languages),
        time_zone=_toml(found.time_zone or "UTC"),
        item_url=_toml(found.item_url or "{url}/{language}/{slug}/"),
        authority=_toml(f"{host},{now.year}"),
        title=_words({tag: _TITLES[tag] for tag in languages if tag in _TITLES}, "Weekly digest"),
        # Without a domain of one's own nothing may leave, and the maildir transport lets nothing.
        sender=_toml(f"digest@{host}"),
    )


def sample_items(languages: tuple[str, ...], now: datetime) -> dict[str, str]:
    """Return two items, each in two of the languages: path -> text."""
    spoken = [tag for tag in languages if tag in _WELCOME][:2]
    files = {}
    for slug, words, kind in (("welcome", _WELCOME, "news"), ("how-it-works", _LAUNCH, "article")):
        for place, tag in enumerate(spoken):
            path = f"content/{now.year}/{slug}.{tag}.md"
            title, text = words[tag]
            # Shared facts are written once, in the first language.
            facts = f"date: {now:%Y-%m-%dT%H:%M:%SZ}\nkind: {kind}\n" if place == 0 else ""
            files[path] = f"---\ntitle: {_toml(title)}\n{facts}---\n{text.format(path=path)}\n"
    return files


def _words(words: dict[str, str], otherwise: str) -> str:
    if not words:
        return _toml(otherwise)
    return "{ " + ", ".join(f"{tag} = {_toml(text)}" for tag, text in words.items()) + " }"


def _toml(text: str) -> str:
    """Return a text as a TOML basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False)
