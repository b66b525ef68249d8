"""What the pages rely on: a way to confirm who somebody is, a sign-in page, and the request in templates."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.shortcuts import resolve_url
from django.template import TemplateDoesNotExist, engines
from django.template.backends.django import DjangoTemplates
from django.urls import NoReverseMatch, get_script_prefix, is_valid_path, reverse
from django.utils import translation
from django.utils.module_loading import import_string

from sessions_ui.conf import conf
from sessions_ui.web.step_up.reauthentication import Reauthentication

REQUEST = "django.template.context_processors.request"


def reauthentication(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        chosen = import_string(conf.reauthentication)
    except ImportError as error:
        return [checks.Error(f"REAUTHENTICATION: {error}", id="sessions_ui.E037")]
    if isinstance(chosen, type) and issubclass(chosen, Reauthentication):
        return []
    return [
        checks.Error(
            f"REAUTHENTICATION: {conf.reauthentication} is no sessions_ui.web.Reauthentication.",
            id="sessions_ui.E037",
        )
    ]


def sign_in_page(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check that `LOGIN_URL` leads somewhere, because whoever is signed out is sent there. One on another host is
    believed."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    try:
        parts = urlsplit(resolve_url(settings.LOGIN_URL or ""))
        if parts.netloc or _leads_somewhere(parts.path):
            return []
    except NoReverseMatch:
        pass
    return [
        checks.Warning(
            f"LOGIN_URL ({settings.LOGIN_URL}) is neither the name of a view nor an address in ROOT_URLCONF: whoever "
            "is signed out finds no page to sign in.",
            hint="Set LOGIN_URL to the name or the address of your sign-in page, or silence this where another "
            "program serves it.",
            id="sessions_ui.W070",
        )
    ]


def _leads_somewhere(path: str) -> bool:
    """Return whether a view has this path, also by way of a slash that `CommonMiddleware` adds, or a language that
    `LocaleMiddleware` does (`i18n_patterns()`)."""
    path = "/" + path.removeprefix(get_script_prefix()).lstrip("/")
    spelled = (path, f"{path}/")
    if any(map(is_valid_path, spelled)):
        return True
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            if any(is_valid_path(way) or is_valid_path(f"/{code}{way}") for way in spelled):
                return True
    return False


def request_in_templates(**kwargs: Any) -> list[checks.CheckMessage]:
    """Check the engine that renders our pages, where the host has them."""
    try:
        reverse("sessions_ui:devices")
    except NoReverseMatch:
        return []
    engine = _engine_of("sessions_ui/devices.html")
    if engine is None or REQUEST in engine.engine.context_processors:
        return []
    return [
        checks.Error(
            f"{REQUEST} is not among the context processors of {engine.name!r} in TEMPLATES: the pages of devices "
            "fail, and no page says why somebody was signed out.",
            hint=f"Add {REQUEST} to OPTIONS['context_processors'].",
            id="sessions_ui.E071",
        )
    ]


def _engine_of(name: str) -> DjangoTemplates | None:
    for engine in engines.all():
        try:
            engine.get_template(name)
        except TemplateDoesNotExist:
            continue
        return engine if isinstance(engine, DjangoTemplates) else None
    return None
