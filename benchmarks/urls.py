"""The smallest site that needs to know who is asking."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

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


known = settings.PEER.has_sessions
urlpatterns: list[URLPattern | URLResolver] = [
    path("whoami", whoami if known else floor),
    path("whoami-async", whoami_async if known else floor_async),
    path("sign-in", sign_in),
]
if "django.contrib.admin" in settings.INSTALLED_APPS:
    urlpatterns.append(path("admin/", admin.site.urls))
if "django_htmx" in settings.INSTALLED_APPS:
    urlpatterns.append(path("account/", include("sessions_ui.web.urls")))
if settings.PEER.name == "allauth":
    urlpatterns.append(path("accounts/", include("allauth.urls")))
if settings.PEER.name == "user_sessions":
    urlpatterns.append(path("", include("user_sessions.urls", "user_sessions")))
