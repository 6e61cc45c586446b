"""Render a page: a template in the visitor's language, with what every page has around it."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from publisher.feeds import FeedLink, feed_links
from publisher.language import direction
from publisher.render import colours, language_name
from publisher.web.guard import content_policy
from publisher.web.visit import Page, Visit

if TYPE_CHECKING:
    from publisher.render import Templates

PRIVATE = "no-store"  # whatever belongs to one person
PUBLIC = "public, max-age=300"
FOREVER = "public, max-age=31536000, immutable"
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<rect width="16" height="16" rx="3" fill="{accent}"/>'
    '<path d="M3.5 5h9v6.5h-9zl4.5 4 4.5-4" fill="none" stroke="{paper}" stroke-linejoin="round"/>'
    "</svg>\n"
)


def page(
    visit: Visit,
    template: str,
    *,
    status: int = 200,
    cache: str = PRIVATE,
    policy: str = "",
    **values: object,
) -> Response:
    """Return a page made from templates/web/<template>.html.j2.

    cache   PRIVATE, or PUBLIC for a page whose row in the table is public
    policy  another Content-Security-Policy than the usual one, from `guard.content_policy`

    The template gets values and what `web/base.html.j2` shows around them. Raises RenderError.
    """
    text = visit.app.templates.html(f"web/{template}", visit.language, **_around(visit), **values)
    headers = {
        "cache-control": cache,
        "content-language": visit.language,
        "content-security-policy": policy or content_policy(visit.settings),
    }
    return HTMLResponse(text, status, headers)


def moved(visit: Visit, path: str) -> Response:
    """Send the browser to the one right address of a page."""
    return RedirectResponse(visit.to(path), 308, {"cache-control": PUBLIC})


def stylesheet_path(templates: "Templates") -> str:
    """Return where the stylesheet is; another one has another path, so caches keep it for ever."""
    return f"/look/{hashlib.sha256(_stylesheet(templates)).hexdigest()[:16]}.css"


def _show_stylesheet(visit: Visit) -> Response:
    templates = visit.app.templates
    is_this = stylesheet_path(templates) == f"/look/{visit.params['name']}"
    headers = {"cache-control": FOREVER if is_this else "no-cache"}
    return Response(_stylesheet(templates), 200, headers, "text/css")


def _show_icon(visit: Visit) -> Response:
    """Show a letter in the site's colours, for the browser's tab."""
    palette = colours.light(visit.settings.look)
    drawing = _ICON.format(accent=palette.accent, paper=palette.paper)
    return Response(drawing, 200, {"cache-control": PUBLIC}, "image/svg+xml")


PAGES = (
    Page("/look/{name}", get=_show_stylesheet, is_public=True),
    Page("/favicon.ico", get=_show_icon, is_public=True),
)


def _stylesheet(templates: "Templates") -> bytes:
    """Return the stylesheet with the site's colours before it; the site's own rules win over ours."""
    path = next(
        path for folder in templates.folders if (path := folder / "web" / "style.css").is_file()
    )
    return _coloured(templates, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _coloured(templates: "Templates", path: Path, _changed_at: int) -> bytes:
    look = templates.settings.look
    light, dark = _variables(colours.light(look)), _variables(colours.dark(look))
    font = f" --font: {look.font};" if look.font else ""
    return (
        f":root {{ color-scheme: light dark; --corner: {look.corner}px;{font} {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f"{path.read_text(encoding='utf-8')}"
    ).encode()


def _variables(palette: Any) -> str:
    names = ("ink", "muted", "paper", "ground", "rule", "accent")
    return " ".join(f"--{name}: {getattr(palette, name)};" for name in names)


def _around(visit: Visit) -> dict[str, object]:
    settings = visit.settings
    return {
        "to": visit.to,
        "stylesheet": visit.to(stylesheet_path(visit.app.templates)),
        "route": visit.route,
        "home": settings.site.url + "/",
        "feeds": _autodiscovery(visit),
        "feeds_url": settings.feeds_url,
        "languages": _switch(visit),
    }


def _autodiscovery(visit: Visit) -> list[dict[str, str]]:
    """Return the feed of everything in the page's language, or in all, for reader apps to find."""
    found = _whole_feeds(visit.app.templates, _changed_at(visit.settings.feeds_dir))
    chosen = found.get(visit.language) or found.get("") or next(iter(found.values()), None)
    if chosen is None:
        return []
    kinds = (("atom", "atom+xml"), ("rss", "rss+xml"), ("json", "feed+json"))
    return [
        {
            "type": f"application/{kind}",
            "href": getattr(chosen, name),
            "title": chosen.title,
            "language": chosen.language,
        }
        for name, kind in kinds
    ]


@lru_cache(maxsize=4)
def _whole_feeds(templates: "Templates", _changed_at: int) -> dict[str, FeedLink]:
    """Return the feed of everything in each language; looked up anew when the feeds changed."""
    links = feed_links(templates.settings)
    return {link.language: link for link in links if link.name == "all"}


def _changed_at(feeds_dir: Path) -> int:
    try:
        return (feeds_dir / "manifest.json").stat().st_mtime_ns
    except OSError:
        return 0


def _switch(visit: Visit) -> list[dict[str, object]]:
    """Return the links to this page in the site's other languages."""
    tags = visit.settings.site.languages
    return [
        {
            "language": tag,
            "dir": direction(tag),
            "name": language_name(tag),
            "href": visit.in_language(tag),
            "is_here": tag == visit.language,
        }
        for tag in tags
        if len(tags) > 1
    ]
