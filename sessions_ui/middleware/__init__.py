"""Do what a request needs before and after the view."""

from sessions_ui.middleware.authentication import AuthenticationMiddleware
from sessions_ui.middleware.session import SessionMiddleware
from sessions_ui.web.presence.timezone import time_zone_middleware

__all__ = ["AuthenticationMiddleware", "SessionMiddleware", "time_zone_middleware"]
