"""What is known of a sign-in before it is verified: who, how, and from where."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sessions.rules.presented import device_value
from sessions_ui.actions.sign_in.pending import begun_key
from sessions_ui.actions.sign_in.provider import PROVIDER_KEY, Identity, identity_of, recall_provider
from sessions_ui.assurance import MAILED_CODE, Authentication
from sessions_ui.client import ClientInfo
from sessions_ui.conf import conf
from sessions_ui.database import moments
from sessions_ui.models import Session
from sessions_ui.session_user import WrittenUser
from sessions_ui.user_model import last_login_before


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A sign-in before it is verified. Made once, where a sign-in is heard of, and handed down.

    `user` is as the sign-in began with them; `backend` the path of the one that let them in. `method` names how, for
    people, and `shown` is the same as data; empty where nobody knows. `pending` is the mark of
    the first step (`pending.py`), where the sign-in had several; `identity` who they are at their sign-in provider,
    where there is one. `is_assessed` says whether its risk is assessed; it is not where no request brought it, because
    nothing is known of the client then. `is_proven`: the further proof that a sign-in may be asked for has been given.
    `organization_id`: for which organization they sign in, by the setting; None for none.
    `kind` is what signs in: a browser, or an app.
    `written`: the user as somebody wrote them into the session, where nothing else was heard of the sign-in
    (`written.py`). `last_login` is what the user model says of the sign-in before this one, None where it says nothing.
    """

    user: Any
    backend: str
    client: ClientInfo
    method: str
    shown: tuple[Authentication, ...]
    device_cookie: str | None = field(repr=False)  # in no log and no error report
    pending: dict[str, Any] | None
    identity: Identity | None
    is_assessed: bool
    is_proven: bool
    written: WrittenUser | None = None
    last_login: datetime | None = None
    organization_id: str | None = None
    kind: Session.Kind = Session.Kind.BROWSER


def attempt_of(request: Any, user: Any, *, backend: str, written: WrittenUser | None = None) -> SignInAttempt:
    """Return the attempt that `request` makes.

    Bare requests are accepted: `force_login` of the test client brings one without any header, and without a method.
    """
    method = conf.sign_in_method(request, user)
    is_proven = getattr(request, "sessions_ui_proven", False)
    kind = request.session.kind
    return SignInAttempt(
        user=user,
        backend=backend,
        client=client_of(request.META, is_app=kind == Session.Kind.APP),
        method=method,
        shown=shown_at_sign_in(request, user, method, is_proven=is_proven),
        device_cookie=device_value(request, kind),
        pending=request.session.mark_of(user, begun_key(user)),
        identity=recall_provider(request, user),
        is_assessed=request.method is not None,
        is_proven=is_proven,
        written=written,
        last_login=last_login_before(user),
        organization_id=organization_of(request, user),
        kind=kind,
    )


def organization_of(request: Any, user: Any) -> str | None:
    """Return for which organization somebody signs in, by the setting `ORGANIZATION_ID`; None for none."""
    known = conf.organization_id
    organization = None if known is None else known(request, user)
    return None if organization in (None, "") else str(organization)[:255]


def shown_at_sign_in(request: Any, user: Any, method: str, *, is_proven: bool) -> tuple[Authentication, ...]:
    """Return what a sign-in has shown, by the setting `AUTHENTICATION`, or else by the words of `method`.

    `is_proven`: a mailed code as well (`web/step_up/challenge.py`).
    """
    now = moments.aware(timezone.now())
    steps = [*method.split("+")] if method else []
    known = conf.authentication
    shown = [Authentication.of(step, at=now) for step in steps] if known is None else known(request, user)
    return (*shown, *([Authentication.of(MAILED_CODE, at=now)] if is_proven else []))


def attempt_in(session: Any, user: Any, written: WrittenUser) -> SignInAttempt:
    """Return the attempt of a user who was written into `session`, where that is saved.

    Over a socket, or in a shell, no request made it: then nothing is known of the client.
    """
    now = context.current()
    if now is not None and now.request is not None and now.request.session is session:
        return attempt_of(now.request, user, backend=written.backend, written=written)
    return SignInAttempt(
        user=user,
        backend=written.backend,
        client=client_of({}),
        method="",
        shown=(),
        device_cookie=None,
        pending=session.mark_of(user, begun_key(user)),
        identity=identity_of(session.mark_of(user, PROVIDER_KEY)),
        is_assessed=False,
        is_proven=False,
        written=written,
        organization_id=organization_of(None, user),
        kind=session.kind,
    )
