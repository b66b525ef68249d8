"""What is about others takes the permission that its page takes: when the token is made, and whenever it is used."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

from sessions_ui.actions.tokens.scopes import PERMISSIONS, offered_scopes
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.conf import conf
from sessions_ui.conf.tokens import OWN_PROGRAM_SCOPES, OWN_SCOPES
from sessions_ui.exceptions import TokenRefusal, TokenRefused
from sessions_ui.web.tokens.forms import TokenForm

pytestmark = pytest.mark.django_db

FOR_EVERYBODY = {"sessions:read", "sessions:end", "devices:rename"}


def test_every_scope_of_the_app_is_for_everybody_or_takes_a_permission() -> None:
    assert {*OWN_SCOPES} == FOR_EVERYBODY | {*PERMISSIONS} | {*OWN_PROGRAM_SCOPES}


def test_the_permissions_are_there() -> None:
    known = {f"{each.content_type.app_label}.{each.codename}" for each in Permission.objects.select_related()}
    assert {name for names in PERMISSIONS.values() for name in names} <= known
    assert apps.is_installed("sessions_ui")


@pytest.mark.parametrize("scope", PERMISSIONS)
def test_whoever_may_not_do_it_gets_no_token_that_may(scope: str, user: Any, make_token: Any) -> None:
    with pytest.raises(TokenRefused) as refused:
        make_token(user, scopes=["sessions:read", scope])
    assert refused.value.reason is TokenRefusal.WITHHELD_SCOPE
    assert scope not in offered_scopes(user) and scope in conf.scopes
    assert scope not in dict(TokenForm(user).fields["scopes"].choices)  # type: ignore[attr-defined]


@pytest.mark.parametrize("scope", PERMISSIONS)
def test_whoever_may_do_it_gets_one(scope: str, user: Any, make_token: Any) -> None:
    for name in PERMISSIONS[scope]:
        label, _, codename = name.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
    assert make_token(type(user).objects.get(pk=user.pk), scopes=[scope]).token.scope_names == [scope]
    assert scope in dict(TokenForm(type(user).objects.get(pk=user.pk)).fields["scopes"].choices)  # type: ignore[attr-defined]


def test_a_right_that_is_held_by_the_group_counts(user: Any, make_token: Any) -> None:
    from django.contrib.auth.models import Group

    group = Group.objects.create(name="responders")
    group.permissions.add(Permission.objects.get(codename="order_incident"))
    user.groups.add(group)
    assert make_token(user, scopes=["incidents:order"])


def test_a_resource_server_asks_about_tokens_by_a_service_account(
    user: Any, other_user: Any, make_token: Any
) -> None:
    make_service_account(user=user, owner=other_user)
    assert make_token(user, scopes=["tokens:introspect"])
    for scope in PERMISSIONS:
        with pytest.raises(TokenRefused):
            make_token(user, scopes=[scope])
