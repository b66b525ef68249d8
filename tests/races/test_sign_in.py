"""A sign-in under way while the account's sessions end (trap J)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.utils import timezone

from sessions_ui.actions.end import end_user_sessions
from sessions_ui.actions.factor import factor_changed
from sessions_ui.actions.offboard import offboard
from sessions_ui.exceptions import SessionEnded, SignInRefused
from sessions_ui.store import SessionStore
from tests.conftest import PASSWORD
from tests.models import EndReason, Event, Offboarding, Session
from tests.races.conftest import ROUNDS

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


@pytest.fixture
def person(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("ada@people.example", PASSWORD)


def sign_in(person: Any) -> str | None:
    request = RequestFactory().post("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    login(request, person, backend=BACKEND)
    request.session.save()
    return request.session.session_key


def sign_in_with(password: str) -> str | None:
    person = authenticate(RequestFactory().post("/"), username="ada@people.example", password=password)
    return sign_in(person) if person else None


def is_signed_in(key: Any) -> bool:
    return isinstance(key, str) and SessionStore(key).get_user().is_authenticated


def test_a_sign_in_with_the_old_password_never_outlives_a_reset(person: Any, at_once: Any) -> None:
    passwords = [PASSWORD, "a horse of another colour"]
    for number in range(ROUNDS):
        old, new = passwords[number % 2], passwords[(number + 1) % 2]

        def reset(new: str = new) -> None:
            fresh = get_user_model().objects.get(pk=person.pk)
            fresh.set_password(new)
            fresh.save()

        key, done = at_once(lambda old=old: sign_in_with(old), reset)
        assert done is None
        assert key is None or isinstance(key, str | SignInRefused | SessionEnded), key
        assert not is_signed_in(key)
        assert not Session.objects.living().exists()


def test_a_sign_in_while_everywhere_runs_is_ended_or_came_after_and_the_log_says_which(
    person: Any, at_once: Any
) -> None:
    ended_with_it = 0
    for _ in range(ROUNDS):
        Session.objects.all().delete()
        sign_in(person)
        key, receipt = at_once(
            lambda: sign_in(person),
            lambda: end_user_sessions(user=person, reason=EndReason.SIGNED_OUT_EVERYWHERE, actor=person),
        )
        row = Session.objects.latest("pk")
        log = Event.objects.filter(session_id=row.pk).exclude(kind=Event.Kind.FLAGGED).order_by("pk")
        events = list(log.values_list("kind", flat=True))
        if row.act_id is not None:
            ended_with_it += 1
            assert row.act_id == receipt.act.pk and receipt.ended == 2
            assert events == [Event.Kind.SIGNED_IN, Event.Kind.ENDED]
            assert not is_signed_in(key)
        else:
            assert receipt.ended == 1
            assert events == [Event.Kind.SIGNED_IN]
            assert is_signed_in(key)
    assert 0 < ended_with_it < ROUNDS, "both orders were seen"


def test_a_sign_in_while_the_account_is_disabled_never_stays(person: Any, at_once: Any) -> None:
    for _ in range(ROUNDS):
        get_user_model().objects.filter(pk=person.pk).update(is_active=True)
        fresh = get_user_model().objects.get(pk=person.pk)

        def disable(fresh: Any = fresh) -> None:
            fresh.is_active = False
            fresh.save()

        key, done = at_once(lambda: sign_in(person), disable)
        assert done is None
        assert not Session.objects.living().exists()
        assert not is_signed_in(key)


def test_a_sign_in_while_access_ends_never_stays(person: Any, at_once: Any) -> None:
    refused = 0
    for _ in range(ROUNDS):
        Offboarding.objects.all().delete()
        key, done = at_once(
            lambda: sign_in(person), lambda: offboard(user=person, ends_at=timezone.now(), actor=person)
        )
        assert isinstance(done, Offboarding), done
        refused += isinstance(key, SignInRefused)
        assert not Session.objects.living().exists()
        assert not is_signed_in(key)
    assert 0 < refused < ROUNDS, "both orders were seen"


def test_a_sign_in_while_a_date_is_set_gets_the_date(person: Any, at_once: Any) -> None:
    ends_at = timezone.now() + timedelta(days=1)
    for _ in range(ROUNDS):
        Offboarding.objects.all().delete()
        Session.objects.all().delete()
        key, _row = at_once(lambda: sign_in(person), lambda: offboard(user=person, ends_at=ends_at))
        assert is_signed_in(key)
        assert Session.objects.get().expires_at == ends_at


def test_a_sign_in_while_a_factor_changes_is_ended_or_came_after(person: Any, at_once: Any) -> None:
    for _ in range(ROUNDS):
        Session.objects.all().delete()
        sign_in(person)
        key, receipt = at_once(lambda: sign_in(person), lambda: factor_changed(user=person))
        row = Session.objects.latest("pk")
        assert (row.act_id is not None) == (receipt.ended == 2)
        assert is_signed_in(key) == (row.act_id is None)
