"""`path("api/", include("sessions_ui.api.json.urls"))`: the JSON API, which needs the extra `ninja`.

Whatever else the site has below the same address comes before it: what this does not know it answers itself, 404.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path, re_path

from sessions_ui.api.json.application import NAMESPACE, api
from sessions_ui.api.json.dispatch import for_programs
from sessions_ui.api.json.problems import nothing_here


def unknown(request: HttpRequest, **named: Any) -> HttpResponse:
    return nothing_here()


_patterns, _app_name, _namespace = api.urls
for _pattern in _patterns:
    if isinstance(_pattern, URLPattern) and _pattern.name != "openapi-view":  # that one is a page
        _pattern.callback = for_programs(_pattern.callback)

urlpatterns = [
    path("", include((_patterns, NAMESPACE))),
    re_path(r"^[\s\S]*\Z", for_programs(unknown), name="sessions_ui_json_unknown"),
]
