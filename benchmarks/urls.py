"""The smallest site that needs to know who is asking."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import import_string

from benchmarks.peers import WITH_TOKEN

USERNAME = "bench"
BODY = USERNAME.encode()
NOBODY = b"nobody"


def answer(text: str) -> HttpResponse:
    """With its length, or ASGI servers send it in chunks."""
    return HttpResponse(text, headers={"Content-Length": str(len(text))})


def whoami(request: HttpRequest) -> HttpResponse:
    return answer(request.user.get_username() or NOBODY.decode())


async def whoami_async(request: HttpRequest) -> HttpResponse:
    return answer((await request.auser()).get_username() or NOBODY.decode())


def floor(request: HttpRequest) -> HttpResponse:
    return answer(USERNAME)


async def floor_async(request: HttpRequest) -> HttpResponse:
    return answer(USERNAME)


def sign_in(request: HttpRequest) -> HttpResponse:
    """Without a password: hashing it would drown everything else."""
    user = get_user_model().objects.get(username=request.GET.get("user", USERNAME))
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    if settings.PEER.name == "allauth":
        from allauth.usersessions.models import UserSession

        UserSession.objects.create_from_request(request)
    return answer(user.username)


def with_token() -> Any:
    """The same view, which knows by a token in the header who asks."""
    if settings.PEER.name == "sessions_ui_bearer":
        from sessions_ui.api import token_required

        return token_required("sessions:read")(whoami)
    from rest_framework.views import APIView

    class Whoami(APIView):
        authentication_classes = [
            import_string(path)
            for path in {
                "drf_floor": [],
                "drf_token": ["rest_framework.authentication.TokenAuthentication"],
                "knox": ["knox.auth.TokenAuthentication"],
                "sessions_ui_drf": ["sessions_ui.api.drf.BearerAuthentication"],
            }[settings.PEER.name]
        ]

        def get(self, request: HttpRequest) -> HttpResponse:
            return whoami(request) if self.authentication_classes else floor(request)

    return Whoami.as_view()


known = settings.PEER.has_sessions
urlpatterns: list[URLPattern | URLResolver] = [
    path("whoami", whoami if known else floor),
    path("whoami-async", whoami_async if known else floor_async),
    path("sign-in", sign_in),
]
if settings.PEER in WITH_TOKEN:
    urlpatterns.append(path("with-token", with_token()))
if settings.PEER.name == "sessions_ui_api":
    urlpatterns.append(path("api/", include("sessions_ui.api.json.urls")))
if "django.contrib.admin" in settings.INSTALLED_APPS:
    urlpatterns.append(path("admin/", admin.site.urls))
if "django_htmx" in settings.INSTALLED_APPS:
    urlpatterns.append(path("account/", include("sessions_ui.web.urls")))
if settings.PEER.name == "allauth":
    urlpatterns.append(path("accounts/", include("allauth.urls")))
if settings.PEER.name == "user_sessions":
    urlpatterns.append(path("", include("user_sessions.urls", "user_sessions")))
