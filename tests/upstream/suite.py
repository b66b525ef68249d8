"""Django's own tests of a database session backend and of its middleware, run on ours.

`EXCEPTED` names each test that our engine must not pass, and why; docs/django-sessions.md is made from it. An excepted
test that passes, and a name that Django does not have, make the run fail.
"""

from __future__ import annotations

import unittest

from auth_tests import test_middleware as auth_middleware_tests
from django.test import TestCase
from sessions_tests import tests as session_tests

from sessions_ui.middleware import AuthenticationMiddleware, SessionMiddleware
from sessions_ui.store import SessionStore
from tests.upstream.differences import EXCEPTED

# The modules look the classes up by name when a test runs.
session_tests.SessionMiddleware = SessionMiddleware
auth_middleware_tests.AuthenticationMiddleware = AuthenticationMiddleware


def excepting(case: type) -> type:
    """Mark the excepted tests of `case`: they have to fail."""
    for name in EXCEPTED.get(case.__name__, {}):
        test = getattr(case, name)  # AttributeError: Django has no such test, so the table is out of date
        setattr(case, name, unittest.expectedFailure(test))
    return case


@excepting
class Backend(session_tests.SessionTestsMixin, TestCase):
    backend = SessionStore
    session_engine = "sessions_ui.store"


@excepting
class Middleware(session_tests.SessionMiddlewareTests):
    pass


@excepting
class Authentication(auth_middleware_tests.TestAuthenticationMiddleware):
    pass
