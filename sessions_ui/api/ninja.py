"""Access tokens in django-ninja (the extra `ninja`): `auth=BearerAuth("sessions:read")`."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.errors import AuthenticationError, AuthorizationError, HttpError
from ninja.security.http import HttpAuthBase

from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.api.bearer import TITLES, authenticate
from sessions_ui.exceptions import BearerError, BearerRefused

__all__ = ["BearerAuth"]


class BearerAuth(HttpAuthBase):
    """Lets in whoever brings an access token that has all of these scopes; for an API, a router or an operation,
    synchronous or not.

    `request.auth` is the bearer (`user`, `token`, `session`), `request.user` its user. Without a bearer token in the
    header the next in a list of `auth` is asked; one that is not valid is refused at once, whatever follows. The
    challenge of RFC 6750 comes with every refusal; its body is that of the API's handler of `HttpError`.
    """

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
            raise _in_terms_of_ninja(error) from error


def _in_terms_of_ninja(error: BearerRefused) -> HttpError:
    match error.error:
        case BearerError.INVALID_TOKEN:
            return AuthenticationError(message=TITLES[error.error])
        case BearerError.INSUFFICIENT_SCOPE:
            return AuthorizationError(message=TITLES[error.error])
    return HttpError(400, TITLES[error.error])
