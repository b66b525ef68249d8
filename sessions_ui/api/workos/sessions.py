"""The sessions of a user: list them, end one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from sessions_ui.actions.endings.end import end_session
from sessions_ui.actions.sessions.selection import Selection, State, listed
from sessions_ui.actions.tokens.authenticate import Bearer
from sessions_ui.api.workos.errors import not_found
from sessions_ui.api.workos.fields import body_of, text_in, user_called
from sessions_ui.api.workos.paging import list_document, page_of, paging_of
from sessions_ui.models import EndReason, Session
from sessions_ui.wording.workos import addresses_of, session_document


def list_sessions(request: HttpRequest, bearer: Bearer, *, user_id: str) -> HttpResponse:
    """Answer with what is signed in to the account of this user, the newest first. Access tokens are listed as keys."""
    user = user_called(user_id)
    paging = paging_of(request, order="desc")
    living = listed(selection=Selection(users=(user.pk,)), state=State.LIVING).sign_ins()
    page = page_of(living, paging, key="pk", place_of=lambda cursor: _place_of(cursor, user))
    staff = addresses_of(page.rows)
    return JsonResponse(list_document(page, paging, [session_document(each, staff) for each in page.rows]))


def _place_of(public_id: str, user: Any) -> int | None:
    """Return the place of a session in the list, whether or not it has ended since."""
    return Session.objects.of(user).filter(public_id=public_id).values_list("pk", flat=True).first()


def revoke_session(request: HttpRequest, bearer: Bearer) -> HttpResponse:
    """End the session with this id; one that has ended stays as it is, and the answer is the same."""
    public_id = text_in(body_of(request), "session_id")
    rows = Session.objects.sign_ins().filter(public_id=public_id, user__isnull=False)
    session = rows.only("pk", "public_id").first()
    if session is None:
        raise not_found("session")
    end_session(session=session, reason=EndReason.API, actor=bearer.user)
    return JsonResponse({"object": "session", "id": session.public_id})
