"""What is known of a sign-in beside who it is."""

from __future__ import annotations

from typing import Any

from sessions_ui import context
from sessions_ui.actions.sessions.client import client_of
from sessions_ui.actions.sign_in.provider import PROVIDER_KEY, identity_of, recall_provider
from sessions_ui.conf import conf


def attempt_of(request: Any, user: Any) -> dict[str, Any]:
    """The arguments of `sign_in()` that say how, and from where. Bare requests are welcome: `force_login` of the test
    client brings one without any header, and without a method."""
    return {
        "client": client_of(request.META),
        "method": conf.sign_in_method(request, user),
        "device_cookie": request.COOKIES.get(conf.device_cookie_name),
        "identity": recall_provider(request, user),
        "judged": request.method is not None,
        "proven": getattr(request, "sessions_ui_proven", False),
    }


def attempt_here(session: Any, user: Any) -> dict[str, Any]:
    """The same for whoever signs in where `session` is saved. Over a socket, or in a shell, it is no request's: then
    nothing is known of the client."""
    now = context.current()
    if now is not None and now.request is not None and now.request.session is session:
        return attempt_of(now.request, user)
    return {
        "client": client_of({}),
        "method": "",
        "device_cookie": None,
        "identity": identity_of(session.mark_of(user, PROVIDER_KEY)),
        "judged": False,
        "proven": False,
    }
