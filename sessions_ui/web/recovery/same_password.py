"""What people read who choose the password that they were asked to replace."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sessions_ui.conf import conf
from sessions_ui.password_validation import void_text
from sessions_ui.web.responses.navigation import wants_json
from sessions_ui.web.responses.programs import problem


def choose_another(request: HttpRequest) -> HttpResponse:
    """Answer 422: a page, or problem details for a program. A form with `NotTheVoidPassword` says so by itself."""
    if wants_json(request):
        return problem(422, "same-password", void_text())
    context = {"base_template": conf.base_template, "text": void_text()}
    return render(request, "sessions_ui/same_password.html", context, status=422)
