"""What a request says: its JSON body and its parameters, each as the type that it has to be. Whatever is wrong raises
`Refused`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import BadRequest, SuspiciousOperation, ValidationError
from django.http import HttpRequest, UnreadablePostError

from sessions_ui.api import bodies
from sessions_ui.api.workos.errors import Refused, malformed, not_found, wrong
from sessions_ui.database import moments
from sessions_ui.models.primary import all_users

JSON = "application/json"
LONGEST = 255  # characters of an id or a name
LONGEST_VALUE = 4096  # of the value of a key, as `api/forms.py` has it
MISSING: Any = object()


def body_of(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the body; an empty one where there is no body."""
    if bodies.is_unread(request):
        raise Refused(411, "length_required", bodies.TITLE)
    try:
        body = request.body
    except (BadRequest, SuspiciousOperation, UnreadablePostError) as error:
        raise malformed("invalid_body", "The body cannot be read.") from error
    if not body:
        return {}
    if request.content_type != JSON:
        raise malformed("invalid_body", f"The body has to be {JSON}.")
    try:
        document = json.loads(body)
    except (
        ValueError,
        RecursionError,
    ) as error:  # UnicodeDecodeError is one; so are integers of thousands of digits
        raise malformed("invalid_body", "The body is not valid JSON.") from error
    if not isinstance(document, dict):
        raise malformed("invalid_body", "The body has to be an object.")
    return document


def is_plain(text: str) -> bool:
    """Return whether databases take the text: PostgreSQL no NUL, UTF-8 no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def text_in(document: dict[str, Any], name: str, *, longest: int = LONGEST) -> str:
    """Return a text that has to be there."""
    value = document.get(name)
    if value is None or value == "":
        raise wrong(name, "required", f"`{name}` is required.")
    if not isinstance(value, str) or not is_plain(value):
        raise wrong(name, "invalid", f"`{name}` has to be text.")
    if len(value) > longest:
        raise wrong(name, "too_long", f"`{name}` has at most {longest} characters.")
    return value


def texts_in(document: dict[str, Any], name: str) -> list[str]:
    """Return a list of texts, an empty one where it is left out."""
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) and is_plain(each) for each in value):
        raise wrong(name, "invalid", f"`{name}` has to be a list of texts.")
    return value


def moment_in(document: dict[str, Any], name: str) -> datetime | None:
    """Return a moment as the rows hold it, None where the field is left out or null."""
    value = document.get(name)
    return None if value is None else moment_of(name, value)


def moment_of(name: str, value: Any) -> datetime:
    problem = wrong(name, "invalid", f"`{name}` has to be a moment such as 2026-01-01T00:00:00.000Z.")
    if not isinstance(value, str):
        raise problem
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise problem
        return moments.stated(found, name)
    except ValueError:  # OutOfRange is one
        raise problem from None


def parameter(request: HttpRequest, name: str) -> str | None:
    """Return a parameter of the address, None where it is left out or empty."""
    value = request.GET.get(name) or None
    if value is not None and (len(value) > LONGEST_VALUE or not is_plain(value)):
        raise wrong(name, "invalid", f"`{name}` is no value that it could have.")
    return value


def user_called(identity: str) -> Any:
    """Return the user with this id, which is the primary key as text."""
    field: Any = get_user_model()._meta.pk
    try:
        key = field.clean(identity, None) if is_plain(identity) else None
    except (ValidationError, OverflowError):
        key = None
    user = None if key is None else all_users().filter(pk=key).first()
    if user is None or str(user.pk) != identity:
        raise not_found("user")
    return user
