"""Language tags: their normal form, their direction, and which of several words to take."""

import re
from collections.abc import Iterable, Mapping

_TAG = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(?:-(?P<script>[A-Za-z]{4}))?(?:-(?P<region>[A-Za-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-[A-Za-z0-9]{5,8}|-\d[A-Za-z0-9]{3})*)",
    re.ASCII,
)
_RTL_LANGUAGES = frozenset(
    re.findall(
        r"\w+", "ae ar arc arz ckb dv fa glk he khw ks lrc mzn nqo pnb ps sd sdh syr ug ur yi"
    )
)
_RTL_SCRIPTS = frozenset(
    {"Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}
)
_LETTERS = re.compile(r"[^\W\d_]")
_RTL_LETTER = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def normalise(tag: str) -> str:
    """Return a BCP 47 tag in its usual case: "AR", "pt_br", "zh-hant" -> "ar", "pt-BR", "zh-Hant".

    Raises ValueError when the text is not a language tag.
    """
    found = _TAG.fullmatch(tag.strip().replace("_", "-"))
    if not found:
        raise ValueError(f"not a language tag: {tag!r}")
    parts = [found["language"].lower()]
    if found["script"]:
        parts.append(found["script"].title())
    if found["region"]:
        parts.append(found["region"].upper())
    return "-".join(parts) + found["rest"].lower()


def is_tag(text: str) -> bool:
    """Return whether a text is a BCP 47 tag in its usual case."""
    try:
        return normalise(text) == text
    except ValueError:
        return False


def base(tag: str) -> str:
    """Return the language of a tag without script and region."""
    return tag.partition("-")[0]


def is_rtl(tag: str) -> bool:
    """Return whether text in this language runs from right to left."""
    language, *rest = tag.split("-")
    scripts = [part for part in rest if len(part) == 4 and part.isalpha()]
    return scripts[0] in _RTL_SCRIPTS if scripts else language in _RTL_LANGUAGES


def direction(tag: str) -> str:
    """Return "rtl" or "ltr", as HTML's dir attribute wants it."""
    return "rtl" if is_rtl(tag) else "ltr"


def first_strong(text: str) -> str:
    """Return the direction of the first letter of a text: "rtl", "ltr", or "" without letters."""
    found = _LETTERS.search(text)
    if not found:
        return ""
    return "rtl" if _RTL_LETTER.match(found[0]) else "ltr"


def pick(words: Mapping[str, str], tag: str, then: Iterable[str] = ()) -> str:
    """Return the word for a language: its own, its base's, the common one, those of `then`, any."""
    for candidate in (tag, base(tag), "", *then):
        if words.get(candidate):
            return words[candidate]
    return next(iter(words.values()), "")
