"""Where whoever receives mail for the program hands it over: one raw message in each request (RFC 5322).

What it shows to be believed is BATON_WEBHOOK_SECRET itself, or an HMAC of the body with it. Nothing is parsed before.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import Blueprint, Response, jsonify, request

from shared import config, db
from shared.web import problem

from ..inbound import taking
from ..models import SERVICE

blueprint = Blueprint("webhooks", __name__, url_prefix="/notifications/webhooks")
SIGNATURE = "X-Baton-Signature"


@blueprint.post("/mail")
def mail() -> Response:
    """Take one mail. 200 also for what is left: whoever sends it need not send it again."""
    secret, bearer = config.current().webhook_secret, request.headers.get("Authorization", "")
    signature = request.headers.get(SIGNATURE, "")
    if not secret or not (bearer or signature):
        _stranger()
    if bearer and not hmac.compare_digest(bearer.encode(), f"Bearer {secret}".encode()):
        _stranger()
    request.max_content_length = taking.MOST
    raw = request.get_data(cache=False, parse_form_data=False)
    if not bearer:
        wanted = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature.encode(), wanted.encode()):
            _stranger()
    with db.write(SERVICE) as tx:
        found = taking.take(tx, raw, "webhook")
    return jsonify({"taken": found.taken, "why": found.why})


def _stranger() -> None:
    problem(
        401,
        "This needs the secret of BATON_WEBHOOK_SECRET",
        f"Send it as Authorization: Bearer, or {SIGNATURE}: sha256= and the HMAC of the body in hexadecimal.",
        headers={"WWW-Authenticate": "Bearer"},
    )
