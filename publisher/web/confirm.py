"""Confirm a sign-up, or a new address: a page with a button, and only the button does it."""

from starlette.responses import Response

from publisher import tokens
from publisher.app.people import move_person, welcome_news
from publisher.errors import TokenExpired, TokenForged
from publisher.store import read, write
from publisher.subscribers import (
    Confirmation,
    Confirmed,
    confirm,
    masked,
    read_confirmation,
    read_new_address,
    renew_confirmation,
)
from publisher.web.pages import page
from publisher.web.visit import Page, Visit


def show(visit: Visit) -> Response:
    """Show what a link would do; changes nothing, however often it is opened."""
    keys, token = visit.app.keys, visit.params["token"]
    try:
        with read(visit.app.engine) as conn:
            found = read_confirmation(conn, keys, token, visit.now)
    except TokenExpired as error:
        return _ended(visit, error)
    except TokenForged:
        return _show_new_address(visit)
    if found.result is not Confirmed.NOW:
        return _done(visit, found)
    return page(visit, "confirm", address=masked(found.subscriber.address), is_move=False)


def answer(visit: Visit) -> Response:
    """Do what the link is for; once more changes nothing."""
    app, token = visit.app, visit.params["token"]
    try:
        with read(app.engine) as conn:
            found = read_confirmation(conn, app.keys, token, visit.now)
        if found.result is Confirmed.NOW:
            news = welcome_news(app)
            with write(app.engine) as conn:
                found = confirm(conn, visit.settings, app.keys, token, visit.now, news)
    except TokenExpired as error:
        return _renew(visit, error) if visit.form.get("again") else _ended(visit, error)
    except TokenForged:
        return _take_new_address(visit)
    return _done(visit, found)


def _show_new_address(visit: Visit) -> Response:
    try:
        with read(visit.app.engine) as conn:
            found = read_new_address(conn, visit.app.keys, visit.params["token"], visit.now)
    except TokenExpired as error:
        return _ended(visit, error, can_renew=False)
    if found is None:
        return page(visit, "confirmed", what="moved", preferences="")
    return page(visit, "confirm", address=masked(found[0].address), is_move=True)


def _take_new_address(visit: Visit) -> Response:
    try:
        move_person(visit.app, visit.params["token"])
    except TokenExpired as error:
        return _ended(visit, error, can_renew=False)
    return page(visit, "confirmed", what="moved", preferences="")


def _done(visit: Visit, found: Confirmation) -> Response:
    token = tokens.make(visit.app.keys, "preferences", found.subscriber.public_id)
    what = "left" if found.result is Confirmed.LEFT else "subscribed"
    return page(visit, "confirmed", what=what, preferences=visit.to(f"/preferences/{token}"))


def _ended(visit: Visit, error: TokenExpired, *, can_renew: bool = True) -> Response:
    made_at = error.issued_at
    return page(visit, "ended", status=410, made_at=made_at, can_renew=can_renew)


def _renew(visit: Visit, error: TokenExpired) -> Response:
    keys, who = visit.app.keys, error.public_id
    with write(visit.app.engine) as conn:
        renew_confirmation(conn, visit.settings, keys, who, visit.network, visit.now)
    return page(visit, "signed_up")


PAGES = (Page("/confirm/{token}", get=show, post=answer),)
