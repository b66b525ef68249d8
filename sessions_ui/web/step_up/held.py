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
from sessions_ui.exceptions import SessionEnded

ONLY_READ = ("GET", "HEAD", "OPTIONS")
View = Callable[..., Any]


def account_held(view: View) -> View:
    """Decorate a view in which people change how they sign in: what it writes is in force before their session ends, or
    is not written.

    A request that changes something is one transaction, on the database of the sessions, and holds the account of
    whoever is signed in from its first statement on; a session that has ended meanwhile is refused (`SessionEnded`).
    Two such requests of one account come one after the other, so that what they count is counted. What the database
    refuses is answered 503, and nothing was changed; all is taken back as well where the view raises, unless it says
    that it has ended its own session. Not for asynchronous views; nothing slow, such as a mail, belongs into one.
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
            try:
                return view(request, *args, **kwargs)
            except SessionEnded as ended:
                # By this request itself (`PASSWORD_CHANGE_ENDS = "all"`), because nobody else could meanwhile: what it
                # has done stays done.
                return ended

        answer = once(work)
        if isinstance(answer, SessionEnded):
            raise answer
        return answer

    return held


def read_all(request: HttpRequest) -> None:
    """Read what the client sends before anything is held: whoever sends slowly holds up nobody."""
    _ = request.POST
    with suppress(RawPostDataException):  # it was read as a form
        _ = request.body
