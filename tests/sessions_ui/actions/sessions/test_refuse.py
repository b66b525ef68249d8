"""A row that may not answer is refused, whether or not the database can end it just then."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from sessions_ui.actions.endings.reconcile.sweep import end_unlawful
from sessions_ui.store import SessionStore
from tests.conftest import Browser
from tests.models import EndReason, Session
from tests.sessions_ui.database.test_transactions import refuse

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(user: Any) -> str:
    """Of a session whose account was switched off past every signal."""
    client = Browser()
    client.force_login(user)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    return client.cookies["sessionid"].value


def test_whom_a_busy_database_cannot_end_is_refused_at_once_and_ended_by_the_sweep(
    key: str, user: Any
) -> None:
    store = SessionStore(key)
    busy = refuse(1)
    with connection.execute_wrapper(busy):
        assert not store.get_user().is_authenticated
    assert (busy.tries, store.refusal) == (1, EndReason.ACCOUNT_DISABLED)
    assert Session.objects.of(user).get().ended_at is None
    assert end_unlawful() == 1


def test_when_it_was_refused_is_kept_from_the_first_time(key: str, user: Any) -> None:
    SessionStore(key).get_user()
    first = Session.objects.of(user).get().refused_at
    assert first is not None
    SessionStore(key).get_user()
    assert Session.objects.of(user).get().refused_at == first
