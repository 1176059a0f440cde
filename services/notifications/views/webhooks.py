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
LARGEST = 30_000_000  # octets of a request: what mail servers let through, a photo in base64 and all


@blueprint.post("/mail")
def mail() -> Response:
    """Take one mail. 200 also for what is left: whoever sends it need not send it again."""
    secret, bearer = config.current().webhook_secret, request.headers.get("Authorization", "")
    signature = request.headers.get(SIGNATURE, "")
    if not secret or not (bearer or signature):
        _stranger()
    if bearer and not hmac.compare_digest(bearer.encode(), f"Bearer {secret}".encode()):
        _stranger()
    raw, proof = _body(secret)
    if not bearer and not hmac.compare_digest(signature.encode(), f"sha256={proof}".encode()):
        _stranger()
    cut = len(raw) > taking.MOST
    with db.write(SERVICE) as tx:
        found = taking.take(tx, raw[: taking.PART] if cut else raw, "webhook", cut)
    return jsonify({"taken": found.taken, "why": found.why})


def _body(secret: str) -> tuple[bytes, str]:
    """The beginning of the request's body, a little more than is read of a mail at most, and the HMAC of all of it."""
    request.max_content_length = LARGEST
    raw, proof = bytearray(), hmac.new(secret.encode(), digestmod=hashlib.sha256)
    while part := request.stream.read(65_536):
        proof.update(part)
        raw += part[: taking.MOST + 1 - len(raw)]
    return bytes(raw), proof.hexdigest()


def _stranger() -> None:
    problem(
        401,
        "This needs the secret of BATON_WEBHOOK_SECRET",
        f"Send it as Authorization: Bearer, or {SIGNATURE}: sha256= and the HMAC of the body in hexadecimal.",
        headers={"WWW-Authenticate": "Bearer"},
    )
