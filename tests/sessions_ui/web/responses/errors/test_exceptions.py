"""What each exception is answered with, whichever view or middleware raised it."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError
from django.test import RequestFactory
from django.utils import timezone

from sessions_ui import context
from sessions_ui.credentials import CredentialKind
from sessions_ui.exceptions import (
    AccountFrozen,
    DoneInPart,
    FurtherProofNeeded,
    KeyRotated,
    NotTheOwner,
    OutcomeUnknown,
    SessionEnded,
    SignInRefused,
    TryAgain,
)
from sessions_ui.store import SessionStore
from sessions_ui.web.responses.errors.exceptions import answer_to, exception_of, remember_exception
from tests.models import EndReason

pytestmark = pytest.mark.django_db


def caused_by(cause: BaseException, kind: type[Exception] = OperationalError) -> Exception:
    error = kind("refused")
    error.__cause__ = cause
    return error


def busy_database() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


REFUSED = caused_by(busy_database())
LOST = caused_by(psycopg.OperationalError("the server closed the connection unexpectedly"))
OURS: dict[str, tuple[Exception, tuple[int, str]]] = {
    "refused": (SignInRefused(EndReason.ACCOUNT_DISABLED), (401, "session-ended")),
    "key replaced": (KeyRotated(), (409, "session-key-rotated")),
    "ended": (SessionEnded(EndReason.NOT_ME), (401, "session-ended")),
    "not the owner": (NotTheOwner(), (403, "only-the-owner")),
    "frozen": (AccountFrozen(timezone.now()), (403, "account-frozen")),
    "further proof": (FurtherProofNeeded(CredentialKind.PASSWORD), (403, "further-proof-needed")),
    "try again": (TryAgain(), (503, "busy")),
    "done in part": (DoneInPart(), (503, "done-in-part")),
    "unknown": (OutcomeUnknown(), (503, "outcome-unknown")),
}
# Of a transaction of the host, in which an action of ours took part, and of one in which none did.
OF_THE_HOST: dict[str, tuple[Exception, tuple[int, str] | None]] = {
    "refused at the commit": (REFUSED, (503, "busy")),
    "lost at the commit": (LOST, (503, "outcome-unknown")),
    "of another kind": (caused_by(busy_database(), IntegrityError), None),
    "an error": (ValueError(), None),
}


def answered(exception: Exception, *, took_part: bool = False, within: bool = True) -> tuple[int, str] | None:
    request: Any = RequestFactory().post("/", HTTP_ACCEPT="application/json")
    request.session, request.user = SessionStore(), SimpleNamespace(is_authenticated=False)
    acting = context.Acting(request.session, request=request)
    acting.took_part = took_part
    token = context.begin(acting) if within else None
    try:
        response: Any = answer_to(request, exception)
    finally:
        if token is not None:
            context.finish(token)
    if response is None:
        return None
    return response.status_code, response_type(response)


def response_type(response: Any) -> str:
    import json

    return str(json.loads(response.content)["type"]).removeprefix("urn:sessions-ui:")


@pytest.mark.parametrize(("exception", "expected"), OURS.values(), ids=OURS)
@pytest.mark.parametrize("took_part", [True, False])
def test_an_exception_of_ours_is_answered_for_a_program(
    exception: Exception, expected: tuple[int, str], took_part: bool
) -> None:
    assert answered(exception, took_part=took_part) == expected


@pytest.mark.parametrize(("exception", "expected"), OF_THE_HOST.values(), ids=OF_THE_HOST)
def test_an_error_of_the_database_is_ours_to_answer_only_where_we_took_part(
    exception: Exception, expected: tuple[int, str] | None
) -> None:
    assert answered(exception, took_part=True) == expected
    assert answered(exception, took_part=False) is None
    assert answered(exception, within=False) is None


def test_what_a_middleware_raised_is_remembered_with_its_request() -> None:
    request, other = RequestFactory().get("/"), RequestFactory().get("/")
    assert exception_of(request) is None
    try:
        raise KeyRotated
    except KeyRotated as error:
        remember_exception(None, request=request)
        remember_exception(None)
        assert exception_of(request) is error
    assert exception_of(other) is None
    try:
        raise SystemExit
    except SystemExit:
        remember_exception(None, request=other)
    assert exception_of(other) is None, "nobody is answered who ends the process"
