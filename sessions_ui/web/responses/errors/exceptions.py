"""Answers to exceptions."""

from __future__ import annotations

import sys
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sessions_ui import context
from sessions_ui.database import outages, transactions
from sessions_ui.exceptions import (
    AccountFrozen,
    DoneInPart,
    FurtherProofNeeded,
    KeyRotated,
    NotTheOwner,
    OutcomeUnknown,
    SamePassword,
    SessionEnded,
    SignInChallenged,
    SignInRefused,
    TryAgain,
)
from sessions_ui.store import store_of
from sessions_ui.web.impersonation.views import only_for_its_owner
from sessions_ui.web.recovery.frozen import nothing_is_changed_now
from sessions_ui.web.recovery.same_password import choose_another
from sessions_ui.web.responses import refusals
from sessions_ui.web.responses.errors import later
from sessions_ui.web.step_up.challenge import begin_challenge
from sessions_ui.web.step_up.credentials import further_proof_needed


def answer_to(request: HttpRequest, exception: BaseException) -> HttpResponseBase | None:
    """Return the response to `exception` for whoever asked; None for an exception that is not ours to answer."""
    if isinstance(exception, SignInChallenged):
        return begin_challenge(request, exception)
    if isinstance(exception, SignInRefused):
        if (store := store_of(request)) is not None:
            store.turn_away()
        return refusals.signed_out(request, exception.reason)
    if isinstance(exception, KeyRotated):
        return later.renewed(request)
    if isinstance(exception, SessionEnded):
        return refusals.signed_out(request, exception.reason, is_gone=True)
    if isinstance(exception, NotTheOwner):
        return only_for_its_owner(request)
    if isinstance(exception, AccountFrozen):
        return nothing_is_changed_now(request, exception)
    if isinstance(exception, SamePassword):
        return choose_another(request)
    if isinstance(exception, FurtherProofNeeded):
        return further_proof_needed(request, exception.kind)
    if isinstance(exception, TryAgain) or is_failed_commit(exception):
        return later.busy(request)
    if isinstance(exception, DoneInPart):
        return later.in_part(request)
    if isinstance(exception, OutcomeUnknown) or is_lost_commit(exception):
        return later.unknown(request)
    return None


def is_failed_commit(exception: BaseException) -> bool:
    """Return whether the database refused a transaction of the host project (ATOMIC_REQUESTS, say) in which an action
    of ours took part: at a strict isolation level it does so as late as at the commit."""
    return _took_part() and isinstance(exception, OperationalError) and transactions.is_passing(exception)


def is_lost_commit(exception: BaseException) -> bool:
    """Return whether the connection was lost in such a transaction, maybe as late as at the commit."""
    return _took_part() and outages.is_connection_lost(exception)


def _took_part() -> bool:
    now = context.current()
    return now is not None and now.took_part


def remember_exception(sender: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Remember an exception for `process_response()`. Django calls `process_exception()` for views only: what a
    middleware raises, such as a sign-in behind a proxy (`RemoteUserMiddleware`), is a response of status 500 by
    then."""
    if request is not None:
        request._sessions_ui_raised = sys.exc_info()[1]  # type: ignore[attr-defined]


def exception_of(request: HttpRequest) -> Exception | None:
    raised = getattr(request, "_sessions_ui_raised", None)
    return raised if isinstance(raised, Exception) else None
