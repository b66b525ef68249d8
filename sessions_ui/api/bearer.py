"""`Authorization: Bearer`: who acts, and the answer to whoever may not (RFC 6750)."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from sessions_ui import context
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.tokens.authenticate import Bearer, authenticate_token
from sessions_ui.actions.tokens.scopes import withheld
from sessions_ui.actions.tokens.used import is_due, note_use
from sessions_ui.api.no_session import NoSession
from sessions_ui.exceptions import BearerError, BearerRefused
from sessions_ui.web.responses.headers import PRIVATE
from sessions_ui.web.responses.programs import problem

# The scheme is compared in any case (RFC 9110, 11.1), the token is a `b64token` (RFC 6750, 2.1).
HEADER = re.compile(r"bearer +(?P<token>[A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)
STATUS = {
    None: 401,
    BearerError.INVALID_REQUEST: 400,
    BearerError.INVALID_TOKEN: 401,
    BearerError.INSUFFICIENT_SCOPE: 403,
}
# What a client is told: never why a token is over, nor whether it ever was one.
TITLES = {
    None: "This needs an access token.",
    BearerError.INVALID_REQUEST: "The Authorization header is malformed.",
    BearerError.INVALID_TOKEN: "The access token is not valid.",
    BearerError.INSUFFICIENT_SCOPE: "The access token lacks a scope that this needs.",
}


def authenticate(request: HttpRequest, *scopes: str) -> Bearer:
    """Return who acts by the access token of this request, which has to have all of these scopes.

    From then on they are `request.user`, the bearer is `request.auth`, and what the request does is done by them: a
    cookie that came along says nothing any more, and `request.session` is kept nowhere. The token may only be in the
    header: an address ends up in logs and histories (RFC 6750, 5.3), a form in anybody's page. One SQL statement, and
    one a minute to note the use.

    Raises `BearerRefused`, for `refused()`; `TryAgain` where the database is busy; `ImproperlyConfigured` where the
    request has not passed the session middleware, without which what it does would be taken for the system's.
    """
    acting = acting_in(request)
    try:
        acting.is_by_token = True
        try:
            value = token_of(request)
        except BearerRefused as error:
            acting.is_by_token = error.error is not None
            raise
        bearer = authenticate_token(value)
        require_scopes(bearer, *scopes)
    except BearerRefused as error:
        acting.bearer_refused = error
        raise
    act_as(request, bearer)
    return bearer


async def aauthenticate(request: HttpRequest, *scopes: str) -> Bearer:
    """Do the same in an asynchronous view."""
    return await sync_to_async(authenticate)(request, *scopes)


def acting_in(request: HttpRequest) -> context.Acting:
    """Return what is known of who acts in this request; raise `ImproperlyConfigured` where nobody could tell."""
    acting = context.current()
    if acting is None:
        raise ImproperlyConfigured(
            f"{request.path}: requests with an access token need sessions_ui.middleware.SessionMiddleware in "
            "MIDDLEWARE, which says who acts and answers what is refused."
        )
    return acting


def require_scopes(bearer: Bearer, *scopes: str) -> None:
    """Raise `BearerRefused` unless the token may do all of this, and its account may still have such a token."""
    if not bearer.token.has_scopes(*scopes) or withheld(bearer.user, scopes):
        raise BearerRefused(BearerError.INSUFFICIENT_SCOPE, scopes=scopes)


def act_as(request: HttpRequest, bearer: Bearer) -> None:
    """Let everything that the request does from now on be done by this bearer, and note that the token is in use."""
    now = timezone.now()
    if is_due(bearer, now):
        note_use(bearer=bearer, client=client_of(request.META), now=now)
    request.user = bearer.user
    request.auser = partial(_itself, bearer.user)
    request.auth = bearer  # type: ignore[attr-defined]
    request.session = NoSession()
    acting = acting_in(request)
    acting.is_by_token = True
    acting.bearer, acting.bearer_refused = bearer, None


async def _itself(user: Any) -> Any:
    return user


def token_of(request: HttpRequest) -> str:
    """Return the token in the header; raise `BearerRefused` where there is none, or something else."""
    header = request.headers.get("Authorization", "")
    if header.partition(" ")[0].lower() != "bearer":
        raise BearerRefused(None)
    if (found := HEADER.fullmatch(header)) is None:
        raise BearerRefused(BearerError.INVALID_REQUEST)
    return found["token"]


def refused(error: BearerRefused) -> HttpResponse:
    """Return the answer to a request whose token does not let it pass: problem details (RFC 9457), and the challenge of
    RFC 6750, 3."""
    response = problem(STATUS[error.error], kind_of(error), TITLES[error.error])
    response.headers["WWW-Authenticate"] = challenge(error)
    return response


def kind_of(error: BearerRefused) -> str:
    return "token-needed" if error.error is None else error.error.replace("_", "-")


def challenge(error: BearerRefused) -> str:
    """Return the value of `WWW-Authenticate`. Without a token it names no error (RFC 6750, 3.1)."""
    named = {"realm": "api"}
    if error.error is not None:
        named |= {"error": error.error, "error_description": TITLES[error.error]}
    if error.scopes:
        named["scope"] = " ".join(error.scopes)
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in named.items())


def with_challenge(response: Any, error: BearerRefused) -> Any:
    """Return the refusal, whichever framework has worded it, with the challenge that belongs to it. REST framework says
    403 where a cookie would have been asked for first."""
    statuses = {STATUS[error.error], 403 if error.error is not None else 401}
    if response.status_code in statuses and not response.has_header("WWW-Authenticate"):
        response.headers["WWW-Authenticate"] = challenge(error)
    return response


def of_bearer(response: Any) -> Any:
    """Return the answer, kept by no shared cache: it is for whoever has the token."""
    if response.has_header("Vary"):
        patch_vary_headers(response, ["Authorization"])
    else:
        response.headers["Vary"] = "Authorization"
    if not response.has_header("Cache-Control"):
        response.headers["Cache-Control"] = PRIVATE
    return response
