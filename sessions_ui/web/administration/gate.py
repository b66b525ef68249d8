"""The gate in front of Django's admin: everything that acts passes it, and nothing of it is open to staff that uses
somebody's account.

`AuthenticationMiddleware` asks here before every view below the addresses of an `AdminSite`, so that no model, inline,
action or page of its own can be registered past it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from django.apps import apps
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache

from sessions_ui import context
from sessions_ui.conf import conf
from sessions_ui.web.administration.demand import is_fresh
from sessions_ui.web.administration.question import answer_or_question, go_on, question
from sessions_ui.web.impersonation.views import only_for_its_owner
from sessions_ui.web.responses.headers import keep_headers

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

APP_NAME = "admin"  # of the addresses of every `AdminSite`, whatever the site is called
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
WAYS_IN_AND_OUT = ("login", "logout")
# What a browser cannot be given back: whoever opens a form with such a field is asked before it is filled in.
TYPED_AGAIN = re.compile(rb"<input[^>]*\stype=[\"']?(?:password|file)\b")
# So much of the time must be left then.
LEFT_FOR_TYPING = 1 / 4

View: TypeAlias = Callable[..., HttpResponseBase]


def is_for_admin(request: HttpRequest) -> bool:
    """Return whether the request is for an admin. It takes no statement."""
    match = request.resolver_match
    return match is not None and APP_NAME in match.app_names and apps.is_installed("django.contrib.admin")


def site_of(request: HttpRequest) -> AdminSite | None:
    """Return the admin that the request is for, whose look the question has; None where it is for none."""
    match = request.resolver_match
    if match is None or not is_for_admin(request):
        return None
    from django.contrib.admin.sites import all_sites  # a host may have no admin

    return next((site for site in all_sites if site.name in match.namespaces), None)


def before_view(request: HttpRequest) -> HttpResponseBase | None:
    """Return None where a request for the admin may go on to its view, else what it is answered with."""
    if not request.user.is_authenticated or leads_in_or_out(request):
        return None
    if context.is_impersonated():
        return only_for_its_owner(request)
    return None if request.method in SAFE else ask_staff(request)


def leads_in_or_out(request: HttpRequest) -> bool:
    """Return whether this is the sign-in page of the admin or its sign-out, and no page of a model that has such a
    name."""
    match = request.resolver_match
    if match is None or match.url_name not in WAYS_IN_AND_OUT:
        return False
    try:
        return request.path == f"{reverse(f'{match.namespace}:index')}{match.url_name}/"
    except NoReverseMatch:
        return False


def ask_staff(request: HttpRequest) -> HttpResponseBase | None:
    """Return None where the act may go on, else the response that asks who is there, or that follows the answer."""
    age = conf.admin_reauthentication_age
    if age is not None and not is_fresh(request, within=age):
        return answer_or_question(request, site_of(request))
    return go_on(request)


def shows_form_to_type_in(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Return whether the admin shows a form with a field for a password or a file. It takes no statement."""
    if request.method != "GET" or response.status_code != 200:
        return False
    # A response that streams has no content yet.
    return is_for_admin(request) and TYPED_AGAIN.search(getattr(response, "content", b"")) is not None


def after_view(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the question in place of such a form, where it would have to be asked before long."""
    age = conf.admin_reauthentication_age
    if age is None or not request.user.is_authenticated or leads_in_or_out(request):
        return response
    if is_fresh(request, within=age * (1 - LEFT_FOR_TYPING)):
        return response
    asked = question(request, site_of(request), opens=True)
    keep_headers(response, asked)
    return asked


def staff_confirmed(view: View) -> View:
    """Decorate a view of staff that shows a secret: it asks as the admin does before it acts, whatever the method.

    For pages of your own in the admin and views of a `ModelAdmin` (with `method_decorator()`).
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = ask_staff(request) if request.user.is_authenticated else None
        return view(request, *args, **kwargs) if asked is None else asked

    return never_cache(checked)
