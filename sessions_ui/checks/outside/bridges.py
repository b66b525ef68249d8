"""Tokens of other packages that no ending reaches, and bridges that cannot be used."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks

from sessions_ui.bridges.active import covered_apps, is_used, load
from sessions_ui.conf import conf

LONGEST_NAME = 32
METHODS = ("database", "models", "list", "list_of", "count_of", "holders", "end", "end_of", "describe")

# Apps, as in INSTALLED_APPS, whose tokens act as a user, and the packages that they come from.
TOKEN_APPS = {
    "allauth.idp.oidc": "django-allauth, as an OpenID provider",
    "drf_multitokenauth": "drf-multitokenauth",
    "durin": "django-rest-durin",
    "graphql_jwt.refresh_token": "django-graphql-jwt",
    "knox": "django-rest-knox",
    "multi_auth_token": "django-multi-auth-token",
    "ninja_apikey": "django-ninja-apikey",
    "ninja_jwt": "django-ninja-jwt",
    "ninja_simple_jwt": "django-ninja-simple-jwt",
    "oauth2_provider": "django-oauth-toolkit",
    "oidc_provider": "django-oidc-provider",
    "rest_framework.authtoken": "djangorestframework",
    "rest_framework_api_key": "djangorestframework-api-key",
    "rest_framework_jwt": "drf-jwt",
    "rest_framework_simplejwt.token_blacklist": "djangorestframework-simplejwt",
}
SIMPLE_JWT = "rest_framework_simplejwt"


def uncovered_token_apps(**kwargs: Any) -> list[checks.CheckMessage]:
    covered = {*covered_apps()}
    return [
        checks.Warning(
            f"Tokens of {package} ({app}) stay good when an account is disabled or its password is reset: no bridge "
            "ends them.",
            hint="Name a bridge in BRIDGES (docs/bridges.md says how to write one), or silence this if you end them.",
            id="sessions_ui.W130",
        )
        for app, package in TOKEN_APPS.items()
        if apps.is_installed(app) and app not in covered
    ]


def jwts_without_a_list(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check that refresh tokens of simplejwt can be ended: only its list of outstanding ones can."""
    if apps.is_installed(f"{SIMPLE_JWT}.token_blacklist") or not _uses_simple_jwt():
        return []
    return [
        checks.Warning(
            "JWTs of djangorestframework-simplejwt are renewed until they run out, also when an account is disabled "
            "or its password is reset: nothing keeps a list of them.",
            hint=f"Add {SIMPLE_JWT}.token_blacklist to INSTALLED_APPS, and migrate (docs/bridges.md).",
            id="sessions_ui.W131",
        )
    ]


def usable_bridges(**kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    names: Counter[str] = Counter()
    for path in conf.bridges:
        try:
            bridge = load(path)
            missing = [name for name in METHODS if not callable(getattr(bridge, name, None))]
            problem = f"it has no {', '.join(missing)}" if missing else ""
            if not missing and not 0 < len(bridge.name) <= LONGEST_NAME:
                problem = f"its name must have 1 to {LONGEST_NAME} characters"
            if not problem and is_used(bridge):
                names[bridge.name] += 1
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            text = f"BRIDGES names {path}, which cannot be used: {problem}."
            found.append(checks.Error(text, id="sessions_ui.E132"))
    found += [
        checks.Error(f"BRIDGES has {count} bridges of the name {name}.", id="sessions_ui.E133")
        for name, count in names.items()
        if count > 1
    ]
    return found


def _uses_simple_jwt() -> bool:
    """Return whether it is an installed app, or what Django REST framework authenticates by: it works without being
    one."""
    classes = getattr(settings, "REST_FRAMEWORK", {}).get("DEFAULT_AUTHENTICATION_CLASSES", ())
    return apps.is_installed(SIMPLE_JWT) or any(str(each).startswith(f"{SIMPLE_JWT}.") for each in classes)
