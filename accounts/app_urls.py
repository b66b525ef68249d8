"""allauth's headless API for apps, as this site has it (docs/apps.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from allauth.headless.constants import Client
from allauth.headless.urls import build_urlpatterns
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

from accounts.signing_in.passkeys import AppPasskeySignIn

VIEWS = {"login_webauthn": AppPasskeySignIn.as_api_view(client=Client.APP)}
# Nobody has a phone number here, and what asks for one would be an error.
LEFT_OUT = {"manage_phone", "verify_phone", "resend_phone_verification_code"}
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def of_text(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate a view that reads JSON: half of a surrogate pair is no text, and an error where it is hashed or kept."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if SURROGATE.search(request.body):
            try:
                json.dumps(json.loads(request.body), ensure_ascii=False).encode()
            except ValueError:
                return HttpResponseBadRequest()
        return view(request, *args, **kwargs)

    return checked


def own(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern | URLResolver]:
    """Yield copies of the patterns with this site's own views, and without those that it leaves out."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield URLResolver(
                one.pattern, list(own(one.url_patterns)), one.default_kwargs, one.app_name, one.namespace
            )
        elif one.name not in LEFT_OUT:
            view = VIEWS.get(str(one.name), one.callback)
            yield URLPattern(one.pattern, of_text(view), one.default_args, one.name)


# Under the names that allauth's own URLs have.
app_name = "headless"
urlpatterns = [path("app/", include((list(own(build_urlpatterns(Client.APP))), app_name), namespace="app"))]
