"""Support begins to use an account while the own session, or the account's, end."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import RequestFactory

import sessions_ui
from sessions_ui.actions.end import end_sessions, end_user_sessions
from sessions_ui.exceptions import ImpersonationRefused, SessionEnded
from sessions_ui.store import SessionStore
from tests.conftest import PASSWORD
from tests.models import EndReason, Session
from tests.races.conftest import ROUNDS
from tests.races.test_sign_in import is_signed_in, sign_in


@pytest.fixture
def people(transactional_db: None) -> tuple[Any, Any]:
    """Support and a customer."""
    users = get_user_model().objects
    support = users.create_user("sam@staff.example", PASSWORD, is_staff=True)
    support.user_permissions.add(Permission.objects.get(codename="impersonate"))
    return support, users.create_user("ada@people.example", PASSWORD)


def use(key: str, support: Any, person: Any) -> str | None:
    request = RequestFactory().post("/")
    request.session = SessionStore(key)
    sessions_ui.impersonate(request, user=person, actor=support, reason="x")
    return request.session.session_key


def test_it_never_outlives_what_it_came_from(people: Any, at_once: Any) -> None:
    """Both rows are locked, always in the same order: nobody deadlocks with an ending of both at once either."""
    support, person = people
    endings = [
        lambda: end_user_sessions(user=support, reason=EndReason.ADMINISTRATOR),
        lambda: end_user_sessions(user=person, reason=EndReason.ADMINISTRATOR),
        lambda: end_sessions(sessions=Session.objects.all(), reason=EndReason.INCIDENT),
    ]
    for number in range(ROUNDS // 4):
        own = sign_in(support)
        sign_in(person)
        key, done = at_once(lambda own=own: use(own, support, person), endings[number % 3])
        assert not isinstance(done, Exception), done
        assert isinstance(key, str | SessionEnded | ImpersonationRefused), key
        if number % 3 != 1:
            begun = Session.objects.filter(impersonated_from__isnull=False)
            assert not begun.living().exists(), "ended in the same act, not refused at the next request only"
        end_sessions(sessions=Session.objects.all(), reason=EndReason.INCIDENT)
        assert not is_signed_in(key) and not is_signed_in(own)
