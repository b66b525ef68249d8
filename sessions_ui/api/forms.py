"""What OAuth clients post, and the errors that they are answered (RFC 6749, 5.2)."""

from __future__ import annotations

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from sessions_ui.web.responses.headers import PRIVATE

FORM = "application/x-www-form-urlencoded"
LONGEST = 4096  # characters of a parameter; ours have 55 or so, a JWT may have some thousand


class BadForm(Exception):
    """What was posted cannot be understood: `error` is the code, `description` for whoever wrote the client."""

    def __init__(self, description: str, error: str = "invalid_request") -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def token_in(request: HttpRequest) -> tuple[str, str]:
    """Return the parameters `token` and `token_type_hint` of the form, the latter empty where it is left out; raise
    `BadForm` for anything else. A parameter may not come twice (RFC 6749, 3.1), and none in the address, which ends
    up in logs."""
    if request.content_type != FORM:
        raise BadForm(f"The body has to be {FORM}.")
    try:
        form = request.POST
    except (BadRequest, SuspiciousOperation, UnreadablePostError, MultiPartParserError) as error:
        raise BadForm("The body cannot be read.") from error
    given = {name: form.getlist(name) for name in ("token", "token_type_hint")}
    if any(len(values) > 1 for values in given.values()):
        raise BadForm("A parameter is given twice.")
    token, hint = ((values or [""])[0] for values in given.values())
    if not token:
        raise BadForm("The parameter `token` is missing.")
    if len(token) > LONGEST:
        raise BadForm("The parameter `token` is too long.")
    return token, hint


def bad(error: BadForm) -> JsonResponse:
    """Return the answer to a form that cannot be understood."""
    return JsonResponse(
        {"error": error.error, "error_description": error.description},
        status=400,
        headers={"Cache-Control": PRIVATE},
    )
