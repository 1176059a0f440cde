"""Where mailed links lead, and how to get one. Opening a link shows a page; only its button changes anything.

Mail scanners open every link they see, so GET and HEAD read the token and nothing else.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import access, db, tokens
from shared.web import local_path, problem

from .. import access_links, people, rate, rules
from .joining import joining
from .pages import go, page, refusals, unreadable

blueprint = Blueprint("links", __name__)
_OPENING: dict[str, Any] = {"label": "Open my page", "note": "On somebody else's computer? Sign out when you are done."}


@blueprint.route("/signup/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Response:
    """Confirm the address: the page with the button, and the button."""
    try:
        claims = tokens.read("confirm", token)
    except tokens.BadToken as bad:
        return nowhere(bad.reason, again=True)
    if request.method != "POST":
        if _withdrawn(claims["person"]):
            return nowhere("withdrawn", again=True)
        with db.read("signup") as tx:
            outcome = people.confirming(people.one(tx, claims["person"]))
        if outcome == "gone":
            return nowhere("gone", again=True)
        if outcome == "already":
            return page("link.html", heading="Your address is confirmed", text="You are in already.", **_OPENING)
        return joining(claims["person"]) or page(
            "link.html",
            heading="Confirm your address",
            text="One press, and you are in. Your own page opens next: what happens now, and everything you told us.",
            label="Yes, sign me up",
            note="Not you? Then close this page. Without the press nothing happens, and the application is deleted.",
        )
    with db.write("signup") as tx:
        outcome = people.confirm(tx, claims["person"], request.form.get("charter"))
    if outcome == "charter":
        return joining(claims["person"], again=True) or nowhere("gone", again=True)
    if outcome == "gone":
        return nowhere("withdrawn" if _withdrawn(claims["person"]) else "gone", again=True)
    return _opened(claims, "confirmed" if outcome == "confirmed" else "already")


@blueprint.route("/signup/enter/<token>", methods=["GET", "POST"])
def enter(token: str) -> Response:
    """Open one's own page from a mail."""
    try:
        claims = tokens.read("enter", token)
    except tokens.BadToken as bad:
        return nowhere(bad.reason)
    if request.method != "POST":
        text = "This signs you in on this device for 30 days."
        return page("link.html", heading="Open your page", text=text, **_OPENING)
    return _opened(claims, target=_local(claims.get("next")) or "/signup/me")


@blueprint.route("/signup/address/<token>", methods=["GET", "POST"])
def address(token: str) -> Response:
    """Confirm a new address for somebody who is known."""
    try:
        claims = tokens.read("address", token)
    except tokens.BadToken as bad:
        return nowhere(bad.reason)
    person, asked = claims["person"], str(claims.get("request"))
    if request.method != "POST":
        with db.read("signup") as tx:
            email = people.wanted_address(people.one(tx, person), asked)
        if email is None:
            return nowhere("gone")
        return page(
            "link.html",
            heading="Use this address?",
            text=f"From then on all your mail comes to {email}.",
            label="Yes, use this address",
            note="Not you? Then close this page. Without the press nothing happens.",
        )
    with db.write("signup") as tx:
        done = people.confirm_new_address(tx, person, asked)
    return _signed_in(person, "/signup/me", "address", organizing=False) if done else nowhere("gone")


@blueprint.route("/signup/sign-in", methods=["GET", "POST"])
def ask() -> Response:
    """Ask for a link by mail; the same answer whether or not the address is known."""
    target = _local(request.values.get("next"))
    email = request.form.get("email", "")
    if request.method != "POST":
        return page("sign_in.html", next_path=target, email=email)
    problems = unreadable()
    if wait := rate.asks(request.remote_addr):
        problem(
            429,
            "Too many links were asked for from your address",
            f"Please try again in {wait} seconds.",
            headers={"Retry-After": str(wait)},
        )
    if not problems:
        try:
            with db.write("signup") as tx:
                access_links.request_sign_in(tx, email, target)
            return page("sign_in_sent.html")
        except rules.Refused as refused:
            problems = refusals(refused)
    return page("sign_in.html", 422, next_path=target, email=email, problems=problems)


@blueprint.route("/signup/sign-in/<token>", methods=["GET", "POST"])
def sign_in(token: str) -> Response:
    """Sign in with a mailed link, once."""
    try:
        claims = access_links.read_sign_in(token)
    except tokens.BadToken as bad:
        return nowhere(bad.reason)
    if request.method != "POST":
        return page(
            "link.html",
            heading="Sign in",
            text="This signs you in on this device for 30 days. The link works once.",
            label="Sign in",
            note="Did you not ask for this? Then close this page. Without the press nothing happens.",
        )
    try:
        with db.write("signup") as tx:
            person = access_links.use_sign_in(tx, token)["id"]
    except tokens.BadToken as bad:
        return nowhere(bad.reason)
    return _signed_in(person, _local(claims.get("next")))


@blueprint.post("/signup/sign-out")
def sign_out() -> Response:
    """Forget who reads on this device."""
    return access.sign_out(go("/"))  # type: ignore[no-any-return]


def _opened(claims: dict[str, Any], said: str | None = None, target: str = "/signup/me") -> Response:
    """Open a page of theirs for who holds a link that works for weeks, unless it went to an address of the past."""
    with db.read("signup") as tx:
        row = people.one(tx, claims["person"])
    if row and access_links.outdated(row, claims):
        return nowhere("expired")
    return _signed_in(claims["person"], target, said, organizing=False)


def _signed_in(person: str, target: str | None, said: str | None = None, organizing: bool = True) -> Response:
    """Sign in and lead on. A link that works for weeks opens one's own page alone: `organizing` takes one used once."""
    with db.read("signup") as tx:
        row = people.one(tx, person)
        roles = people.roles(row) if row else []
    if not roles:
        return nowhere("gone", again=True)
    if not organizing:
        now = access.reader()
        if now and now.person == person and target:
            return go(target, said)  # signed in already, perhaps as an organizer: that stays
        roles = ["member"]
    target = target or ("/signup/organizer/" if "organizer" in roles else "/signup/me")
    return access.sign_in(go(target, said), person, roles)  # type: ignore[no-any-return]


_WHY: dict[str, tuple[int, str, str]] = {
    "expired": (
        410,
        "This link is too old",
        "Links stop working after a while, in case a mail falls into other hands. We mail you a new one at once.",
    ),
    "used": (410, "This link was used before", "A sign-in link works once. We mail you a new one at once."),
    "gone": (
        410,
        "This link leads nowhere any more",
        "What it belonged to is not there any more: perhaps it was never confirmed, or was erased.",
    ),
    "withdrawn": (
        410,
        "You need not answer any more",
        "The organizers took back the list that your name was on, and your name and address with it. If you would like "
        "to take part, sign up yourself.",
    ),
    "forged": (
        400,
        "This link is not complete",
        "Perhaps the mail program broke it in two. Copy all of it, or let us mail you a new one.",
    ),
}


def _withdrawn(person: str) -> bool:
    with db.read("signup") as tx:
        return people.withdrawn(tx, person)


def nowhere(reason: str, again: bool = False) -> Response:
    """The page for a link that leads nowhere, with a way to a new one."""
    status, heading, text = _WHY.get(reason, _WHY["forged"])
    given = {"heading": heading, "text": text, "again": again, "reason": reason}
    return page("bad_link.html", status, **given, email="", next_path=None)


def _local(target: str | None) -> str | None:
    """`target` if it is a page of ours to come back to."""
    path = local_path(target, "")
    return (
        path
        if path
        and not path.startswith(
            ("/signup/sign-", "/signup/confirm/", "/signup/enter/", "/signup/address/", "/signup/pool/")
        )
        else None
    )
