"""Absolute links in allauth's mails: to SITE_URL, whatever the request says.

Django checks the host of a request against ALLOWED_HOSTS, but not its port: whoever asks for somebody's password reset
with `Host: devices.example:8443` would have a link mailed that leads to another server on that host.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest


def site_url() -> str:
    """Return scheme and host of this site; empty where SITE_URL is not set."""
    return str(settings.SESSIONS_UI.get("SITE_URL", "")).rstrip("/")


def site_of(request: HttpRequest) -> Any:
    """Return what allauth's mails call `current_site`."""
    host = urlsplit(site_url()).netloc
    return SimpleNamespace(domain=host, name=host) if host else get_current_site(request)


def on_this_site(context: Mapping[str, Any], request: HttpRequest) -> dict[str, Any]:
    """Return the context of a mail with every absolute link to the request's host as one to SITE_URL."""
    return {name: _on_this_site(value, request.get_host()) for name, value in context.items()}


def _on_this_site(value: Any, host: str) -> Any:
    if not site_url() or not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return value
    try:
        parts = urlsplit(value)
    except ValueError:  # what a client calls itself ("http://["), where a change is told
        return value
    if parts.netloc != host:
        return value
    return site_url() + parts._replace(scheme="", netloc="").geturl()
