"""Access tokens in Django REST framework (the extra `drf`)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.api.bearer import TITLES, acting_in, authenticate, challenge, require_scopes
from sessions_ui.exceptions import BearerError, BearerRefused

__all__ = ["BearerAuthentication", "HasScopes"]


class MalformedHeader(APIException):
    """A header that begins like a bearer token and is none (RFC 6750, 3.1)."""

    status_code = 400
    default_detail = TITLES[BearerError.INVALID_REQUEST]
    default_code = str(BearerError.INVALID_REQUEST)


class BearerAuthentication(BaseAuthentication):
    """Lets in whoever brings an access token: `request.user` is its user, `request.auth` the bearer (`user`, `token`,
    `session`).

    Without a bearer token in the header the next class of a view is asked; one that is not valid is refused at once,
    whatever follows. Put it first: by the first class of a view the framework answers 401 or 403. Which scopes a view
    needs is said by `HasScopes`.
    """

    def authenticate(self, request: Request) -> tuple[Any, Bearer] | None:
        try:
            bearer = authenticate(request._request)
        except BearerRefused as error:
            if error.error is None:
                return None
            if error.error == BearerError.INVALID_REQUEST:
                raise MalformedHeader from error
            raise AuthenticationFailed(TITLES[error.error], code=error.error) from error
        return bearer.user, bearer

    def authenticate_header(self, request: Request) -> str:
        return challenge(acting_in(request._request).bearer_refused or BearerRefused(None))


class HasScopes(BasePermission):
    """Lets pass access tokens that have all of the view's `required_scopes`, an iterable of names, and nobody else: not
    a person who is signed in by a cookie either."""

    message = TITLES[BearerError.INSUFFICIENT_SCOPE]
    code = str(BearerError.INSUFFICIENT_SCOPE)

    def has_permission(self, request: Request, view: Any) -> bool:
        if (scopes := getattr(view, "required_scopes", None)) is None or isinstance(scopes, str):
            raise ImproperlyConfigured(
                f"{type(view).__name__} has the permission HasScopes, but no `required_scopes`: a list of names."
            )
        if not isinstance(request.auth, Bearer):
            return False
        try:
            require_scopes(request.auth, *scopes)
        except BearerRefused as error:
            acting_in(request._request).bearer_refused = error  # for the challenge
            return False
        return True
