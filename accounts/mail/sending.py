"""What every mail of allauth's has, and mails that wait until a view is done: nobody's account is held while a mail
server takes its time."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.core.mail import EmailMessage
from django.http import HttpRequest

from sessions_ui import send_or_keep

HEADERS = {"Auto-Submitted": "auto-generated"}  # so that no absence note answers (RFC 3834)

_waiting: ContextVar[list[EmailMessage] | None] = ContextVar("accounts_mails", default=None)


def send_after(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a view that is a transaction: the mails of its request are sent when it is over, and none where it was
    taken back."""

    @wraps(view)
    def sending(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        messages: list[EmailMessage] = []
        token = _waiting.set(messages)
        try:
            answer = view(request, *args, **kwargs)
        finally:
            _waiting.reset(token)
        for message in messages:
            send_or_keep(message)
        return answer

    return sending


def send_or_wait(message: EmailMessage) -> None:
    """Send a mail, or have it wait for the end of the view."""
    messages = _waiting.get()
    if messages is None:
        send_or_keep(message)
    else:
        messages.append(message)


def in_one_line(value: Any) -> Any:
    """Return a text that goes into a mail in one line, without characters that nobody sees; anything else as it is."""
    if not isinstance(value, str):
        return value
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())


def first_paragraph(text: str) -> str:
    """Return how a mail begins, in one line: what the list of a mail program shows beside the subject."""
    return " ".join(text.strip().partition("\n\n")[0].split())
