"""Who is acting now: the one ambient value of the app.

A password is saved deep inside a form of the host project; the receiver that hears of it needs to know which session
is the actor's own, and there is no request there. The middleware sets it; receivers and actions read it, nobody else.
Beside the request it says what an action is about that reaches its own receivers by way of the host's rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from django.http import HttpRequest

from sessions_ui.exceptions import BearerRefused, NotTheOwner


class ActingSession(Protocol):
    """What `Acting` asks of a session store, and only when somebody wants to know."""

    @property
    def session_id(self) -> int | None: ...

    @property
    def user_id(self) -> Any: ...

    @property
    def impersonator_id(self) -> Any: ...


class Acting:
    """The request that acts: its session and user (looked up when asked for), address headers and purpose.

    `request` is for a sign-in in its session that nothing else reports, and tells which session that is by now:
    allauth's headless API puts that of an app's token in place of the cookie's.
    """

    def __init__(
        self,
        store: ActingSession | None = None,
        meta: Mapping[str, Any] | None = None,
        resets_password: Callable[[], bool] | None = None,
        request: HttpRequest | None = None,
        name: Callable[[], str] | None = None,
    ) -> None:
        self._first = store
        self._resets_password = resets_password
        self._name = name
        self.meta = meta or {}
        self.request = request
        self.began = time.monotonic()  # seconds
        # An action of ours ran inside a transaction of the host project: what its commit fails with concerns us, too.
        self.took_part = False
        # The access token that acts, once its request was authenticated by it (`api/bearer.py`): before any cookie.
        self.bearer: ActingSession | None = None
        # The request came with a token, of which its session cookie says nothing; and why that does not let it pass.
        self.is_by_token = False
        self.bearer_refused: BearerRefused | None = None
        # The session that acts was found alive under the lock of an account; what this request ends next may be itself.
        self.is_verified = False
        # The session of an app, whose key came in a header: allauth puts it into the request's for the view alone.
        self.app: ActingSession | None = None
        # The first change of a credential in this request, by account: what it changes besides comes in the same mail.
        self.told_changes: dict[Any, int] = {}
        # Of these accounts this request has ended what acts for them, tokens included.
        self.ended_tokens_of: set[Any] = set()

    @property
    def of_cookie(self) -> ActingSession | None:
        """The session of the cookie, whatever a view has put into its place since."""
        return self._first

    @property
    def _store(self) -> ActingSession | None:
        if self.bearer is not None:
            return self.bearer
        now = getattr(self.request, "session", None)
        store = now if hasattr(type(now), "impersonator_id") else self._first
        if self.app is None or store is self.app or (store is not None and store.user_id is not None):
            return store
        return self.app  # of an API that asks for its key, and leaves the session of the request alone

    @property
    def resets_password(self) -> bool:
        """True inside a password reset: then none of the user's sessions is kept, not even the one that asks."""
        return self._resets_password is not None and self._resets_password()

    @cached_property
    def request_id(self) -> str:
        """What the request is called in the events that come of it; found or made when the first one is written."""
        return self._name() if self._name is not None else ""

    @property
    def session_id(self) -> int | None:
        """Primary key of the acting session; None for anonymous requests."""
        return self._store.session_id if self._store is not None and self.user_id is not None else None

    @property
    def user_id(self) -> Any:
        """Primary key of the acting user; None for anonymous requests."""
        return self._store.user_id if self._store is not None else None

    @property
    def impersonator_id(self) -> Any:
        """Primary key of the staff member who uses the account of `user_id`; None where its owner does."""
        return self._store.impersonator_id if self._store is not None else None


@dataclass(frozen=True, slots=True)
class Ambient:
    """The value: who acts, None outside of a request; whether a step of a recovery is at work; and, outside of a
    request, the first change of a credential by account, where what is changed is told in one mail."""

    acting: Acting | None = None
    is_own_step: bool = False
    told_changes: dict[Any, int] | None = None


NOBODY = Ambient()
_ambient: ContextVar[Ambient] = ContextVar("sessions_ui_ambient", default=NOBODY)


def current() -> Acting | None:
    """Return the request that acts; None outside of one: in a shell, a command, a task."""
    return _ambient.get().acting


def conceal(secret: str) -> None:
    """Keep this, which the request that acts has made, out of reports about its errors: the filter on the request asks
    for it (`web/responses/errors/error_reports.py`), also when nobody acts any more."""
    now = current()
    if now is not None and now.request is not None:
        request: Any = now.request
        request.sessions_ui_concealed = (*getattr(request, "sessions_ui_concealed", ()), secret)


def acting_app() -> ActingSession | None:
    """Return the session of the app that has sent this request, whoever is signed in there; None where no view has
    asked for one."""
    now = current()
    return None if now is None else now.app


def request_id() -> str:
    """Return what the request that acts is called; empty outside of one."""
    now = current()
    return "" if now is None else now.request_id


def is_impersonated() -> bool:
    """Return whether staff acts in somebody's name; False outside of a request."""
    now = current()
    return now is not None and now.impersonator_id is not None


def require_owner() -> None:
    """Raise `NotTheOwner` where staff acts in somebody's name (docs/impersonation.md).

    It guards all that ends, confirms or changes who may sign in, and whatever else only the owner of an account may do.
    Outside of a request nobody acts in somebody's name.
    """
    if is_impersonated():
        raise NotTheOwner


@contextmanager
def own_step() -> Iterator[None]:
    """Let what is written inside pass, although the account is frozen: it is a step of the recovery itself."""
    with _changed(is_own_step=True):
        yield


def is_own_step() -> bool:
    """Return whether a step of a recovery is at work: whoever does it has shown more than a session could
    (`web/recovery/entrance.py`), or its time was over."""
    return _ambient.get().is_own_step


@contextmanager
def told_together() -> Iterator[None]:
    """Tell what changes inside in one mail an account, outside of a request as well, which does so anyway."""
    with _changed(told_changes={}):
        yield


def told_changes() -> dict[Any, int] | None:
    """Return the first change that was told of, by account, to be added to; None where each is told by itself."""
    now = _ambient.get()
    return now.acting.told_changes if now.acting is not None else now.told_changes


@contextmanager
def _changed(**changes: Any) -> Iterator[None]:
    token = _ambient.set(replace(_ambient.get(), **changes))
    try:
        yield
    finally:
        _ambient.reset(token)


def begin(acting: Acting) -> Token[Ambient]:
    return _ambient.set(Ambient(acting))


def finish(token: Token[Ambient]) -> None:
    _ambient.reset(token)
