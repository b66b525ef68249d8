"""Single sign-on."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sessions_ui.conf import conf


def providers(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        found = conf.providers.values()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="sessions_ui.E023")]
    issuers = Counter(provider.issuer for provider in found if provider.issuer)
    if twice := [issuer for issuer, times in issuers.items() if times > 1]:
        return [
            checks.Error(
                f"Two of PROVIDERS have the issuer {twice[0]}.",
                hint="Make them one, with both client ids in its audience.",
                id="sessions_ui.E023",
            )
        ]
    return []


def library(**kwargs: Any) -> list[checks.CheckMessage]:
    if find_spec("jwt") and find_spec("cryptography"):
        return []
    try:
        needed = any(provider.issuer for provider in conf.providers.values())
    except ImproperlyConfigured:
        return []
    if not needed:
        return []
    return [
        checks.Error(
            "PROVIDERS are to end sessions here, but PyJWT is not installed.",
            hint="pip install sessions-ui[sso]",
            id="sessions_ui.E024",
        )
    ]


def plain_http(**kwargs: Any) -> list[checks.CheckMessage]:
    return [
        checks.Error(
            f"Whoever is on the way to {provider.issuer} can sign people out: allow_http is for tests.",
            id="sessions_ui.E023",
        )
        for provider in conf.providers.values()
        if provider.issuer and provider.allow_http
    ]
