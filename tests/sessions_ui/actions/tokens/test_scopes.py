"""What is about others takes the permission that its page takes: when the token is made, and whenever it is used."""

from __future__ import annotations

from itertools import chain
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission

from sessions_ui.actions.tokens.rights import MANAGE
from sessions_ui.actions.tokens.scopes import PERMISSIONS, offered_scopes, withheld
from sessions_ui.actions.tokens.service_accounts import make_service_account
from sessions_ui.api.bearer import require_scopes
from sessions_ui.conf import conf
from sessions_ui.conf.tokens import OWN_PROGRAM_SCOPES, OWN_SCOPES
from sessions_ui.exceptions import BearerRefused, TokenRefusal, TokenRefused
from sessions_ui.web.tokens.forms import TokenForm

if TYPE_CHECKING:
    from sessions_ui.actions.tokens.authenticate import Bearer

pytestmark = pytest.mark.django_db

FOR_EVERYBODY = {"sessions:read", "sessions:end", "devices:rename"}


def test_every_scope_of_the_app_is_for_everybody_or_takes_a_permission() -> None:
    assert {*OWN_SCOPES} == FOR_EVERYBODY | {*PERMISSIONS} | {*OWN_PROGRAM_SCOPES}


def test_the_permissions_are_there() -> None:
    known = {
        f"{each.content_type.app_label}.{each.codename}"
        for each in Permission.objects.select_related("content_type")
    }
    assert {name for names in PERMISSIONS.values() for name in names} <= known
    assert apps.is_installed("sessions_ui")


@pytest.mark.parametrize("scope", PERMISSIONS)
def test_whoever_may_not_do_it_gets_no_token_that_may(scope: str, user: Any, make_token: Any) -> None:
    with pytest.raises(TokenRefused) as refused:
        make_token(user, scopes=["sessions:read", scope])
    assert refused.value.reason is TokenRefusal.WITHHELD_SCOPE
    assert scope not in offered_scopes(user) and scope in conf.scopes
    assert scope not in dict(TokenForm(user).fields["scopes"].choices)  # type: ignore[attr-defined]


def permitted(account: Any, *names: str, **fields: Any) -> Any:
    """The account with these permissions, as staff unless `fields` say otherwise."""
    for name in names:
        label, _, codename = name.partition(".")
        account.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
    type(account).objects.filter(pk=account.pk).update(**{"is_staff": True} | fields)
    return type(account).objects.get(pk=account.pk)


@pytest.mark.parametrize("scope", PERMISSIONS)
def test_whoever_may_do_it_gets_one(scope: str, user: Any, make_token: Any) -> None:
    person = permitted(user, *PERMISSIONS[scope])
    assert make_token(person, scopes=[scope]).token.scope_names == [scope]
    assert scope in dict(TokenForm(person).fields["scopes"].choices)  # type: ignore[attr-defined]


@pytest.mark.parametrize("scope", [*PERMISSIONS, *OWN_PROGRAM_SCOPES])
@pytest.mark.parametrize("fields", [{}, {"is_superuser": True}], ids=["a user", "a superuser"])
def test_whoever_cannot_enter_the_administration_gets_none_whatever_their_permissions(
    fields: Any, scope: str, user: Any, make_token: Any
) -> None:
    names = PERMISSIONS.get(scope, (MANAGE,))
    staff = permitted(user, *names, **fields)
    made = make_token(staff, scopes=[scope])
    person = permitted(user, is_staff=False, **fields)
    assert person.has_perms(names)
    with pytest.raises(TokenRefused) as refused:
        make_token(person, scopes=[scope])
    assert refused.value.reason is TokenRefusal.WITHHELD_SCOPE
    assert scope not in offered_scopes(person)
    assert withheld(person, [scope]) == {scope}
    # The token that they had before does not act, either.
    bearer = SimpleNamespace(token=made.token, user=person)
    with pytest.raises(BearerRefused):
        require_scopes(cast("Bearer", bearer), scope)
    assert require_scopes(cast("Bearer", SimpleNamespace(token=made.token, user=staff)), scope) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("scope", PERMISSIONS)
def test_a_service_account_enters_no_page_and_needs_its_permissions_alone(
    scope: str, user: Any, other_user: Any, make_token: Any
) -> None:
    robot = permitted(user, *PERMISSIONS[scope], is_staff=False)
    make_service_account(user=robot, owner=other_user)
    assert make_token(robot, scopes=[scope]).token.scope_names == [scope]
    assert scope in offered_scopes(robot)


@pytest.mark.parametrize("scope", PERMISSIONS)
def test_without_a_word_for_staff_or_an_administration_permissions_decide(
    scope: str, user: Any, settings: Any
) -> None:
    person = permitted(user, *PERMISSIONS[scope], is_staff=False)
    assert withheld(person, [scope], is_service=False)
    without = SimpleNamespace(pk=person.pk, id=person.pk, has_perm=person.has_perm, is_active=True)
    assert not withheld(without, [scope], is_service=False)
    apps_without = [name for name in settings.INSTALLED_APPS if name != "django.contrib.admin"]
    settings.INSTALLED_APPS = apps_without
    assert not withheld(person, [scope], is_service=False)


def test_every_page_of_such_a_scope_is_in_the_administration() -> None:
    """A scope whose page is elsewhere must not ask whether somebody may enter it."""
    shown = {model._meta.label_lower for model in admin.site._registry}
    for name in {name for names in PERMISSIONS.values() for name in names}:
        permission = Permission.objects.get(
            content_type__app_label=name.partition(".")[0], codename=name.partition(".")[2]
        )
        model = permission.content_type.model_class()
        assert model is not None
        # Devices and details of events are shown on pages of sessions and events.
        assert model._meta.label_lower in shown | {"sessions_ui.device", "sessions_ui.eventdetail"}, name
    assert not {"sessions_ui.help_desk", "sessions_ui.impersonate"} & {*chain(*PERMISSIONS.values())}


def test_a_right_that_is_held_by_the_group_counts(user: Any, make_token: Any) -> None:
    from django.contrib.auth.models import Group

    group = Group.objects.create(name="responders")
    group.permissions.add(Permission.objects.get(codename="order_incident"))
    user.groups.add(group)
    assert make_token(permitted(user), scopes=["incidents:order"])


def test_a_resource_server_asks_about_tokens_by_a_service_account(
    user: Any, other_user: Any, make_token: Any
) -> None:
    make_service_account(user=user, owner=other_user)
    assert make_token(user, scopes=["tokens:introspect"])
    for scope in PERMISSIONS:
        with pytest.raises(TokenRefused):
            make_token(user, scopes=[scope])
