"""Access tokens of one's own: see them, and end them. To make one takes a person in a browser, who is asked for a
proof; a token makes no token."""

from __future__ import annotations

from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Query, Router

from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.api.json.auth import own
from sessions_ui.api.json.fields import PublicId
from sessions_ui.api.json.own.asking import acting_id, verify_may_end
from sessions_ui.api.json.paging import Cursor, Limit, Page, page_of
from sessions_ui.api.json.shapes import Ended, TokenShape, receipt_shape, token_shape
from sessions_ui.models import AccessToken, EndReason, Session
from sessions_ui.models.access_token import AccessTokenQuerySet

router = Router(tags=["Own access tokens"])


class OwnTokens(Page):
    data: list[TokenShape]


@router.get("/tokens", auth=own("sessions:read"), response=OwnTokens, summary="List access tokens")
def list_tokens(
    request: HttpRequest,
    limit: Limit,
    cursor: Cursor,
    state: Literal["living", "ended", "all"] = Query("living", description="Which of them."),
) -> Any:
    """Access tokens of the account, the newest first. Their values are stored nowhere."""
    rows = _own_tokens(request)
    if state == "living":
        rows = rows.valid()
    elif state == "ended":  # or out of time
        rows = rows.exclude(pk__in=rows.valid().values("pk"))
    found, following = page_of(rows, limit=limit, cursor=cursor)
    return {"data": [token_shape(token, current=acting_id()) for token in found], "next": following}


@router.get("/tokens/{token_id}", auth=own("sessions:read"), response=TokenShape, summary="One access token")
def one_token(request: HttpRequest, token_id: PublicId) -> Any:
    return token_shape(_own(request, token_id), current=acting_id())


@router.post(
    "/tokens/{token_id}/end", auth=own("sessions:end"), response=Ended, summary="End one access token"
)
def end_token(request: HttpRequest, token_id: PublicId) -> Any:
    """End it for good, also the one that asks. Ending it again changes nothing."""
    token = _own(request, token_id)
    chosen = Session.objects.filter(pk=token.pk)
    is_itself = token.pk == acting_id()
    if not is_itself:
        verify_may_end(request, chosen)
    user: Any = request.user
    reason = EndReason.SIGNED_OUT if is_itself else EndReason.SIGNED_OUT_REMOTELY
    return receipt_shape(end_sessions(sessions=chosen, reason=reason, actor=user, of_user=user.pk))


def _own_tokens(request: HttpRequest) -> AccessTokenQuerySet:
    user: Any = request.user
    rows = AccessToken.objects.filter(session__user_id=user.pk).with_containment()
    return rows.select_related("session").defer("session__payload")


def _own(request: HttpRequest, public_id: str) -> AccessToken:
    token = _own_tokens(request).filter(session__public_id=public_id).first()
    if token is None:
        raise Http404
    return token
