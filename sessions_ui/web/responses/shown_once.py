"""A value that is shown once, on a page of its own.

Were the page the answer to the form, there would be none for whoever comes back to it: the browser asks whether to send
the form again. So the form leads to it by a redirect, and the value gets there in two halves that say nothing each:
random bits wait in the session, and what they make of the value waits in a cookie of a minute, which goes to that page
only (a one-time pad). No table, log or address holds the value, and once it was shown the bits are gone.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.debug import sensitive_variables

from sessions_ui.web.responses.link_cookie import cookie_name, forget_token, keep_token

# In the session: path of the page and random bits, in the order of their forms.
KEY = "sessions_ui_shown_once"
AGE = timedelta(minutes=1)  # from the form to its page, which the browser asks for by itself
MOST = 5  # values under way at the same time


@sensitive_variables()
def led_to_value(request: HttpRequest, value: str, *, page: str) -> HttpResponseRedirect:
    """Return the redirect to the page at the path `page`, which shows `value` once (`take_value()`)."""
    content = value.encode()
    pad = secrets.token_bytes(len(content))
    waiting = {**_waiting(request), page: urlsafe_b64encode(pad).decode()}
    request.session[KEY] = dict(list(waiting.items())[-MOST:])
    response = HttpResponseRedirect(page)
    half = urlsafe_b64encode(_xor(content, pad)).decode()
    keep_token(response, half, name=_cookie_of(page), path=page, age=AGE, samesite="Strict")
    return response


@sensitive_variables()
def take_value(request: HttpRequest) -> str | None:
    """Return the value that waits for the page that is asked for; None where there is none, as after the first time."""
    page, waiting = request.path, _waiting(request)
    if page not in waiting:
        return None
    pad = urlsafe_b64decode(waiting.pop(page))
    request.session[KEY] = waiting
    try:
        half = urlsafe_b64decode(request.COOKIES.get(cookie_name(_cookie_of(page)), ""))
        return _xor(half, pad).decode() if len(half) == len(pad) else None
    except ValueError:  # whatever a client sends as a cookie
        return None


def forget_value(request: HttpRequest, response: HttpResponseBase) -> None:
    """Delete the half that the browser has, with the answer that shows the value."""
    forget_token(response, name=_cookie_of(request.path), path=request.path)


def _waiting(request: HttpRequest) -> dict[str, str]:
    return dict(request.session.get(KEY, {}))


def _cookie_of(page: str) -> str:
    return f"once-{sha256(page.encode()).hexdigest()[:16]}"


@sensitive_variables()
def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(first ^ second for first, second in zip(one, other, strict=True))
