"""The site, and Django's own views as a host project has them: ATOMIC_REQUESTS is about these."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, PasswordChangeView
from django.urls import path

from config.urls import *  # noqa: F403
from config.urls import urlpatterns as site

urlpatterns = [
    path("host/sign-in/", LoginView.as_view(next_page="/account/devices/")),
    path("host/password/", PasswordChangeView.as_view(success_url="/account/devices/")),
    *site,
]
