"""Views that change how people sign in, as one transaction in which the account is held."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.http.request import RawPostDataException

from sessions_ui import context
from sessions_ui.actions.acting_session import hold_acting_session
from sessions_ui.database.transactions import once

ONLY_READ = ("GET", "HEAD", "OPTIONS")
View = Callable[..., Any]


def account_held(view: View) -> View:
    """Decorate a view in which people change how they sign in: what it writes is in force before their session ends, or
    is not written.

    A request that changes something is one transaction, on the database of the sessions, and holds the account of
    whoever is signed in from its first statement on; a session that has ended meanwhile is refused (`SessionEnded`).
    Two such requests of one account come one after the other, so that what they count is counted. What the database
    refuses is answered 503, and nothing was changed; so is all taken back where the view raises. For views that are
    functions of their own, not asynchronous ones; nothing slow, such as a mail, belongs into them.
    """
    if iscoroutinefunction(view):
        raise TypeError(
            "account_held() decorates no asynchronous view: Django's transactions are synchronous"
        )

    @wraps(view)
    def held(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        now = context.current()
        if request.method in ONLY_READ or now is None or now.session_id is None:
            return view(request, *args, **kwargs)
        user_id = now.user_id
        read_all(request)

        def work() -> Any:
            hold_acting_session(user_id)
            return view(request, *args, **kwargs)

        return once(work)

    return held


def read_all(request: HttpRequest) -> None:
    """Read what the client sends before anything is held: whoever sends slowly holds up nobody."""
    _ = request.POST
    with suppress(RawPostDataException):  # it was read as a form
        _ = request.body
