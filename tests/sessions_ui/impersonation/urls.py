"""The site, and a page by which support begins to use an account."""

from __future__ import annotations

from django.contrib.auth import get_user_model, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.html import format_html

import sessions_ui
from config.urls import *  # noqa: F403
from sessions_ui.actions.endings.end import end_user_sessions
from sessions_ui.actor import current_actor
from sessions_ui.models import EndReason

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


FORM = """
<!doctype html><html lang="en"><title>Support</title><form method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="{}"><label>User <input name="user"></label>
<label>Reason <input name="reason"></label><button>Use</button></form></html>
"""


def use(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return HttpResponse(format_html(FORM, get_token(request)))
    person = get_user_model().objects.get(pk=request.POST["user"])
    sessions_ui.impersonate(request, user=person, actor=request.user, reason=request.POST["reason"])
    return HttpResponseRedirect("/account/devices/")


def whoami(request: HttpRequest) -> HttpResponse:
    return HttpResponse(getattr(request.user, "email", "nobody"))


def sign_in_without_asking(request: HttpRequest) -> HttpResponse:
    login(request, get_user_model().objects.get(pk=request.user.pk), backend=BACKEND)
    return HttpResponse()


def change(request: HttpRequest) -> HttpResponse:
    """A view of the host project, which knows nothing of support."""
    user = get_user_model().objects.get(pk=request.user.pk)
    for name, value in request.POST.items():
        setattr(user, name, value)
    if "password" in request.POST:
        user.set_password(request.POST["password"])
    user.save()
    return HttpResponse()


def delete(request: HttpRequest) -> HttpResponse:
    get_user_model().objects.get(pk=request.user.pk).delete()
    return HttpResponse()


def leave_and_delete(request: HttpRequest) -> HttpResponse:
    """As many sites delete an account: whoever it is signs out first."""
    user = request.user
    logout(request)
    user.delete()
    return HttpResponse()


def leave_and_disable(request: HttpRequest) -> HttpResponse:
    user = request.user
    logout(request)
    user.is_active = False
    user.save()
    return HttpResponse()


def leave_and_choose_password(request: HttpRequest) -> HttpResponse:
    user = request.user
    logout(request)
    user.set_password("another horse battery")
    user.save()
    return HttpResponse()


def leave_and_end_all(request: HttpRequest) -> HttpResponse:
    user = request.user
    logout(request)
    end_user_sessions(user=user, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=current_actor())
    return HttpResponse()


def leave_and_sign_in(request: HttpRequest) -> HttpResponse:
    user = get_user_model().objects.get(pk=request.user.pk)
    logout(request)
    login(request, user, backend=BACKEND)
    return HttpResponse()


AFTER_LEAVING = [
    leave_and_delete,
    leave_and_disable,
    leave_and_choose_password,
    leave_and_end_all,
    leave_and_sign_in,
]

urlpatterns = [
    *(path(f"{view.__name__}/", view) for view in AFTER_LEAVING),
    path("support/use/", use),
    path("whoami/", whoami),
    path("sign-in-without-asking/", sign_in_without_asking),
    path("change/", change),
    path("delete/", delete),
    *urlpatterns,  # noqa: F405
]
