"""What a program may not do to a token of somebody else, although it manages tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from sessions_ui import context
from sessions_ui.actions.tokens.authenticate import Bearer, authenticate_token
from sessions_ui.actions.tokens.by_program import create_token_by_program, set_end_by_program
from sessions_ui.actions.tokens.create import NewToken
from sessions_ui.actions.tokens.scopes import PERMISSIONS
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.conf.tokens import OWN_PROGRAM_SCOPES
from sessions_ui.exceptions import TokenRefusal, TokenRefused
from tests.bystander import read_all
from tests.conftest import refused_events
from tests.models import AccessToken, Session
from tests.sessions_ui.actions.tokens.test_scopes import permitted

pytestmark = pytest.mark.django_db


@contextmanager
def acting(made: NewToken) -> Iterator[Bearer]:
    bearer = authenticate_token(made.value)
    now = context.Acting()
    now.bearer = bearer
    token = context.begin(now)
    try:
        yield bearer
    finally:
        context.finish(token)


@pytest.mark.parametrize("scope", [*PERMISSIONS, *OWN_PROGRAM_SCOPES])
def test_no_program_lets_a_token_of_the_administration_live_longer(
    scope: str, user: Any, other_user: Any, administrator: Any, make_token: Any
) -> None:
    robot = permitted(user, *PERMISSIONS.get(scope, ()), is_staff=False)
    make_service_account(user=robot, owner=other_user)
    made = make_token(robot, scopes=[scope])
    program = make_token(administrator, scopes=["tokens:admin"])
    end = made.token.session.expires_at
    with acting(program) as bearer:
        with pytest.raises(TokenRefused) as refused:
            set_end_by_program(
                bearer=bearer, token=made.token, expires_at=timezone.now() + timedelta(days=90)
            )
        assert refused.value.reason is TokenRefusal.BY_PROGRAM
        assert Session.objects.get(pk=made.token.pk).expires_at == end
        sooner = timezone.now() + timedelta(days=1)
        set_end_by_program(bearer=bearer, token=made.token, expires_at=sooner)
    assert Session.objects.get(pk=made.token.pk).expires_at == sooner


def makes(bearer: Bearer, token: AccessToken, ends: datetime) -> None:
    user: Any = token.session.user
    scopes = ["sessions:read"]
    create_token_by_program(bearer=bearer, user=user, name="New", scopes=scopes, expires_at=ends)


def sets_the_end(bearer: Bearer, token: AccessToken, ends: datetime) -> None:
    set_end_by_program(bearer=bearer, token=token, expires_at=ends)


@pytest.mark.parametrize("change", [makes, sets_the_end])
def test_a_program_whose_change_cannot_be_recorded_has_changed_nothing(
    change: Callable[[Bearer, AccessToken, datetime], None], user: Any, administrator: Any, make_token: Any
) -> None:
    token, program = make_token(user).token, make_token(administrator, scopes=["tokens:admin"])
    ends = timezone.now() + timedelta(days=2)
    with acting(program) as bearer:
        before = list(read_all())
        with refused_events(), pytest.raises(DatabaseError):
            change(bearer, token, ends)
        assert list(read_all()) == before
        change(bearer, token, ends)
    assert list(read_all()) != before
