"""Token revocation (RFC 7009): a program ends a token that nobody needs any more."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from sessions_ui.actions.tokens.authenticate import Bearer, authenticate_token
from sessions_ui.actions.tokens.revoke import revoke_token
from sessions_ui.api.bearer import act_as, acting_in, authenticate, refused, require_scopes
from sessions_ui.api.decorators import post_required
from sessions_ui.api.forms import BadForm, bad, token_in
from sessions_ui.api.introspection import SCOPE
from sessions_ui.exceptions import BearerRefused
from sessions_ui.token_value import is_well_formed
from sessions_ui.web.responses.headers import PRIVATE
from sessions_ui.web.responses.own_transactions import own_transactions


@own_transactions
@csrf_exempt
@login_not_required
@sensitive_post_parameters("token")
@post_required
@sensitive_variables("value")
def revoke(request: HttpRequest) -> HttpResponse:
    """End the posted token.

    Whoever has its value may: by it they could do anything else that it can. With an `Authorization` header it is done
    by whoever that is, who needs to be the same account, or to have the scope of resource servers. A token that nobody
    knows, or that is over, is answered as one that was revoked (RFC 7009, 2.2).
    """
    acting_in(request).is_by_token = True  # no cookie says anything here, whoever posts
    try:
        by = _whoever_asks(request)
    except BearerRefused as error:
        return refused(error)
    try:
        value, hint = token_in(request)
        if hint == "refresh_token" and not is_well_formed(value):
            # It may be one of another package's, which would go on being valid.
            raise BadForm("There are no refresh tokens here.", "unsupported_token_type")
    except BadForm as error:
        return bad(error)
    try:
        bearer = authenticate_token(value)
    except BearerRefused:
        return _revoked()
    if by is None:
        act_as(request, bearer)
    elif by.user_id != bearer.user_id:
        try:
            require_scopes(by, SCOPE)
        except BearerRefused as error:
            return refused(error)
    revoke_token(bearer=bearer, by=by or bearer)
    return _revoked()


def _whoever_asks(request: HttpRequest) -> Bearer | None:
    """Return who says so in the header; None where nobody does."""
    if "Authorization" not in request.headers:
        return None
    return authenticate(request)


def _revoked() -> HttpResponse:
    return HttpResponse(status=200, content_type="text/plain", headers={"Cache-Control": PRIVATE})
