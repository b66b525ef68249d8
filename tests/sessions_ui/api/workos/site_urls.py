"""The addresses of the site, and those of WorkOS's clients at the root."""

from django.conf import settings
from django.urls import include, path

from sessions_ui.api import request_limit

if settings.WORKOS_LIMIT:
    request_limit.WINDOW = 2

urlpatterns = [path("", include("config.urls")), path("", include("sessions_ui.api.workos.urls"))]
