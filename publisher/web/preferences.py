"""A reader's own page, behind a signed link; what cannot be undone needs a fresh one."""

import json
from collections.abc import Callable
from dataclasses import replace

from starlette.responses import Response

from publisher.app.people import erase_person
from publisher.errors import AddressError, ChoiceError, TokenExpired
from publisher.store import read, write
from publisher.subscribers import (
    State,
    Subscriber,
    ask_fresh_link,
    ask_new_address,
    choose_anew,
    leave,
    masked,
    own_data,
    read_link,
)
from publisher.web.choices import Typed, chosen, field_of, offered, pause_of, to_person, typed
from publisher.web.pages import PRIVATE, page
from publisher.web.signup import sentence
from publisher.web.visit import Page, Visit


def show_request(visit: Visit) -> Response:
    """Show the form that asks for a fresh link."""
    return page(visit, "ask_link", typed=Typed(), errors={})


def answer_request(visit: Visit) -> Response:
    """Mail a fresh link, with the same answer for every address."""
    filled = typed(visit)
    try:
        _mail_fresh_link(visit, filled.email)
    except AddressError as error:
        errors = {"email": sentence(visit, error)}
        return page(visit, "ask_link", status=422, typed=filled, errors=errors)
    return page(visit, "link_sent")


def show(visit: Visit) -> Response:
    """Show what somebody chose; changes nothing."""
    return _by_link(visit, _page)


def answer(visit: Visit) -> Response:
    """Do what one of the page's buttons is for."""
    return _by_link(visit, _act)


def _by_link(visit: Visit, answer: Callable[[Visit, Subscriber, bool], Response]) -> Response:
    """Answer whoever the link is for; a link that ended, or whose reader is gone, has its own page."""
    try:
        who, is_fresh = _reader(visit)
    except TokenExpired as error:
        return page(visit, "ended", status=410, made_at=error.issued_at, can_renew=False)
    if who is None:
        return page(visit, "left", kept=[], preferences="")
    return answer(visit, who, is_fresh)


def _act(visit: Visit, who: Subscriber, is_fresh: bool) -> Response:
    act = visit.form.get("act", "save")
    if act == "fresh" or (act in ("data", "move", "erase") and not is_fresh):
        _mail_fresh_link(visit, who.address)
        return page(visit, "link_sent")
    return _ACTS.get(act, _save)(visit, who, is_fresh)


def _reader(visit: Visit) -> tuple[Subscriber | None, bool]:
    with read(visit.app.engine) as conn:
        return read_link(conn, visit.app.keys, visit.params["token"], visit.now)


def _mail_fresh_link(visit: Visit, address: str) -> None:
    with write(visit.app.engine) as conn:
        ask_fresh_link(conn, visit.settings, visit.app.keys, address, visit.network, visit.now)


def _save(visit: Visit, who: Subscriber, is_fresh: bool) -> Response:
    filled = typed(visit)
    if who.state is not State.ACTIVE:
        return _page(visit, who, is_fresh)
    if not filled.digests:
        words = visit.app.templates.words(visit.language)
        said = str(words.t("Please choose at least one, or unsubscribe below."))
        return _page(visit, who, is_fresh, replace(filled, errors={"digest": said}), 422)
    try:
        until, wish = pause_of(visit, filled), to_person(filled, who.kinds)
        with write(visit.app.engine) as conn:
            choose_anew(conn, visit.settings, who, wish, until, visit.now)
    except ChoiceError as error:
        errors = {field_of(error): sentence(visit, error)}
        return _page(visit, who, is_fresh, replace(filled, errors=errors), 422)
    again, _ = _reader(visit)
    return _page(visit, again or who, is_fresh, note="saved")


def _leave(visit: Visit, who: Subscriber, is_fresh: bool) -> Response:
    keys = visit.app.keys
    with write(visit.app.engine) as conn:
        leave(conn, visit.settings, keys, who.public_id, "", visit.now)
    return page(visit, "left", kept=[], preferences="")


def _download(visit: Visit, who: Subscriber, is_fresh: bool) -> Response:
    with read(visit.app.engine) as conn:
        found = json.dumps(own_data(conn, who), ensure_ascii=False, indent=1)
    headers = {
        "cache-control": PRIVATE,
        "content-disposition": 'attachment; filename="my-data.json"',
    }
    return Response(found + "\n", 200, headers, "application/json")


def _move(visit: Visit, who: Subscriber, is_fresh: bool) -> Response:
    filled = replace(chosen(visit, who), email=visit.form.get("email"))
    try:
        with write(visit.app.engine) as conn:
            ask_new_address(
                conn, visit.settings, visit.app.keys, who, filled.email, visit.network, visit.now
            )
    except AddressError as error:
        errors = {"email": sentence(visit, error)}
        return _page(visit, who, is_fresh, replace(filled, errors=errors), 422)
    return _page(visit, who, is_fresh, note="move")


def _erase(visit: Visit, who: Subscriber, is_fresh: bool) -> Response:
    if not visit.form.get("sure"):
        words = visit.app.templates.words(visit.language)
        said = str(words.t("Please tick the box first."))
        return _page(visit, who, is_fresh, replace(chosen(visit, who), errors={"sure": said}), 422)
    erase_person(visit.app, who, source="page")
    return page(visit, "erased")


_ACTS = {"save": _save, "leave": _leave, "data": _download, "move": _move, "erase": _erase}


def _page(
    visit: Visit,
    who: Subscriber,
    is_fresh: bool,
    filled: Typed | None = None,
    status: int = 200,
    note: str = "",
) -> Response:
    return page(
        visit,
        "preferences",
        status=status,
        address=masked(who.address),
        is_active=who.state is State.ACTIVE,
        is_fresh=is_fresh,
        note=note,
        **offered(visit, filled or chosen(visit, who)),
    )


PAGES = (
    Page("/preferences", get=show_request, post=answer_request),
    Page("/preferences/{token}", get=show, post=answer),
)
