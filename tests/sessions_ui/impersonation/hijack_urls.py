"""The site with django-hijack's addresses, and our views behind them."""

from django.urls import include, path

from tests.sessions_ui.impersonation import urls

urlpatterns = [path("hijack/", include("sessions_ui.web.impersonation.hijack")), *urls.urlpatterns]
