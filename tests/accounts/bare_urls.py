"""This site with allauth's own URLs: nobody is asked beforehand. And views as a host has them, which ask nobody."""

from __future__ import annotations

import json
from typing import Any

from allauth.headless.constants import Client
from allauth.headless.urls import build_urlpatterns
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

import config.urls


def new_password(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    user.set_password(request.POST["password"])
    user.save()
    update_session_auth_hash(request, user)
    return HttpResponse("changed")


def new_email(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    user.email = json.loads(request.body)["email"]
    user.save(update_fields=["email"])
    return HttpResponse("changed")


# The headless API for browsers as well, which this site leaves out.
HEADLESS = [
    path(f"{client.value}/", include((build_urlpatterns(client), "headless"), namespace=client.value))
    for client in Client
]
urlpatterns = [
    path("own/password/", new_password),
    path("own/email/", new_email),
    path("_allauth/", include((HEADLESS, "headless"))),
    path("account/", include("sessions_ui.web.urls")),
    path("account/", include("allauth.urls")),
    *config.urls.urlpatterns,
]
handler500 = config.urls.handler500
