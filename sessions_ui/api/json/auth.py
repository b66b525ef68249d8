"""Who asks, and may they: a person by the cookie of their session, or a program by an access token with scopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security.apikey import APIKeyCookie
from ninja.security.http import HttpAuthBase
from ninja.utils import check_csrf

from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.api.bearer import authenticate
from sessions_ui.api.json.problems import Problem
from sessions_ui.exceptions import BearerRefused
from sessions_ui.store import store_of


class Token(HttpAuthBase):
    """Lets in whoever brings an access token with all of these scopes, as long as its account may have them."""

    openapi_scheme = "bearer"

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> Bearer | None:
        try:
            return authenticate(request, *self.scopes)
        except BearerRefused as error:
            if error.error is None:
                return None
            raise


class Cookie(APIKeyCookie):
    """Lets in whoever is signed in in a browser. What changes something takes the CSRF token, as a form does: a page of
    somebody else's can make a browser send the cookie."""

    @property
    def param_name(self) -> str:  # type: ignore[override]
        return settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        return self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        if store_of(request) is None or not request.user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise Problem(403, "csrf-failed", "The CSRF token is missing, or is not that of the cookie.")
        return request.user


def own(*scopes: str) -> Sequence[Any]:
    """Return who may ask for what is their own: they themselves, and their tokens with these scopes."""
    return [Token(*scopes), Cookie()]


def programs(*scopes: str) -> Sequence[Any]:
    """Return who may ask for what is others': tokens with these scopes. A cookie does not get in: people have the
    administration, which asks again who is there."""
    return [Token(*scopes)]
