"""Django's own tests of a database session backend, of its middleware, and of what stands on them: signing in and
out, `get_user`, password change and reset, sign-in by a proxy's header, the test client. On our engine."""

from __future__ import annotations

import unittest
from unittest import mock

from auth_tests import settings as auth_settings
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from sessions_tests import tests as session_tests
from test_client_regress import tests as client_tests

from sessions_ui import session_lookup
from sessions_ui.middleware import AuthenticationMiddleware, SessionMiddleware
from sessions_ui.models import Session
from sessions_ui.store import SessionStore

# Their classes run as they are, once our middleware is in the place of Django's.
MODULES = [
    "auth_tests.test_auth_backends",
    "auth_tests.test_basic",
    "auth_tests.test_context_processors",
    "auth_tests.test_decorators",
    "auth_tests.test_login",
    "auth_tests.test_middleware",
    "auth_tests.test_mixins",
    "auth_tests.test_remote_user",
    "auth_tests.test_signals",
    "auth_tests.test_views",
    "sessions_tests.tests.SessionMiddlewareTests",
    "test_client.tests",
]
# Before the modules are imported: decorators there take the list as it is.
auth_settings.AUTH_MIDDLEWARE[:] = [name for name in settings.MIDDLEWARE if name.startswith("sessions_ui.")]


class DatabaseSessionTests(session_tests.DatabaseSessionTests):
    backend = SessionStore
    session_engine = "sessions_ui.store"
    model = Session


class DatabaseSessionWithTimeZoneTests(session_tests.DatabaseSessionWithTimeZoneTests):
    backend = SessionStore
    session_engine = "sessions_ui.store"
    model = Session

    @classmethod
    def setUpClass(cls) -> None:
        # Compiled once a process: on MariaDB with USE_TZ's converters, and no site changes that while it runs.
        cls.enterClassContext(mock.patch.dict(session_lookup._look_ups, clear=True))
        super().setUpClass()


class OneDaySessionStore(SessionStore):
    def get_session_cookie_age(self) -> int:
        return session_tests.CustomDatabaseSessionTests.custom_session_cookie_age


class CustomDatabaseSessionTests(session_tests.CustomDatabaseSessionTests):
    backend = OneDaySessionStore
    session_engine = "sessions_ui.store"
    model = Session


class SessionTests(client_tests.SessionTests):
    def setUp(self) -> None:
        super().setUp()
        # A test that fails leaves its listener connected, and the next ones fail of it.
        self.enterContext(mock.patch.object(user_logged_out, "receivers", list(user_logged_out.receivers)))


def load_tests(
    loader: unittest.TestLoader, own: unittest.TestSuite, pattern: str | None
) -> unittest.TestSuite:
    from auth_tests import test_middleware, test_views

    # The modules look the classes up by name when a test runs.
    session_tests.SessionMiddleware = test_views.SessionMiddleware = SessionMiddleware
    test_middleware.AuthenticationMiddleware = AuthenticationMiddleware
    own.addTests(loader.loadTestsFromNames(MODULES))
    return own
