"""Which sessions of open tabs still live, where no signal told of what was done to the account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sessions_ui import session_lookup
from sessions_ui.actions.endings.reconcile import suspects
from sessions_ui.actions.sessions.open_tabs import still_alive
from sessions_ui.store import SessionStore
from tests.conftest import Browser
from tests.models import Session

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> int:
    """The primary key of a new session."""
    Browser().sign_in(user)
    return int(Session.objects.of(user).get().pk)


def test_the_tabs_of_an_account_that_was_switched_off_by_update_do_not_live(
    user: Any, other_user: Any
) -> None:
    his, hers = signed_in(user), signed_in(other_user)
    assert still_alive({his, hers}) == {his, hers}
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    assert still_alive({his, hers}) == {hers}


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}])
def test_an_account_that_cannot_be_joined_is_asked_for_by_itself(
    change: dict[str, Any], user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one in another database, or behind a manager that hides some."""
    monkeypatch.setattr(session_lookup, "joins_user", lambda: False)
    his, hers = signed_in(user), signed_in(other_user)
    assert still_alive({his, hers}, thoroughly=True) == {his, hers}
    get_user_model().objects.filter(pk=user.pk).update(**change)
    assert still_alive({his, hers}, thoroughly=True) == {hers}


def test_a_timeout_that_a_callable_says_is_asked_for_where_the_account_cannot_be_joined(
    user: Any, other_user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    his, hers = signed_in(user), signed_in(other_user)
    monkeypatch.setattr(session_lookup, "joins_user", lambda: False)
    day = timedelta(days=1)
    settings.SESSIONS_UI = {
        **settings.SESSIONS_UI,
        "IDLE_TIMEOUT": lambda asked: day if asked == user else 9 * day,
    }
    Session.objects.update(last_seen_at=timezone.now() - 2 * day)
    assert still_alive({his, hers}, thoroughly=True) == {hers}


@pytest.mark.parametrize("joins_user", [True, False])
def test_a_session_of_nobody_does_not_live(
    joins_user: bool, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_lookup, "joins_user", lambda: joins_user)
    his = signed_in(user)
    store = SessionStore()
    store["cart"] = 1
    store.save()
    assert still_alive({his, int(store.session_id or 0)}) == {his}


def test_a_user_model_without_a_hash_says_nothing_of_that_of_a_session(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the site had before, say."""
    monkeypatch.setattr(session_lookup, "joins_user", lambda: False)
    monkeypatch.setattr(suspects, "auth_hash_of", lambda user: "")
    his = signed_in(user)
    assert Session.objects.get(pk=his).auth_hash
    assert still_alive({his}, thoroughly=True) == {his}
