"""`path("hijack/", include("sessions_ui.web.hijack_urls"))`, in place of `hijack.urls` (docs/impersonation.md)."""

from sessions_ui.web.impersonation.hijack import app_name, urlpatterns

__all__ = ["app_name", "urlpatterns"]
