"""Sign-ins of one's own: see them, and end them."""

from __future__ import annotations

from typing import Any, Literal

from django.contrib.auth import logout
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router

from sessions_ui.actions.endings.end import Receipt, end_sessions, end_user_sessions
from sessions_ui.actions.sessions.rules.timeouts import out_of_time
from sessions_ui.actions.sessions.selection import State, in_state
from sessions_ui.api.json.auth import own
from sessions_ui.api.json.fields import NO_TOKENS, PublicId, Tokens
from sessions_ui.api.json.own.asking import acting_id, is_by_token, verify_may_end
from sessions_ui.api.json.paging import Cursor, Limit, Page, page_of
from sessions_ui.api.json.shapes import Ended, SessionShape, receipt_shape, session_shape
from sessions_ui.models import EndReason, Session
from sessions_ui.models.session import SessionQuerySet

router = Router(tags=["Own sessions"])


class Sessions(Page):
    data: list[SessionShape]


@router.get("/sessions", auth=own("sessions:read"), response=Sessions, summary="List sign-ins")
def list_sessions(
    request: HttpRequest,
    limit: Limit,
    cursor: Cursor,
    state: Literal["living", "ended", "all"] = Query("living", description="Which of them."),
) -> Any:
    """Sign-ins of the account, the newest first. `living` are those that are signed in; ended ones are kept as long as
    the site keeps its history."""
    rows = in_state(own_sign_ins(request), State(state))
    found, following = page_of(rows, limit=limit, cursor=cursor)
    now = timezone.now()
    if state == "living":  # what the sweep has not reached yet is not signed in any more
        found = [session for session in found if not out_of_time(session, request.user, now)]
    return {"data": [_shape(request, session) for session in found], "next": following}


@router.post("/sessions/end-others", auth=own("sessions:end"), response=Ended, summary="End all others")
def end_others(request: HttpRequest, body: Tokens = NO_TOKENS) -> Any:
    """End every sign-in but the one that asks; with `tokens` the account's access tokens, too. A token that asks ends
    no other token unless `tokens` says so, and never itself."""
    verify_may_end(request, what_ends(request, tokens=body.tokens), bridged=body.tokens)
    return receipt_shape(_end_all(request, tokens=body.tokens, keep=acting_id()))


@router.post("/sessions/end-all", auth=own("sessions:end"), response=Ended, summary="End all")
def end_all(request: HttpRequest, body: Tokens = NO_TOKENS) -> Any:
    """End every sign-in, also the one that asks; with `tokens` the account's access tokens, too."""
    verify_may_end(request, what_ends(request, tokens=body.tokens), bridged=body.tokens)
    receipt = _end_all(request, tokens=body.tokens, keep=None)
    _forget_cookie(request)
    return receipt_shape(receipt)


@router.get("/sessions/{session_id}", auth=own("sessions:read"), response=SessionShape, summary="One sign-in")
def one_session(request: HttpRequest, session_id: PublicId) -> Any:
    return _shape(request, _own(request, session_id))


@router.post(
    "/sessions/{session_id}/end", auth=own("sessions:end"), response=Ended, summary="End one sign-in"
)
def end_one(request: HttpRequest, session_id: PublicId) -> Any:
    """End it for good. Ending it again changes nothing."""
    session = _own(request, session_id)
    chosen = Session.objects.filter(pk=session.pk)
    is_here = session.pk == acting_id()
    if not is_here:
        verify_may_end(request, chosen)
    reason = EndReason.SIGNED_OUT if is_here else EndReason.SIGNED_OUT_REMOTELY
    receipt = end_sessions(sessions=chosen, reason=reason, actor=_user(request), of_user=request.user.pk)
    if is_here:
        _forget_cookie(request)
    return receipt_shape(receipt)


def own_sign_ins(request: HttpRequest) -> SessionQuerySet:
    rows: SessionQuerySet = Session.objects.of(request.user).sign_ins()
    return rows.filter(signed_in_at__isnull=False).select_related("device").defer("payload")


def what_ends(request: HttpRequest, *, tokens: bool) -> SessionQuerySet:
    rows: SessionQuerySet = Session.objects.of(request.user)
    return rows if tokens else rows.sign_ins()


def _own(request: HttpRequest, public_id: str) -> Session:
    session = own_sign_ins(request).with_containment().filter(public_id=public_id).first()
    if session is None:
        raise Http404
    return session


def _shape(request: HttpRequest, session: Session) -> dict[str, Any]:
    return session_shape(session, viewer=request.user.pk, current=acting_id())


def _end_all(request: HttpRequest, *, tokens: bool, keep: int | None) -> Receipt:
    reason, user = EndReason.SIGNED_OUT_EVERYWHERE, _user(request)
    return end_user_sessions(user=user, reason=reason, actor=user, keep=keep, tokens=tokens)


def _forget_cookie(request: HttpRequest) -> None:
    """Let the browser that asked forget its key, as on the page."""
    if not is_by_token():
        logout(request)


def _user(request: HttpRequest) -> Any:
    return request.user
