"""Token introspection (RFC 7662): a resource server asks whether a token is valid, and whose it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from sessions_ui.actions.tokens.authenticate import Bearer, authenticate_token
from sessions_ui.actions.tokens.used import is_due, note_use
from sessions_ui.api.decorators import post_required, token_required
from sessions_ui.api.forms import BadForm, bad, token_in
from sessions_ui.conf import conf
from sessions_ui.database.moments import to_timestamp
from sessions_ui.exceptions import BearerRefused
from sessions_ui.user_model import account_key, email_field_name
from sessions_ui.web.responses.own_transactions import own_transactions

SCOPE = "tokens:introspect"
INACTIVE = {"active": False}  # and nothing else: neither why, nor whether it ever was one (RFC 7662, 2.2)


@own_transactions
@sensitive_post_parameters("token")
@post_required
@token_required(SCOPE)
@sensitive_variables("value")
def introspect(request: HttpRequest) -> HttpResponse:
    """Say whether the posted token is valid. Only an access token of ours ever is: the key of a session, and what other
    packages have given out, is not for this."""
    try:
        value, _hint = token_in(request)  # the hint would only say where to look first
    except BadForm as error:
        return bad(error)
    return JsonResponse(described(value))


@sensitive_variables("value")
def described(value: str) -> dict[str, Any]:
    """Return the members of the answer. Asking is a use of the token, whose holder is at work elsewhere."""
    try:
        bearer = authenticate_token(value)
    except BearerRefused:
        return INACTIVE
    now = timezone.now()
    if is_due(bearer, now):
        note_use(bearer=bearer, client=None, now=now)
    return members_of(bearer)


def members_of(bearer: Bearer) -> dict[str, Any]:
    """Return what is said of a valid token: what a resource server decides by, and no e-mail address.

    `client_id` is the id of the token itself, which a rotation leaves: a token is made for one program. `act` is the
    program that acts for the person (RFC 8693, 4.1).
    """
    session, token = bearer.session, bearer.token
    members: dict[str, Any] = {
        "active": True,
        "scope": token.scopes,
        "client_id": session.public_id,
        "token_type": "Bearer",
        "exp": to_timestamp(ends_at(bearer)),
        "sub": str(account_key(bearer.user)),
    }
    if session.signed_in_at is not None:
        members["iat"] = to_timestamp(session.signed_in_at)
    if (name := public_name(bearer.user)) is not None:
        members["username"] = name
    if token.agent:
        members["act"] = {"sub": token.agent}
    if conf.site_url:
        members["iss"] = conf.site_url
    return members


def ends_at(bearer: Bearer) -> datetime:
    """Return when this value ends: one that was rotated away before its token does."""
    end = bearer.session.expires_at
    overlap = bearer.token.overlap_ends_at
    return min(end, overlap) if bearer.is_former and overlap is not None else end


def public_name(user: Any) -> str | None:
    """Return the name by which the account is known; None where that is an e-mail address."""
    name = str(user.get_username())
    is_address = email_field_name() == get_user_model().USERNAME_FIELD or "@" in name
    return None if is_address else name
