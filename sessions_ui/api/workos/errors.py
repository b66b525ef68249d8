"""Errors in the shape that WorkOS's clients make their own exceptions of: by the status, with `message`, `code` and
`errors`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from sessions_ui.api import failures
from sessions_ui.api.answers import answer_for
from sessions_ui.api.bearer import STATUS, TITLES, challenge, kind_of
from sessions_ui.exceptions import BearerError, BearerRefused, SessionEnded
from sessions_ui.web.responses.headers import PRIVATE


class Refused(Exception):
    """A request is not answered with what it asks for. `code` and `message` are for whoever writes the client; `errors`
    says which of its fields are wrong."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors
        self.headers = headers or {}


def not_found(what: str) -> Refused:
    return Refused(404, "entity_not_found", f"There is no {what} with this id.")


def malformed(code: str, message: str) -> Refused:
    """Return the refusal of a request that cannot be understood. Node's client takes a 400 for this only with
    `errors`."""
    return Refused(400, code, message, errors=[{"code": code, "message": message}])


def wrong(field: str, code: str, message: str) -> Refused:
    """Return the refusal of a value of one field."""
    error = {"field": field, "code": code, "message": message}
    return Refused(422, "validation_failed", message, errors=[error])


def refusal(error: Refused) -> JsonResponse:
    document: dict[str, Any] = {"message": error.message, "code": error.code}
    if error.errors is not None:
        document["errors"] = error.errors
    headers = {"Cache-Control": PRIVATE, **error.headers}
    return JsonResponse(document, status=error.status, headers=headers)


def answer_to(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the answer to whatever was raised while the view was at work."""
    if isinstance(exception, Refused):
        return refusal(exception)
    if isinstance(exception, SessionEnded):
        exception = BearerRefused(BearerError.INVALID_TOKEN)
    if isinstance(exception, BearerRefused):
        code = kind_of(exception).replace("-", "_")
        answer = refusal(Refused(STATUS[exception.error], code, TITLES[exception.error]))
        answer.headers["WWW-Authenticate"] = challenge(exception)
        return answer
    found = answer_for(exception) or failures.answer_for(request, exception)
    code = found.kind.replace("-", "_")
    if found.status == 400:
        return refusal(malformed(code, found.title))
    reason = getattr(exception, "reason", None)
    errors = None
    if found.tells and isinstance(reason, StrEnum):
        errors = [{"code": str(reason), "message": found.title}]
    headers = {} if found.retry_after is None else {"Retry-After": str(found.retry_after)}
    return refusal(Refused(found.status, code, found.title, errors=errors, headers=headers))
