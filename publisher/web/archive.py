"""The archive in the browser: the digests, their editions, each edition, and a search over all.

The same for everybody: no page knows who reads it, so all of them may be kept by caches.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from starlette.responses import Response

from publisher import digests
from publisher.language import direction
from publisher.render import language_name
from publisher.store import read
from publisher.web import pages
from publisher.web.choices import title_of
from publisher.web.guard import content_policy
from publisher.web.refused import Refused
from publisher.web.validators import validated
from publisher.web.visit import Page, Visit

if TYPE_CHECKING:
    from sqlalchemy import Connection

PER_PAGE = 30  # editions of a list
HITS = 20  # of a page of a search
MOST_PAGES = 500  # of a list; nobody turns so many, and each costs the database more
LONGEST_QUERY = 500  # characters that are shown again
_SLOT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)
_Found = TypeVar("_Found")


def _show_digests(visit: Visit) -> Response:
    tag = _content_language(visit)
    found = _ask(visit, lambda conn: digests.archived_digests(conn, visit.settings, tag, visit.now))
    rows = [
        {
            "title": title_of(visit, one.name),
            "link": _link(visit, f"/archive/{one.name}"),
            "editions": one.editions,
            "latest": one.latest.date(),
        }
        for one in found or ()
    ]
    return _page(visit, "archive", digests=rows, **_search_box(visit))


def _show_digest(visit: Visit) -> Response:
    name, tag, number = visit.params["digest"], _content_language(visit), _page_number(visit)
    found, has_more = _ask(
        visit,
        lambda conn: digests.archived_editions(
            conn, visit.settings, name, tag, visit.now, page=number, per_page=PER_PAGE
        ),
    ) or ((), False)
    if not found and (number > 1 or name not in visit.settings.digests):
        raise Refused(404, "there is no such digest, or no such page of it")
    rows = [
        {
            "at": one.at.date(),
            "titles": one.titles,
            "link": visit.to(_edition_path(name, one.slot, tag)),
        }
        for one in found
    ]
    return _page(
        visit,
        "archive_digest",
        title=title_of(visit, name),
        tag=tag,
        editions=rows,
        archive=_link(visit, "/archive"),
        turn=_turn(visit, f"/archive/{name}", {}, number, has_more),
    )


def _show_edition(visit: Visit) -> Response:
    name, slot, tag = (visit.params[part] for part in ("digest", "slot", "tag"))
    if not _SLOT.fullmatch(slot):
        raise Refused(404, "no edition has a slot like that")
    found = _ask(
        visit,
        lambda conn: digests.edition_page(conn, visit.settings, name, slot, tag, visit.now),
    )
    if found is None:
        raise Refused(404, "there is no such edition, or not in this language")
    # A language that the site has no more is still that of mails which lead here.
    path = "/archive/{digest}/{slot}/{language}"
    here = replace(visit, language=tag, route=path, params={**visit.params, "language": tag})
    others = [one for one in found.languages if one != tag]
    return _page(
        here,
        "archive_edition",
        policy=content_policy(visit.settings, images=_origins(found), is_styled=True),
        **found.frame,
        word=found.word,
        notices=[_directed(notice) for notice in found.notices],
        items=[{"shown": one, **_directed(one.block)} for one in found.items],
        alternates={one: here.url(_edition_path(name, slot, one)) for one in (tag, *others)},
        editions=_link(here, f"/archive/{name}"),
    )


def _show_edition_without_language(visit: Visit) -> Response:
    name, slot = visit.params["digest"], visit.params["slot"]
    return pages.moved(visit, _edition_path(name, slot, _content_language(visit)))


def _search(visit: Visit) -> Response:
    typed, number = visit.query.get("q")[:LONGEST_QUERY].strip(), _page_number(visit)
    terms, tag = digests.read_query(visit.query.get("q")), _content_language(visit)
    found, has_more = _ask(
        visit,
        lambda conn: digests.search(
            conn, visit.settings.root, terms, tag, visit.now, page=number, per_page=HITS
        ),
    ) or ((), False)
    if not found and number > 1:
        raise Refused(404, "there is no such page of what was found")
    return _page(
        visit,
        "archive_search",
        **_search_box(visit, typed),
        hits=[_hit(visit, one, tag) for one in found],
        kinds={"": "Edition", **digests.KIND_WORDS},
        archive=_link(visit, "/archive"),
        turn=_turn(visit, "/archive/search", {"q": typed}, number, has_more),
    )


def _hit(visit: Visit, hit: "digests.Hit", tag: str) -> dict[str, Any]:
    return {
        "hit": hit,
        "link": hit.link or visit.to(_edition_path(hit.digest, hit.slot, tag)),
        "dir": direction(hit.language),
        "language_name": "" if hit.language == visit.language else language_name(hit.language),
    }


def _ask(visit: Visit, question: "Callable[[Connection], _Found]") -> _Found | None:
    """Return what the database says; None for a site that has none yet."""
    engine = visit.app.engine_if_there()
    if engine is None:
        return None
    with read(engine) as conn:
        return question(conn)


def _page(visit: Visit, template: str, **values: Any) -> Response:
    return validated(visit, pages.page(visit, template, cache=pages.PUBLIC, **values))


def _content_language(visit: Visit) -> str:
    """Return the language of what is listed: the interface speaks more of them than the site."""
    site = visit.settings.site.languages
    return visit.language if visit.language in site else site[0]


def _edition_path(name: str, slot: str, tag: str) -> str:
    """Return where an edition is in one language, spelled as its mails spell it."""
    return quote(f"/archive/{name}/{slot}/{tag}", safe="/:")


def _link(visit: Visit, path: str, **query: str) -> str:
    """Return the link to another page of the archive in the language of this one."""
    if visit.language != visit.settings.site.languages[0]:
        query["lang"] = visit.language
    return visit.to(quote(path)) + (f"?{urlencode(query)}" if query else "")


def _search_box(visit: Visit, typed: str = "") -> dict[str, str]:
    is_first = visit.language == visit.settings.site.languages[0]
    return {"typed": typed, "lang": "" if is_first else visit.language}


def _page_number(visit: Visit) -> int:
    said = visit.query.get("page", "1")
    if not (said.isascii() and said.isdigit() and 0 < int(said[:9]) <= MOST_PAGES):
        raise Refused(404, "there is no such page")
    return int(said)


def _turn(
    visit: Visit, path: str, query: dict[str, str], number: int, has_more: bool
) -> dict[str, str]:
    """Return the links to the page before and the page after, "" where there is none."""

    def link(to: int) -> str:
        return _link(visit, path, **query, **({"page": str(to)} if to > 1 else {}))

    has_more = has_more and number < MOST_PAGES
    return {
        "before": link(number - 1) if number > 1 else "",
        "after": link(number + 1) if has_more else "",
    }


def _directed(what: Any) -> dict[str, Any]:
    return {"frozen": what, "language": what.language, "dir": direction(what.language)}


def _origins(found: "digests.EditionPage") -> list[str]:
    """Return where the pictures of an edition come from."""
    images = (one.block.facts.get("image") for one in found.items if not one.is_withdrawn)
    places = (urlsplit(image["src"]) for image in images if image)
    known = {f"{one.scheme}://{one.netloc}" for one in places if one.scheme in ("http", "https")}
    return sorted(known)


def _without_slash(visit: Visit) -> Response:
    """Lead to the same page by its one address; the root's is that of what there is to read."""
    path = quote(visit.route.rstrip("/").format_map(visit.params), safe="/:") or "/archive"
    query = urlencode(visit.query.fields)
    return pages.moved(visit, f"{path}?{query}" if query else path)


PAGES = (
    Page("/", get=_without_slash, is_public=True),
    Page("/archive", get=_show_digests, is_public=True),
    Page("/archive/", get=_without_slash, is_public=True),
    Page("/archive/search", get=_search, is_public=True),
    Page("/archive/{digest}", get=_show_digest, is_public=True),
    Page("/archive/{digest}/", get=_without_slash, is_public=True),
    Page("/archive/{digest}/{slot}", get=_show_edition_without_language, is_public=True),
    Page("/archive/{digest}/{slot}/{tag}", get=_show_edition, is_public=True),
    Page("/archive/{digest}/{slot}/{tag}/", get=_without_slash, is_public=True),
)
