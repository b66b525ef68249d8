"""Support begins to use an account, or uses it, while the own session, or the account's, end (trap 7)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.utils import timezone

import sessions_ui
from sessions_ui.actions.endings.end import end_sessions
from sessions_ui.actions.sessions.activity import touch
from sessions_ui.client import client_info
from sessions_ui.conf import conf
from sessions_ui.exceptions import ImpersonationRefused
from sessions_ui.store import SessionStore
from tests.conftest import PASSWORD
from tests.models import EndReason, Session, digest_of
from tests.races.people import administrator, is_signed_in, request_with, row_of, sign_in, somebody
from tests.races.race import ROUNDS, Race


@pytest.fixture
def support(transactional_db: None) -> Any:
    support = get_user_model().objects.create_user("sam@staff.example", PASSWORD, is_staff=True)
    support.user_permissions.add(Permission.objects.get(codename="impersonate"))
    return support


def use(key: str, support: Any, person: Any) -> Any:
    request = request_with(SessionStore(key))
    sessions_ui.impersonate(request, user=person, actor=support, reason="x")
    return request.session.session_key


def try_to_use(key: str, support: Any, person: Any) -> str | None:
    try:
        return use(key, support, person)
    except ImpersonationRefused:
        return None


def both(support: Any, person: Any) -> Any:
    sessions = Session.objects.filter(user_id__in=[support.pk, person.pk])
    return end_sessions(sessions=sessions, reason=EndReason.INCIDENT)


def the_support(support: Any, person: Any) -> Any:
    return administrator(support)


def the_person(support: Any, person: Any) -> Any:
    return administrator(person)


def test_the_use_of_an_account_never_outlives_what_it_came_from(support: Any, race: Race) -> None:
    """Both rows are locked, always in the same order: nobody deadlocks with an ending of both at once either."""
    for end in race.turns([the_support, the_person, both], rounds=ROUNDS // 2):
        person = somebody(known=False)
        own = sign_in(support)
        sign_in(person)
        key, _ = race.run(partial(try_to_use, own, support, person), endings=[partial(end, support, person)])
        begun = Session.objects.filter(impersonator_id=support.pk, user_id=person.pk)
        if end is not the_person:  # ended in the same act, not refused at the next request only
            race.is_over(begun.living().exists())
            race.is_over(is_signed_in(key) or is_signed_in(own))
        both(support, person)
        race.is_over(is_signed_in(key) or is_signed_in(own))


def touched(key: str) -> bool:
    return touch(
        session=row_of(key),
        digest=digest_of(key),
        client=client_info({}, trusted=(), geoip_path=()),
        now=timezone.now() + conf.last_seen_every,
    )


def test_an_ending_never_fails_beside_a_request_of_support(support: Any, race: Race) -> None:
    """Whoever works in somebody's account keeps the own session awake, which the ending locks first."""
    for end in race.turns([the_support, the_person, both]):
        person = somebody(known=False)
        own = sign_in(support)
        assert own is not None
        key = use(own, support, person)
        assert key is not None
        race.run(*[partial(touched, key)] * 2, endings=[partial(end, support, person)])
        race.is_over(is_signed_in(key))
        if end is the_person:
            race.stays(is_signed_in(own), "the own session of support")
        else:
            race.is_over(is_signed_in(own))
        both(support, person)
