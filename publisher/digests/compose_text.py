"""Shortening of what authors wrote, where a message has room for less."""


def shorten(text: str, most: int) -> str:
    """Return text of at most this many characters, cut between words, with "…" where cut."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    between = cut.rfind(" ")
    return (cut[:between] if between > most // 2 else cut).rstrip(" ,;:.،؛-–—") + "…"
